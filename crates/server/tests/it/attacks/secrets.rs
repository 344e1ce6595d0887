//! A39, as far as configuration goes: what the server refuses to start with.

use crate::harness::process::{Stopped, run};

/// Starts `orderchat serve` with the usual settings changed; it must not start.
async fn refuses(variable: &str, value: &str) -> String {
    let Stopped { status, output, .. } = run(&["serve"], &[(variable, value)]).await;
    assert!(!status.success(), "{variable} was taken");
    assert!(
        output.contains(variable),
        "{variable} is not named in {output}"
    );
    output
}

#[tokio::test]
async fn a39_short_default_and_missing_secrets_are_refused_by_name() {
    for weak in [
        "",
        "short",
        "31-bytes-are-one-byte-too-few-!",
        "changemechangemechangemechangeme",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let output = refuses("ORDERCHAT_AUTH_SECRET", weak).await;
        assert!(
            weak.is_empty() || !output.contains(weak),
            "a secret is not repeated: {output}"
        );
    }
}

#[tokio::test]
async fn a39_wrong_settings_are_refused_by_name() {
    for (variable, value) in [
        ("ORDERCHAT_LISTEN", "everywhere"),
        ("ORDERCHAT_DATABASE", "mysql://x"),
        ("ORDERCHAT_BUS", "kafka://x"),
        ("ORDERCHAT_TRUSTED_PROXIES", "proxy"),
        ("ORDERCHAT_ORIGINS", "shop.example"),
        ("ORDERCHAT_RATE_LIMITS", "perhaps"),
        ("ORDERCHAT_MAX_BODY", "-1"),
        ("ORDERCHAT_LISTN", "127.0.0.1:0"),
    ] {
        refuses(variable, value).await;
    }
}

#[tokio::test]
async fn a39_rate_limits_are_off_on_loopback_only() {
    let open = [
        ("ORDERCHAT_RATE_LIMITS", "off"),
        ("ORDERCHAT_LISTEN", "0.0.0.0:0"),
    ];
    let Stopped { status, output, .. } = run(&["serve"], &open).await;
    assert!(!status.success(), "{output}");
    assert!(output.contains("ORDERCHAT_RATE_LIMITS"), "{output}");
}

#[cfg(unix)]
#[tokio::test]
async fn a39_a_world_readable_database_file_is_mended() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("open.db");
    std::fs::write(&file, "").expect("an empty file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    // Whatever the engine of the suite is: only SQLite has a file.
    let server =
        crate::harness::Server::with("ORDERCHAT_DATABASE", &format!("sqlite:{}", file.display()))
            .start()
            .await;
    server.open_room().await;
    for entry in std::fs::read_dir(folder.path())
        .expect("the folder")
        .flatten()
    {
        let mode = entry.metadata().expect("its metadata").permissions().mode() & 0o777;
        assert_eq!(
            mode & 0o077,
            0,
            "{:?} is readable by others: {mode:o}",
            entry.path()
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a39_a_new_database_file_is_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("new.db");
    let database = format!("sqlite:{}", file.display());
    let server = crate::harness::Server::with("ORDERCHAT_DATABASE", &database)
        .start()
        .await;
    server.open_room().await;
    let entries = std::fs::read_dir(folder.path()).expect("the folder");
    for entry in entries.flatten() {
        let mode = entry.metadata().expect("its metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
    }
}
