//! Answers in JSON.

use std::cell::RefCell;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;

/// A thread keeps the memory that answers are written in, up to this size: it need not grow anew for
/// each, and each is then copied once into memory of its own size.
const KEPT: usize = 256 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The value as the body of an answer, 200 unless a status stands beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match encode(&self.0) {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, json)], body).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Problem::internal().into_response()
            }
        }
    }
}

fn encode(value: &impl Serialize) -> serde_json::Result<Bytes> {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        serde_json::to_writer(&mut *buffer, value)?;
        let body = Bytes::copy_from_slice(buffer);
        if buffer.capacity() > KEPT {
            *buffer = Vec::new();
        }
        Ok(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_its_own_however_large_the_one_before_was() {
        let large = vec!["x".repeat(1_000); 1_000];
        for _ in 0..2 {
            let body = encode(&large).unwrap();
            assert_eq!(serde_json::from_slice::<Vec<String>>(&body).unwrap(), large);
            assert_eq!(encode(&["small"]).unwrap(), r#"["small"]"#);
        }
        assert!(BUFFER.with_borrow(Vec::capacity) <= KEPT);
    }
}
