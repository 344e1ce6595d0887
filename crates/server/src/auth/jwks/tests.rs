use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::super::keys::Key;
use super::super::token::Token;
use super::super::verifier::Verifier;
use super::super::{AuthError, Expected};
use super::*;

const NOW_MS: i64 = 1_800_000_000_000;
const SECRET: &str = "kq3Jf0cLr8VxPz1nTbW5yHsD7mGaE4uQ";
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads again whenever a token asks, never by itself.
const WHEN_ASKED: Rhythm = Rhythm {
    every: Duration::from_hours(1),
    after_failure: Duration::from_hours(1),
    at_most: Duration::ZERO,
};

fn rsa() -> (Algorithm, EncodingKey) {
    let pem = include_bytes!("../fixtures/rsa.pem");
    (Algorithm::RS256, EncodingKey::from_rsa_pem(pem).unwrap())
}

fn ec() -> (Algorithm, EncodingKey) {
    let pem = include_bytes!("../fixtures/ec.pem");
    (Algorithm::ES256, EncodingKey::from_ec_pem(pem).unwrap())
}

fn ed25519() -> (Algorithm, EncodingKey) {
    let pem = include_bytes!("../fixtures/ed25519.pem");
    (Algorithm::EdDSA, EncodingKey::from_ed_pem(pem).unwrap())
}

/// The public half, as a set lists it.
fn jwk((algorithm, key): &(Algorithm, EncodingKey), id: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, *algorithm).unwrap()).unwrap();
    jwk["kid"] = id.into();
    jwk["use"] = "sig".into();
    jwk
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn token((algorithm, key): &(Algorithm, EncodingKey), id: Option<&str>) -> String {
    let header = Header {
        kid: id.map(str::to_owned),
        ..Header::new(*algorithm)
    };
    let claims = json!({
        "sub": "c1", "role": "customer", "iss": "orderchat", "aud": "orderchat",
        "iat": NOW_MS / 1_000, "exp": NOW_MS / 1_000 + 60,
    });
    jsonwebtoken::encode(&header, &claims, key).unwrap()
}

fn verifier(jwks: Jwks) -> Arc<Verifier> {
    let expected = Expected {
        issuer: "orderchat".into(),
        audience: "orderchat".into(),
    };
    Arc::new(Verifier::with_jwks(jwks, expected))
}

/// Keeps the keys fresh in the background.
fn kept_fresh(verifier: &Arc<Verifier>) -> CancellationToken {
    let (verifier, shutdown) = (Arc::clone(verifier), CancellationToken::new());
    let ended = shutdown.clone();
    crate::net::spawn("keys", async move { verifier.keep_fresh(ended).await });
    shutdown
}

/// A key set server: what it answers, and how often it was asked.
#[derive(Clone, Default)]
struct Issuer {
    answer: Arc<Mutex<(StatusCode, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(set: String) -> (Self, String) {
        let issuer = Self::default();
        issuer.now_answers(StatusCode::OK, set);
        let handler = async |State(issuer): State<Self>| {
            issuer.asked.fetch_add(1, Ordering::SeqCst);
            issuer.answer.lock().clone()
        };
        let router = Router::new()
            .route("/jwks", get(handler))
            .with_state(issuer.clone());
        let bound = crate::net::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = bound.listen().unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        crate::net::spawn("issuer", async move { axum::serve(listener, router).await });
        (issuer, url)
    }

    fn now_answers(&self, status: StatusCode, body: String) {
        *self.answer.lock() = (status, body);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn from_url(url: String, rhythm: Rhythm) -> Jwks {
    Jwks {
        rhythm,
        ..Jwks::from_url(url).await.unwrap()
    }
}

async fn is_taken(verifier: &Verifier, token: &str) -> Result<(), AuthError> {
    verifier.verify(token, NOW_MS).await.map(drop)
}

#[tokio::test]
async fn tokens_of_all_three_kinds_of_key_are_taken() {
    let keys = [rsa(), ec(), ed25519()];
    let (_, url) = Issuer::start(set(&[
        jwk(&keys[0], "r"),
        jwk(&keys[1], "e"),
        jwk(&keys[2], "d"),
    ]))
    .await;
    let verifier = verifier(from_url(url, URL_RHYTHM).await);
    for (key, id) in keys.iter().zip(["r", "e", "d"]) {
        assert_eq!(
            is_taken(&verifier, &token(key, Some(id))).await,
            Ok(()),
            "{id}"
        );
        assert_eq!(
            is_taken(&verifier, &token(key, None)).await,
            Err(AuthError::UnknownKey)
        );
    }
    let others = token(&keys[0], Some("e"));
    assert_eq!(
        is_taken(&verifier, &others).await,
        Err(AuthError::WrongAlgorithm)
    );
}

#[tokio::test]
async fn a_public_key_does_not_serve_as_a_secret() {
    let key = rsa();
    let public = jwk(&key, "r");
    let (_, url) = Issuer::start(set(std::slice::from_ref(&public))).await;
    let verifier = verifier(from_url(url, URL_RHYTHM).await);
    for secret in [public["n"].as_str().unwrap(), &public.to_string()] {
        let forged = (
            Algorithm::HS256,
            EncodingKey::from_secret(secret.as_bytes()),
        );
        let result = is_taken(&verifier, &token(&forged, Some("r"))).await;
        assert_eq!(result, Err(AuthError::WrongAlgorithm));
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_and_an_old_one_is_forgotten() {
    let (old, new) = (ec(), ed25519());
    let (issuer, url) = Issuer::start(set(&[jwk(&old, "old")])).await;
    let verifier = verifier(from_url(url, WHEN_ASKED).await);
    let shutdown = kept_fresh(&verifier);
    let (old, new_token) = (token(&old, Some("old")), token(&new, Some("new")));
    assert_eq!(is_taken(&verifier, &old).await, Ok(()));

    issuer.now_answers(StatusCode::OK, set(&[jwk(&new, "new")]));
    assert_eq!(is_taken(&verifier, &new_token).await, Ok(()));
    assert_eq!(
        is_taken(&verifier, &old).await,
        Err(AuthError::UnknownKey),
        "it was remembered"
    );
    shutdown.cancel();
}

#[tokio::test]
async fn unknown_keys_do_not_make_us_fetch_more_often_than_allowed() {
    let (issuer, url) = Issuer::start(set(&[jwk(&ec(), "known")])).await;
    let verifier = verifier(from_url(url, URL_RHYTHM).await);
    let shutdown = kept_fresh(&verifier);
    let unknown = ed25519();
    for n in 0..100 {
        let token = token(&unknown, Some(&format!("unknown-{n}")));
        assert_eq!(
            is_taken(&verifier, &token).await,
            Err(AuthError::UnknownKey)
        );
    }
    assert_eq!(issuer.asked(), 1);
    shutdown.cancel();
}

#[tokio::test]
async fn many_who_wait_for_a_key_cause_one_fetch() {
    let (issuer, url) = Issuer::start(set(&[jwk(&ec(), "old")])).await;
    let jwks = Arc::new(from_url(url, WHEN_ASKED).await);
    issuer.now_answers(StatusCode::OK, set(&[jwk(&ed25519(), "new")]));
    // All wait before anybody reads: the reader starts last.
    let waiting = futures_util::future::join_all((0..50).map(|_| jwks.want_newer()));
    let shutdown = CancellationToken::new();
    let reading = jwks.keep_fresh(shutdown.clone());
    let all = async {
        waiting.await;
        shutdown.cancel();
    };
    timeout(PATIENCE, futures_util::future::join(all, reading))
        .await
        .unwrap();
    assert_eq!(issuer.asked(), 2, "once at the start, once for all fifty");
    assert!(jwks.present().keys.find(Some("new")).is_some());
}

#[tokio::test]
async fn a_failed_fetch_keeps_the_keys() {
    let key = ec();
    let (issuer, url) = Issuer::start(set(&[jwk(&key, "k")])).await;
    let jwks = from_url(url, WHEN_ASKED).await;
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        (StatusCode::FOUND, String::new()),
        (StatusCode::OK, "<html>".to_owned()),
        (StatusCode::OK, set(&[])),
        (StatusCode::OK, " ".repeat(LARGEST_SET + 1)),
    ] {
        issuer.now_answers(status, body);
        assert!(jwks.read_again().await.is_err(), "{status}");
        assert!(jwks.present().keys.find(Some("k")).is_some());
    }
}

#[tokio::test]
async fn without_any_keys_it_is_not_the_token_s_fault() {
    let (issuer, url) = Issuer::start(set(&[])).await;
    let verifier = verifier(from_url(url, WHEN_ASKED).await);
    let token = token(&ec(), Some("k"));
    let shutdown = kept_fresh(&verifier);
    assert_eq!(
        is_taken(&verifier, &token).await,
        Err(AuthError::KeysUnavailable)
    );
    issuer.now_answers(StatusCode::OK, set(&[jwk(&ec(), "k")]));
    assert_eq!(is_taken(&verifier, &token).await, Ok(()));
    shutdown.cancel();
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set(&[jwk(&ec(), "old")])).unwrap();
    let often = Rhythm {
        every: Duration::from_millis(5),
        ..FILE_RHYTHM
    };
    let jwks = Jwks {
        rhythm: often,
        ..Jwks::from_file(file.path().to_owned()).await.unwrap()
    };
    let jwks = Arc::new(jwks);
    let mut read_at = jwks.read_at.subscribe();
    let shutdown = CancellationToken::new();
    let (reader, ended) = (Arc::clone(&jwks), shutdown.clone());
    crate::net::spawn("keys", async move { reader.keep_fresh(ended).await });

    std::fs::write(file.path(), set(&[jwk(&ec(), "a"), jwk(&rsa(), "b")])).unwrap();
    let changed = async {
        while jwks.present().keys.find(Some("b")).is_none() {
            read_at.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, changed)
        .await
        .expect("the file is read again");
    assert!(jwks.present().keys.find(Some("old")).is_none());
    shutdown.cancel();
}

#[tokio::test]
async fn a_file_without_usable_keys_is_refused_at_the_start() {
    let missing = Jwks::from_file("/nowhere/keys.json".into())
        .await
        .unwrap_err()
        .to_string();
    assert!(missing.contains("/nowhere/keys.json"), "{missing}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set(&[])).unwrap();
    assert!(matches!(
        Jwks::from_file(file.path().to_owned()).await,
        Err(KeyError::NoUsableKey)
    ));
}

#[test]
fn keys_that_cannot_be_used_are_left_out() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut key = jwk(&ec(), "k");
        change(&mut key);
        key
    };
    for (why, key) in [
        (
            "symmetric",
            json!({ "kty": "oct", "k": "AAAA", "kid": "k" }),
        ),
        (
            "another algorithm",
            changed(&|key| key["alg"] = "ES384".into()),
        ),
        ("for encryption", changed(&|key| key["use"] = "enc".into())),
        (
            "for signing only",
            changed(&|key| key["key_ops"] = json!(["sign"])),
        ),
        ("private", changed(&|key| key["d"] = "AAAA".into())),
        ("another curve", changed(&|key| key["crv"] = "P-384".into())),
        ("half a point", changed(&|key| key["y"] = "AAAA".into())),
        (
            "an id that is no text",
            changed(&|key| key["kid"] = 1.into()),
        ),
        (
            "RSA of 1024 bits",
            json!({ "kty": "RSA", "n": format!("{}8", "_".repeat(170)), "e": "AQAB" }),
        ),
        ("no object", json!("key")),
    ] {
        assert!(KeySet::parse(set(&[key]).as_bytes()).is_err(), "{why}");
    }
    let mixed = set(&[json!({ "kty": "oct", "k": "AAAA" }), jwk(&ec(), "k")]);
    assert_eq!(KeySet::parse(mixed.as_bytes()).unwrap().len(), 1);
}

#[test]
fn of_two_keys_with_one_id_the_first_counts() {
    let keys = KeySet::parse(set(&[jwk(&ec(), "k"), jwk(&rsa(), "k")]).as_bytes()).unwrap();
    assert_eq!(keys.find(Some("k")).unwrap().algorithm_name(), "ES256");
}

#[test]
fn a_single_key_serves_tokens_that_name_none() {
    let key = ec();
    let keys = KeySet::parse(set(&[jwk(&key, "k")]).as_bytes()).unwrap();
    let text = token(&key, None);
    let parsed = Token::parse(&text).unwrap();
    assert!(parsed.verify(keys.find(None).unwrap()).is_ok());
    assert!(keys.find(Some("other")).is_none());
}

#[test]
fn the_secret_s_key_signs_with_hs256_only() {
    assert_eq!(Key::from_secret(&SECRET.into()).algorithm_name(), "HS256");
}
