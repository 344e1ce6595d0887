//! Commands beside `serve`: what they say, and to whom.

use std::process::{Command, Stdio};

use crate::harness::Server;
use crate::harness::process::run;
use crate::harness::sql::Sql;

#[tokio::test]
async fn a_second_server_on_a_sqlite_file_is_refused_and_the_first_goes_on() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        // PostgreSQL takes several.
        return;
    }
    let second = server.run(&["serve"], &[]).await;
    assert!(!second.status.success(), "{}", second.output);
    assert!(
        second
            .output
            .contains("another server runs on the SQLite file"),
        "{}",
        second.output
    );
    let room = server.open_room().await;
    room.customer.say(&room, "still here").await;
    // Others may look at it meanwhile.
    let doctor = server.run(&["doctor"], &[]).await;
    assert!(doctor.output.contains("SQLite"), "{}", doctor.output);
}

#[tokio::test]
async fn where_another_listens_a_server_ends_with_a_remedy_and_leaves_nothing_behind() {
    let server = Server::start().await;
    let taken = server.url().replace("http://", "");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite:{}", folder.path().join("new.db").display());
    let variables = [
        ("ORDERCHAT_LISTEN", &*taken),
        ("ORDERCHAT_DATABASE", &*database),
    ];
    let second = server.run(&["serve"], &variables).await;
    assert!(!second.status.success(), "{}", second.output);
    let says = format!("cannot listen on ORDERCHAT_LISTEN {taken}: Address already in use");
    assert!(second.output.contains(&says), "{}", second.output);
    assert!(
        second.output.contains("end what listens there"),
        "{}",
        second.output
    );
    assert_eq!(
        second.output.matches("cannot listen").count(),
        1,
        "{}",
        second.output
    );
    assert!(!folder.path().join("new.db").exists());
}

#[tokio::test]
async fn doctor_leaves_an_older_database_as_it_is() {
    const VERSIONS: &str = "refinery_schema_history WHERE version =";
    let mut server = Server::start().await;
    server.stop().await;
    let sql = Sql::connect(server.database_url()).await;
    let newest = sql
        .int("SELECT CAST(MAX(version) AS BIGINT) FROM refinery_schema_history")
        .await;
    // As if the last migration had not been.
    sql.execute(&format!("DELETE FROM {VERSIONS} {newest}"))
        .await;
    let doctor = server.run(&["doctor"], &[]).await;
    assert!(doctor.status.success(), "{}", doctor.output);
    let older = newest - 1;
    let says = format!("schema: version {older}, this program's is {newest}");
    assert!(doctor.output.contains(&says), "{}", doctor.output);
    let count = format!("SELECT COUNT(*) FROM {VERSIONS} {newest}");
    assert_eq!(sql.int(&count).await, 0);
}

#[tokio::test]
async fn doctor_says_how_much_room_there_is() {
    let on_sqlite = run(&["doctor"], &[]).await;
    assert!(
        on_sqlite.output.contains("free space: "),
        "{}",
        on_sqlite.output
    );
}

#[tokio::test]
async fn doctor_says_that_the_keys_cannot_be_fetched() {
    // Nothing listens on port 1 of this machine.
    let away = [
        ("ORDERCHAT_AUTH_SECRET", ""),
        ("ORDERCHAT_AUTH_JWKS", "http://127.0.0.1:1/jwks"),
    ];
    let ill = run(&["doctor"], &away).await;
    assert!(ill.output.contains("WRONG  keys:"), "{}", ill.output);
    assert!(ill.output.contains("check ORDERCHAT_AUTH_JWKS"));
    assert_eq!(ill.status.code(), Some(1));
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for arguments in [&["doctor"][..], &["openapi"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_orderchat"))
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("ORDERCHAT_AUTH_SECRET", "not-for-use-0f6a3c1e9b8d47255d1e")
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        assert_ne!(output.status.code(), Some(101), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_demo_says_which_settings_it_does_not_use() {
    let server = Server::start().await;
    let taken = server.url().replace("http://", "");
    // Where another server listens it ends, after it has spoken.
    let demo = server.run(&["demo"], &[("ORDERCHAT_LISTEN", &taken)]).await;
    for name in ["ORDERCHAT_DATABASE", "ORDERCHAT_AUTH_SECRET"] {
        let says =
            format!("{name} is not used: the demo has a database, files and keys of its own");
        assert!(demo.output.contains(&says), "{}", demo.output);
    }
    assert!(
        !demo.output.contains("ORDERCHAT_SIGNING_KEY is"),
        "{}",
        demo.output
    );
}

#[tokio::test]
async fn a_token_for_staff_of_no_pharmacy_comes_with_a_word_of_warning() {
    let staff = ["token", "--role", "pharmacy", "--sub", "staff-mei"];
    let bare = run(&staff, &[]).await;
    assert!(bare.status.success(), "{}", bare.output);
    assert_eq!(bare.stdout.trim().split('.').count(), 3, "{}", bare.stdout);
    let said = bare.output.replace(&bare.stdout, "");
    assert!(said.contains("--pharmacy"), "{said:?}");
    let of_one = run(&[&staff[..], &["--pharmacy", "ph1"]].concat(), &[]).await;
    assert_eq!(of_one.output, of_one.stdout, "nothing but the token");
}
