//! The NATS server that tests share, started by `scripts/with-nats`.

/// Its URL. Without one tests that need it are left out, and say so; with
/// `ORDERCHAT_TEST_BUS=required`, as `scripts/test` sets it, they fail instead.
pub(crate) fn nats_url() -> Option<String> {
    let url = std::env::var("ORDERCHAT_TEST_NATS").ok();
    let required = std::env::var("ORDERCHAT_TEST_BUS").is_ok_and(|value| value == "required");
    assert!(
        url.is_some() || !required,
        "ORDERCHAT_TEST_NATS is not set; run the tests under scripts/with-nats"
    );
    if url.is_none() {
        eprintln!("left out: it needs a NATS server (scripts/with-nats)");
    }
    url
}
