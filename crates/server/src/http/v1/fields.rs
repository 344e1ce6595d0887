//! Shapes that several requests share.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::http::page::Here;
use crate::http::query::Limit;

/// What a handler gives.
pub(super) type Result<T> = std::result::Result<T, crate::problem::Problem>;

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

/// Which page of a list that goes on by cursor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub(super) limit: Limit,
    /// From `next` or `previous`
    pub(super) cursor: Option<String>,
}

impl PageQuery {
    /// What the cursor holds, if there is one.
    pub(super) fn place<T: DeserializeOwned>(&self, here: &Here) -> Result<Option<T>> {
        here.place(self.cursor.as_deref())
    }
}
