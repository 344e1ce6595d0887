use axum::http::Request;
use rstest::rstest;

use super::*;

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    limit: Limit,
    after: Option<u64>,
    search: Option<String>,
    is_public: Option<bool>,
    scope: Option<Scope>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Scope {
    Mine,
    All,
}

async fn read(query: &str) -> Result<Filter, Problem> {
    let request = Request::get(format!("/rooms/?{query}")).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    let QueryOf(filter) = QueryOf::from_request_parts(&mut parts, &()).await?;
    Ok(filter)
}

#[tokio::test]
async fn parameters_are_read_by_their_types() {
    let filter = read("limit=200&&after=0&search=a%26b+c%C3%A9&is_public=true&scope=all").await;
    let expected = Filter {
        limit: Limit(200),
        after: Some(0),
        search: Some("a&b cé".to_owned()),
        is_public: Some(true),
        scope: Some(Scope::All),
    };
    assert_eq!(filter, Ok(expected));
}

#[tokio::test]
async fn what_is_not_said_is_the_default() {
    let filter = read("").await.unwrap();
    assert_eq!(filter.limit.get(), 50);
    assert_eq!(filter.search, None);
}

#[rstest]
#[case("limit=0", "limit", "must be a whole number from 1 to 200")]
#[case("limit=201", "limit", "must be a whole number from 1 to 200")]
#[case("limit=-1", "limit", "must be a whole number from 1 to 200")]
#[case("limit=+1", "limit", "must be a whole number from 1 to 200")]
#[case("limit=canary", "limit", "must be a whole number from 1 to 200")]
#[case("limit=", "limit", "must be a whole number from 1 to 200")]
#[case("after=1.5", "after", "must be a whole number, 0 or more")]
#[case(
    "after=99999999999999999999",
    "after",
    "must be a whole number, 0 or more"
)]
#[case("after=-3", "after", "must be a whole number, 0 or more")]
#[case("is_public=yes", "is_public", "must be true or false")]
#[case("scope=canary", "scope", "must be mine or all")]
#[case("search=a&search=b", "search", "is given more than once")]
#[case("search=%ff", "search", "is not UTF-8")]
#[case("%ff=a", "", "has a query parameter whose name is not UTF-8")]
#[case(
    "colour=red",
    "colour",
    "is unknown; taken is limit, after, search, is_public or scope"
)]
#[tokio::test]
async fn whatever_is_wrong_is_named(#[case] query: &str, #[case] name: &str, #[case] detail: &str) {
    let problem = read(query).await.unwrap_err();
    assert_eq!(problem, Problem::invalid(name, detail));
}
