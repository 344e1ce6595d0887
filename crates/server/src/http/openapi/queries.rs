//! Which operations take query parameters: the others refuse any, without a word in their handlers.

use std::collections::HashSet;

use axum::http::Method;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use super::operations;

/// The operations that take some, by method and path.
#[derive(Debug)]
pub(crate) struct WithQuery(HashSet<(&'static str, String)>);

impl WithQuery {
    pub(crate) fn of(document: &mut OpenApi) -> Self {
        let in_query = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
            RefOr::Ref(_) => false,
        };
        let taking = operations(document).filter_map(|(path, method, _, operation)| {
            let takes = operation.parameters.iter().flatten().any(in_query);
            takes.then(|| (method, path.to_owned()))
        });
        Self(taking.collect())
    }

    pub(crate) fn has(&self, method: &Method, path: &str) -> bool {
        let method = match *method {
            Method::GET | Method::HEAD => "get",
            Method::PUT => "put",
            Method::POST => "post",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => return false,
        };
        self.0.contains(&(method, path.to_owned()))
    }
}
