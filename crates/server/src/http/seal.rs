//! Cursors that can neither be read nor made outside: for a list whose places would tell how much
//! there is of what the caller may not see, or that counts what it has done.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::page::{LONGEST_CURSOR, no_cursor};
use crate::problem::Problem;
use crate::random;

/// The key of this database's sealed cursors, the same on every node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Seal(Arc<LessSafeKey>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// # Errors
    /// When the library does not take the key; it takes any.
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let key = UnboundKey::new(&AES_256_GCM, key)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// A cursor of the list of this name.
    ///
    /// # Errors
    /// 500 for a `place` that cannot be written as JSON: a defect here.
    pub(crate) fn encode(&self, list: &str, place: &impl Serialize) -> Result<String, Problem> {
        let mut sealed = serde_json::to_vec(place).map_err(|_| Problem::internal())?;
        // Random: so few cursors are made under one key that no two have the same.
        let nonce = random::bytes::<NONCE_LEN>();
        let bound = (Nonce::assume_unique_for_key(nonce), Aad::from(list));
        self.0
            .seal_in_place_append_tag(bound.0, bound.1, &mut sealed)
            .map_err(|_| Problem::internal())?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// # Errors
    /// 422 at `cursor` for whatever [`encode`](Self::encode) has not made for this list.
    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        list: &str,
        cursor: &str,
    ) -> Result<T, Problem> {
        self.open_text(list, cursor, LONGEST_CURSOR)
            .ok_or_else(no_cursor)
    }

    /// What [`encode`](Self::encode) has made under this name; `None` for anything else.
    pub(crate) fn open_text<T: DeserializeOwned>(
        &self,
        name: &str,
        text: &str,
        longest: usize,
    ) -> Option<T> {
        Some(text)
            .filter(|text| text.len() <= longest)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .and_then(|bytes| self.open(name, &bytes))
            .and_then(|json| serde_json::from_slice(&json).ok())
    }

    fn open(&self, list: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(list), &mut sealed)
            .ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_sealed_cursor_reads_back_on_every_node_and_says_nothing() {
        let cursor = seal().encode("search", &(5, "place")).unwrap();
        let place: (u32, String) = seal().decode("search", &cursor).unwrap();
        assert_eq!(place, (5, "place".to_owned()));
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!bytes.windows(5).any(|part| part == b"place"));
        let again = seal().encode("search", &(5, "place")).unwrap();
        assert_ne!(cursor, again);
    }

    #[test]
    fn what_was_changed_or_is_of_another_list_or_database_is_no_cursor() {
        let cursor = seal().encode("search", &5).unwrap();
        let is_refused =
            |seal: &Seal, list: &str, cursor: &str| seal.decode::<u32>(list, cursor).is_err();
        assert!(is_refused(&seal(), "rooms", &cursor));
        assert!(is_refused(&Seal::new(&[8; 32]).unwrap(), "search", &cursor));
        let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(&bytes);
            assert!(is_refused(&seal(), "search", &changed), "byte {place}");
            bytes[place] ^= 1;
        }
        for cursor in ["", "x", "AAAA", "!!!!", &"A".repeat(2_000)] {
            assert!(is_refused(&seal(), "search", cursor), "{cursor:?}");
        }
    }
}
