use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey};
use orderchat_domain::TokenRole;
use rstest::rstest;

use super::claims::Claims;
use super::*;

const SECRET: &str = "kq3Jf0cLr8VxPz1nTbW5yHsD7mGaE4uQ";
const NOW_S: i64 = 1_800_000_000;
const NOW_MS: i64 = NOW_S * 1_000;

/// Claims that are good at [`NOW_MS`], as JSON texts.
const GOOD: [(&str, &str); 6] = [
    ("sub", r#""c1""#),
    ("role", r#""customer""#),
    ("iss", r#""orderchat""#),
    ("aud", r#""orderchat""#),
    ("iat", "1799999990"),
    ("exp", "1800003600"),
];

/// The good claims with some changed; one changed to nothing is left out.
fn payload(changes: &[(&str, &str)]) -> String {
    let kept = GOOD
        .iter()
        .filter(|(claim, _)| changes.iter().all(|(other, _)| other != claim));
    let all: Vec<String> = kept
        .chain(changes)
        .filter(|(_, value)| !value.is_empty())
        .map(|(claim, value)| format!("\"{claim}\":{value}"))
        .collect();
    format!("{{{}}}", all.join(","))
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// A token with this header and payload, signed with [`SECRET`].
fn signed(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", base64(header), base64(payload));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

fn with_claims(changes: &[(&str, &str)]) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &payload(changes))
}

fn expected() -> Expected {
    Expected {
        issuer: "orderchat".to_owned(),
        audience: "orderchat".to_owned(),
    }
}

async fn verifier() -> Verifier {
    Verifier::new(KeySource::Secret(SECRET.into()), expected())
        .await
        .unwrap()
}

async fn verify(token: &str) -> Result<Claims, AuthError> {
    verifier()
        .await
        .verify(token, NOW_MS)
        .await
        .map(|claims| (*claims).clone())
}

#[tokio::test]
async fn a_good_token_says_who_asks() {
    let claims = verify(&with_claims(&[
        ("role", r#""pharmacy""#),
        ("name", r#""Ana Pérez""#),
        ("email", r#""ana@example.com""#),
        ("pharmacy", r#"["ph1","ph2"]"#),
        ("language", r#""pt-BR""#),
        ("room", r#""CHAT-7K3M-9QXD""#),
        ("unknown", "[1]"),
    ]))
    .await
    .unwrap();
    let caller = claims.caller;
    assert_eq!(
        (caller.user.as_str(), caller.role),
        ("c1", TokenRole::Pharmacy)
    );
    assert_eq!(caller.name.as_deref(), Some("Ana Pérez"));
    assert_eq!(caller.email.as_deref(), Some("ana@example.com"));
    assert!(caller.works_for("ph1") && caller.works_for("ph2"));
    assert_eq!(caller.language.as_deref(), Some("pt-BR"));
    assert_eq!(caller.room.as_deref(), Some("CHAT-7K3M-9QXD"));
    assert_eq!((claims.iat_s, claims.exp_s), (1_799_999_990, 1_800_003_600));
}

#[rstest]
#[case::one_pharmacy_as_text("pharmacy", r#""ph1""#)]
#[case::no_pharmacies("pharmacy", "[]")]
#[case::our_audience_among_others("aud", r#"["other","orderchat"]"#)]
#[case::nbf_passed("nbf", "1800000000")]
#[case::nbf_30_s_ahead("nbf", "1800000030")]
#[case::iat_30_s_ahead("iat", "1800000030")]
#[case::exp_a_second_ahead("exp", "1800000001")]
#[case::sub_of_128_characters("sub", &format!("\"{}\"", "é".repeat(128)))]
#[tokio::test]
async fn these_claims_are_taken(#[case] claim: &str, #[case] value: &str) {
    let result = verify(&with_claims(&[(claim, value)])).await;
    assert!(result.is_ok(), "{result:?}");
}

#[rstest]
#[tokio::test]
async fn a_required_claim_that_is_missing_is_refused(
    #[values("sub", "role", "iss", "aud", "iat", "exp")] claim: &'static str,
) {
    let refused = verify(&with_claims(&[(claim, "")])).await.unwrap_err();
    assert_eq!(
        refused,
        AuthError::Claim {
            claim,
            problem: "is missing"
        }
    );
}

#[rstest]
#[tokio::test]
async fn a_time_that_is_no_whole_number_of_seconds_is_refused(
    #[values("iat", "exp", "nbf")] claim: &'static str,
    #[values(
        r#""1800003600""#,
        "1800003600.0",
        "1.8e9",
        "1800003600.5",
        "-1",
        "-1800003600",
        "1e400",
        "[]",
        "[1800003600]",
        "{}",
        "null",
        "true",
        "99999999999999999999",
        "9223372036854775807",
        "253402300800"
    )]
    value: &str,
) {
    let refused = verify(&with_claims(&[(claim, value)])).await.unwrap_err();
    let no_number = matches!(refused, AuthError::Claim { claim: named, .. } if named == claim);
    let no_json = value == "1e400" && matches!(refused, AuthError::Malformed(_));
    assert!(no_number || no_json, "{refused:?}");
}

#[rstest]
#[case::expired_this_second("exp", "1800000000")]
#[case::expired_a_second_ago("exp", "1799999999")]
#[tokio::test]
async fn exp_has_no_leeway(#[case] claim: &str, #[case] value: &str) {
    assert_eq!(
        verify(&with_claims(&[(claim, value)])).await,
        Err(AuthError::Expired)
    );
}

#[rstest]
#[case::exp_before_iat("exp", "1799999980")]
#[case::exp_at_iat("exp", "1799999990")]
#[case::exp_more_than_a_day_after_iat("exp", "1800086391")]
#[case::exp_in_the_year_9999("exp", "253402300799")]
#[case::iat_31_s_ahead("iat", "1800000031")]
#[case::nbf_31_s_ahead("nbf", "1800000031")]
#[case::other_issuer("iss", r#""orderchat2""#)]
#[case::issuer_in_other_case("iss", r#""Orderchat""#)]
#[case::issuer_as_list("iss", r#"["orderchat"]"#)]
#[case::issuer_null("iss", "null")]
#[case::other_audience("aud", r#""other""#)]
#[case::other_audiences("aud", r#"["other","orderchat2"]"#)]
#[case::no_audiences("aud", "[]")]
#[case::audience_mixed("aud", r#"["orderchat",1]"#)]
#[case::audience_number("aud", "1")]
#[case::audience_object("aud", r#"{"orderchat":1}"#)]
#[case::sub_empty("sub", r#""""#)]
#[case::sub_too_long("sub", &format!("\"{}\"", "x".repeat(129)))]
#[case::sub_number("sub", "7")]
#[case::sub_with_control("sub", r#""a\u0000b""#)]
#[case::role_unknown("role", r#""root""#)]
#[case::role_in_capitals("role", r#""Admin""#)]
#[case::role_as_list("role", r#"["admin"]"#)]
#[case::name_number("name", "1")]
#[case::name_null("name", "null")]
#[case::name_too_long("name", &format!("\"{}\"", "x".repeat(201)))]
#[case::name_invisible("name", r#""\u200b""#)]
#[case::email_without_at("email", r#""nobody""#)]
#[case::email_with_line_end("email", r#""a@b\r\nBcc: c@d""#)]
#[case::pharmacy_number("pharmacy", "1")]
#[case::pharmacy_list_of_numbers("pharmacy", "[1]")]
#[case::pharmacy_empty("pharmacy", r#""""#)]
#[case::pharmacy_null("pharmacy", "null")]
#[case::pharmacies_too_many("pharmacy", &format!("[{}]", vec!["\"p\""; 101].join(",")))]
#[case::language_sentence("language", r#""not a tag""#)]
#[case::language_too_long("language", &format!("\"{}\"", "x".repeat(36)))]
#[case::room_is_no_room("room", r#""kitchen""#)]
#[case::room_number("room", "1")]
#[tokio::test]
async fn these_claims_are_refused_by_name(#[case] claim: &str, #[case] value: &str) {
    let refused = verify(&with_claims(&[(claim, value)])).await.unwrap_err();
    assert!(
        matches!(refused, AuthError::Claim { claim: named, .. } if named == claim),
        "{refused:?}"
    );
}

#[rstest]
#[tokio::test]
async fn alg_none_is_refused_in_every_spelling(
    #[values("none", "None", "NONE", "nOnE", "none ", "")] alg: &str,
    #[values(true, false)] empty_signature: bool,
) {
    let token = signed(&format!(r#"{{"alg":"{alg}"}}"#), &payload(&[]));
    let token = match token.rsplit_once('.') {
        Some((signed, _)) if empty_signature => format!("{signed}."),
        _ => token,
    };
    assert_eq!(verify(&token).await, Err(AuthError::WrongAlgorithm));
}

#[rstest]
#[tokio::test]
async fn only_the_key_s_own_algorithm_is_taken(
    #[values("HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "hs256")] alg: &str,
) {
    let token = signed(&format!(r#"{{"alg":"{alg}"}}"#), &payload(&[]));
    assert_eq!(verify(&token).await, Err(AuthError::WrongAlgorithm));
}

#[rstest]
#[case::alg_missing(r#"{"typ":"JWT"}"#)]
#[case::alg_null(r#"{"alg":null}"#)]
#[case::alg_list(r#"{"alg":["HS256"]}"#)]
#[case::typ_of_another_kind(r#"{"alg":"HS256","typ":"JWE"}"#)]
#[case::typ_number(r#"{"alg":"HS256","typ":1}"#)]
#[case::typ_null(r#"{"alg":"HS256","typ":null}"#)]
#[case::kid_number(r#"{"alg":"HS256","kid":1}"#)]
#[case::critical_extension(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#)]
#[case::no_object("[]")]
#[case::no_json("{")]
#[tokio::test]
async fn a_header_that_cannot_be_read_is_refused(#[case] header: &str) {
    let refused = verify(&signed(header, &payload(&[]))).await.unwrap_err();
    assert!(matches!(refused, AuthError::Malformed(_)), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn these_types_are_tokens(#[values("JWT", "jwt", "at+jwt", "AT+JWT")] typ: &str) {
    let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
    assert!(verify(&signed(&header, &payload(&[]))).await.is_ok());
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_not_read() {
    let header = r#"{"alg":"HS256","kid":"x","jku":"http://127.0.0.1:1/","x5u":"http://127.0.0.1:1/",
        "jwk":{"kty":"oct","k":"AAAA"},"x5c":["AAAA"]}"#;
    assert!(verify(&signed(header, &payload(&[]))).await.is_ok());
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_refused() {
    let good = with_claims(&[]);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let other = base64(&payload(&[("role", r#""admin""#)]));
    for token in [
        format!("{signed}."),
        format!("{signed}.AAAA"),
        format!("{signed}.{signature}AAAA"),
        format!("{signed}.{signature}="),
        format!("{signed}.!{}", &signature[1..]),
        format!("{header}.{other}.{signature}"),
    ] {
        assert_eq!(
            verify(&token).await,
            Err(AuthError::BadSignature),
            "{token}"
        );
    }
    let other_key = Verifier::new(
        KeySource::Secret("another-secret-of-32-bytes-or-so".into()),
        expected(),
    );
    let refused = other_key
        .await
        .unwrap()
        .verify(&good, NOW_MS)
        .await
        .unwrap_err();
    assert_eq!(refused, AuthError::BadSignature);
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let good = with_claims(&[]);
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        "\0.\0.\0",
        "é.é.é",
        &format!("{good}.x"),
    ] {
        let refused = verify(token).await.unwrap_err();
        assert!(
            matches!(refused, AuthError::Malformed(_)),
            "{token}: {refused:?}"
        );
    }
    let signed_nonsense = signed(r#"{"alg":"HS256"}"#, "[[[[");
    assert!(matches!(
        verify(&signed_nonsense).await,
        Err(AuthError::Malformed(_))
    ));
    let deep = signed(r#"{"alg":"HS256"}"#, &"[".repeat(4_000));
    assert!(matches!(verify(&deep).await, Err(AuthError::Malformed(_))));
}

#[tokio::test]
async fn a_token_longer_than_8_kib_is_refused_unread() {
    let long = with_claims(&[("other", &format!("\"{}\"", "x".repeat(8 * 1024)))]);
    assert_eq!(verify(&long).await, Err(AuthError::TooLong));
}

#[tokio::test]
async fn no_refusal_repeats_the_token() {
    for token in [
        with_claims(&[("sub", r#"{"canary":1}"#)]),
        signed(r#"{"alg":"canary"}"#, &payload(&[])),
        "canary.canary.canary".to_owned(),
    ] {
        let text = verify(&token).await.unwrap_err().to_string();
        assert!(!text.contains("canary") && !text.contains(&token), "{text}");
    }
}

#[tokio::test]
async fn a_token_seen_before_still_expires() {
    let verifier = verifier().await;
    let token = with_claims(&[]);
    let first = verifier.verify(&token, NOW_MS).await.unwrap();
    let again = verifier.verify(&token, NOW_MS).await.unwrap();
    assert!(
        std::sync::Arc::ptr_eq(&first, &again),
        "it was verified twice"
    );
    let end_ms = first.exp_s * 1_000;
    assert!(verifier.verify(&token, end_ms - 1).await.is_ok());
    assert_eq!(
        verifier.verify(&token, end_ms).await,
        Err(AuthError::Expired)
    );
}

#[tokio::test]
async fn a_token_that_is_minted_here_is_taken_here() {
    let claims = verify(&with_claims(&[
        ("role", r#""rider""#),
        ("name", r#""Ravi""#),
        ("pharmacy", r#""ph1""#),
    ]))
    .await
    .unwrap();
    let hour = Duration::from_hours(1);
    let token = mint(&SECRET.into(), &expected(), &claims.caller, NOW_MS, hour).unwrap();
    let read = verify(&token).await.unwrap();
    assert_eq!(read.caller, claims.caller);
    assert_eq!((read.iat_s, read.exp_s), (NOW_S, NOW_S + 3_600));

    let two_days = Duration::from_hours(48);
    let refused = mint(
        &SECRET.into(),
        &expected(),
        &claims.caller,
        NOW_MS,
        two_days,
    );
    assert!(
        matches!(refused, Err(AuthError::Claim { claim: "exp", .. })),
        "{refused:?}"
    );
}
