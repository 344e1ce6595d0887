//! The signing key: Ed25519, in the forms that others read too (PKCS#8 and SubjectPublicKeyInfo,
//! as PEM; `openssl genpkey -algorithm ed25519` makes such a key).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Stands between a JSON object and its signature, in base64, which is its last field.
const SIGNATURE: &str = ",\"signature\":\"";

/// What a PEM of ours begins with.
pub(crate) const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----";
const PRIVATE_PEM_END: &str = "-----END PRIVATE KEY-----";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----";
const PUBLIC_PEM_END: &str = "-----END PUBLIC KEY-----";
/// Before the 32 bytes of the key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410).
const PUBLIC_DER: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why a key cannot be used; repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(
        "is no unencrypted Ed25519 private key in PEM; make one with: openssl genpkey -algorithm \
         ed25519"
    )]
    Private,
    #[error("is no Ed25519 public key in PEM; print it with: orderchat audit public-key")]
    Public,
    #[error("no key could be made")]
    Generate,
}

/// A key that signs. Cheap to clone; does not print.
#[derive(Clone)]
pub(crate) struct SigningKey(Arc<Ed25519KeyPair>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public()).finish()
    }
}

impl SigningKey {
    /// Reads PKCS#8 as PEM; line ends may be missing, as in a variable they often are.
    pub(crate) fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = der_of(text, PRIVATE_PEM, PRIVATE_PEM_END).ok_or(KeyError::Private)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| KeyError::Private)?;
        Ok(Self(Arc::new(pair)))
    }

    /// A new key, as PEM.
    pub(crate) fn generate() -> Result<String, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?;
        // Version 1: OpenSSL before 3.3 reads no other.
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?;
        Ok(pem_of(der.as_ref(), PRIVATE_PEM, PRIVATE_PEM_END))
    }

    pub(crate) fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().unwrap_or_default())
    }

    /// The signature over these bytes, 64 bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }

    /// The text of a JSON object with the signature over it as its last field.
    pub(crate) fn seal(&self, object: &str) -> String {
        let signature = STANDARD.encode(self.sign(object.as_bytes()));
        let fields = object.strip_suffix('}').unwrap_or(object);
        format!("{fields}{SIGNATURE}{signature}\"}}")
    }
}

/// A key that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads SubjectPublicKeyInfo as PEM.
    pub(crate) fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = der_of(text, PUBLIC_PEM, PUBLIC_PEM_END).ok_or(KeyError::Public)?;
        let bytes = der.strip_prefix(&PUBLIC_DER).ok_or(KeyError::Public)?;
        bytes.try_into().map(Self).map_err(|_| KeyError::Public)
    }

    pub(crate) fn to_pem(self) -> String {
        let der = [&PUBLIC_DER[..], &self.0].concat();
        pem_of(&der, PUBLIC_PEM, PUBLIC_PEM_END)
    }

    /// Whether the signature over these bytes is of this key.
    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(bytes, signature)
            .is_ok()
    }

    /// Whether the key that belongs to this one has [sealed](SigningKey::seal) the text.
    pub(crate) fn has_sealed(&self, text: &str) -> bool {
        let parts = text
            .strip_suffix("\"}")
            .and_then(|text| text.rsplit_once(SIGNATURE));
        parts.is_some_and(|(fields, signature)| {
            let signature = STANDARD.decode(signature).unwrap_or_default();
            self.verifies(format!("{fields}}}").as_bytes(), &signature)
        })
    }
}

fn der_of(text: &str, begin: &str, end: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(begin)?.strip_suffix(end)?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn pem_of(der: &[u8], begin: &str, end: &str) -> String {
    // Keys of Ed25519 fit on one line of 64 characters.
    format!("{begin}\n{}\n{end}\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn the_key_of_the_standard_is_read_and_its_public_part_written() {
        let key = SigningKey::from_pem(PRIVATE).unwrap();
        assert_eq!(key.public().to_pem(), PUBLIC);
        assert_eq!(PublicKey::from_pem(PUBLIC).unwrap(), key.public());
    }

    #[test]
    fn a_key_whose_lines_were_joined_is_read() {
        let joined = PRIVATE.replace('\n', " ");
        assert_eq!(
            SigningKey::from_pem(&joined).unwrap().public(),
            SigningKey::from_pem(PRIVATE).unwrap().public()
        );
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
        let other = SigningKey::from_pem(PRIVATE).unwrap();
        let signature = key.sign(b"said");
        assert!(key.public().verifies(b"said", &signature));
        assert!(!key.public().verifies(b"never said", &signature));
        assert!(!other.public().verifies(b"said", &signature));
        assert!(!key.public().verifies(b"said", &signature[1..]));
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in ["", "secret", PUBLIC, &PRIVATE.replace("MC4", "MC5")] {
            let error = SigningKey::from_pem(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(PublicKey::from_pem(PRIVATE), Err(KeyError::Public));
    }
}
