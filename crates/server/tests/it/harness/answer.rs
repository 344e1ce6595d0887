//! An answer of the server, and how tests read it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of one answer, with the request that it answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Method and path, for messages of failed assertions.
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The JSON body, `null` when there is none. Fails unless the status is this one.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(
            self.status, status,
            "{} answered {}",
            self.request, self.text
        );
        self.json()
    }

    /// The problem. Fails unless the status is this one and the body is RFC 9457 as promised.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> Value {
        assert_eq!(
            self.status, status,
            "{} answered {}",
            self.request, self.text
        );
        self.problem()
    }

    /// The problem, whatever its status: for refusals whose status is left open.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        let kind = self.header("content-type").unwrap_or("nothing");
        assert!(
            kind.starts_with("application/problem+json"),
            "{} answered {} as {kind}: {}",
            self.request,
            self.status,
            self.text
        );
        let problem = self.json();
        for field in ["type", "title", "detail"] {
            assert!(
                problem[field].is_string(),
                "a problem has a {field}: {problem}"
            );
        }
        assert_eq!(
            problem["status"], self.status,
            "a problem repeats its status: {problem}"
        );
        for error in problem["errors"].as_array().into_iter().flatten() {
            assert!(
                error["pointer"].is_string(),
                "an error has a pointer: {problem}"
            );
            assert!(
                error["detail"].is_string(),
                "an error has a detail: {problem}"
            );
        }
        problem
    }

    /// The body as JSON, `null` when it is empty.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error} in {}", self.request, self.text))
    }

    /// One header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The seconds of `Retry-After`, which 429 and 503 must carry.
    #[track_caller]
    pub(crate) fn retry_after_s(&self) -> u64 {
        let text = self
            .header("retry-after")
            .unwrap_or_else(|| panic!("{} answered without Retry-After", self.request));
        let seconds = text.parse().expect("Retry-After is in whole seconds");
        assert!(seconds >= 1, "Retry-After is at least one second");
        seconds
    }

    /// Everything that a client can compare but what must differ: the body and all headers except
    /// the date and the request id.
    pub(crate) fn fingerprint(&self) -> (u16, Vec<(String, String)>, String) {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "date" && *name != "x-request-id")
            .map(|(name, value)| (name.to_string(), format!("{value:?}")))
            .collect();
        headers.sort();
        (self.status, headers, self.text.clone())
    }
}

/// Reading fields that must be there.
pub(crate) trait Fields {
    /// A field that is text.
    fn string(&self, field: &str) -> String;
    /// The same, borrowed.
    fn str(&self, field: &str) -> &str;
    /// A field that is a whole number.
    fn number(&self, field: &str) -> i64;
    /// A field that is a list.
    fn list(&self, field: &str) -> Vec<Value>;
    /// The list of a page: `results`.
    fn results(&self) -> Vec<Value>;
}

impl Fields for Value {
    #[track_caller]
    fn string(&self, field: &str) -> String {
        match &self[field] {
            Value::String(text) => text.clone(),
            other => panic!("{field} must be text, is {other} in {self}"),
        }
    }

    #[track_caller]
    fn str(&self, field: &str) -> &str {
        self[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} is not a string: {self}"))
    }

    #[track_caller]
    fn number(&self, field: &str) -> i64 {
        self[field]
            .as_i64()
            .unwrap_or_else(|| panic!("{field} must be a whole number in {self}"))
    }

    #[track_caller]
    fn list(&self, field: &str) -> Vec<Value> {
        match &self[field] {
            Value::Array(items) => items.clone(),
            other => panic!("{field} must be a list, is {other} in {self}"),
        }
    }

    #[track_caller]
    fn results(&self) -> Vec<Value> {
        self.list("results")
    }
}
