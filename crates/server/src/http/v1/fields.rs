//! Shapes that several requests share.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// What a handler gives.
pub(super) type Result<T> = std::result::Result<T, crate::http::problem::Problem>;

/// For a field that may be left out (`None`), null (`Some(None)`) or given.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Why something is done.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the order was delivered"}))]
pub(crate) struct Reason {
    /// At most 1,000 characters.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// An action that takes nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct Nothing {}
