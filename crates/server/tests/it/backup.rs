//! G20: a backup of a running server, restored elsewhere, is what was said up to then, in a database
//! of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::engine::Database;
use crate::harness::server::Stopped;
use crate::harness::sql::Sql;
use crate::harness::{Client, Fields as _, Room, Server, an_order};

const FOLDER: &str = "backup";

/// The path of a file in the folder of a backup.
fn in_backup(server: &Server, name: &str) -> PathBuf {
    server.folder().join(FOLDER).join(name)
}

fn is_sqlite(server: &Server) -> bool {
    server.database_url().starts_with("sqlite:")
}

/// Runs one of PostgreSQL's own programs.
fn postgres_tool(name: &str, arguments: &[&str]) {
    let ran = std::process::Command::new(name)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{name}: {said}");
}

/// Backs the server up as docs/OPERATIONS.md says.
async fn back_up(server: &Server) -> Stopped {
    if !is_sqlite(server) {
        let asked = server.run(&["backup", FOLDER], &[]).await;
        assert!(!asked.status.success() && asked.output.contains("pg_dump"));
        std::fs::create_dir(server.folder().join(FOLDER)).expect("a folder");
        let dump = in_backup(server, "orderchat.dump");
        let file = format!("--file={}", dump.display());
        let dump = [
            "--format=custom",
            "--no-owner",
            &file,
            server.database_url(),
        ];
        postgres_tool("pg_dump", &dump);
    }
    server.run(&["backup", FOLDER], &[]).await
}

/// A place to restore to, on the engine of the suite.
struct Elsewhere {
    database: Database,
    _folder: TempDir,
}

impl Elsewhere {
    /// Restores the server's backup as docs/OPERATIONS.md says.
    async fn restored(server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = Database::create(folder.path()).await;
        let there = [("ORDERCHAT_DATABASE", database.url())];
        let restored = if is_sqlite(server) {
            server.run(&["restore", FOLDER], &there).await
        } else {
            let dump = in_backup(server, "orderchat.dump");
            let into = format!("--dbname={}", database.url());
            let options = ["--no-owner", "--exit-on-error", "--single-transaction"];
            let dump = dump.to_str().expect("a path in UTF-8");
            postgres_tool("pg_restore", &[&options[..], &[&into, dump]].concat());
            server.run(&["restore", "--adopt"], &there).await
        };
        assert!(restored.status.success(), "{}", restored.output);
        Self {
            database,
            _folder: folder,
        }
    }

    async fn serve(&self) -> Server {
        Server::with("ORDERCHAT_DATABASE", self.database.url())
            .start()
            .await
    }

    async fn sql(&self) -> Sql {
        Sql::connect(self.database.url()).await
    }
}

const EPOCH: &str = "SELECT value FROM meta WHERE name = 'epoch'";

async fn say(room: &Room, text: &str) -> Value {
    let said = json!({ "content": text });
    room.customer
        .post(&room.at("messages/"), said)
        .await
        .ok(201)
}

async fn texts(admin: &Client, room: &Room) -> Vec<String> {
    let messages = admin.all(&room.at("messages/?after=0&limit=200")).await;
    let texts = messages
        .iter()
        .filter(|message| message["sender"] != Value::Null);
    texts.map(|message| message.string("content")).collect()
}

#[tokio::test]
async fn g20_a_backup_of_a_running_server_is_restored_elsewhere() {
    let server = Server::start().await;
    let room = server.open_room().await;
    say(&room, "before").await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    say(&room, "after").await;

    let elsewhere = Elsewhere::restored(&server).await;
    let before = Sql::connect(server.database_url()).await;
    let after = elsewhere.sql().await;
    assert_ne!(before.text(EPOCH).await, after.text(EPOCH).await);
    let public = in_backup(&server, "orderchat-signing.pub");
    let verify = [
        "audit",
        "verify",
        "--public-key",
        public.to_str().expect("a path in UTF-8"),
    ];
    let there = [("ORDERCHAT_DATABASE", elsewhere.database.url())];
    let verified = server.run(&verify, &there).await;
    assert!(verified.status.success(), "{}", verified.output);

    let restored = elsewhere.serve().await;
    let admin = restored.admin("admin-1");
    assert_eq!(texts(&admin, &room).await, ["before"]);
    // It goes on from there, and says of itself that it was restored.
    let mut room = Room::of(&restored, an_order("later")).await;
    room.customer = restored.customer("customer-later");
    say(&room, "and on").await;
    let recorded = "SELECT COUNT(*) FROM audit WHERE action = 'database.restored'";
    assert_eq!(after.int(recorded).await, 1);
}

#[tokio::test]
async fn what_a_backup_holds_is_for_nobody_else_to_read() {
    let server = Server::start().await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let files = std::fs::read_dir(server.folder().join(FOLDER)).expect("the backup");
    let mut names = Vec::new();
    for file in files.flatten() {
        let mode = file.metadata().expect("its metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", file.path());
        names.push(file.file_name().into_string().expect("a name in UTF-8"));
    }
    names.sort();
    let database = if is_sqlite(&server) {
        "orderchat.db"
    } else {
        "orderchat.dump"
    };
    assert_eq!(names, ["backup.json", "orderchat-signing.pub", database]);
}

#[tokio::test]
async fn a_damaged_backup_is_refused() {
    let server = Server::start().await;
    server.open_room().await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let refused = if is_sqlite(&server) {
        spoil(&in_backup(&server, "orderchat.db"));
        let elsewhere = server.folder().join("elsewhere.db");
        let to = elsewhere.to_str().expect("a path in UTF-8");
        let refused = server.run(&["restore", FOLDER, "--to", to], &[]).await;
        assert!(!elsewhere.exists(), "a damaged copy was put in place");
        refused
    } else {
        cut(&in_backup(&server, "orderchat.dump"));
        server.run(&["backup", FOLDER], &[]).await
    };
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(
        refused.output.contains("damaged") || refused.output.contains("not good"),
        "{}",
        refused.output
    );
}

/// Changes one bit, which no check of the structure would see.
fn spoil(file: &Path) {
    let mut bytes = std::fs::read(file).expect("the copy");
    *bytes.last_mut().expect("a byte") ^= 1;
    std::fs::write(file, bytes).expect("the copy is written");
}

fn cut(file: &Path) {
    let bytes = std::fs::read(file).expect("the copy");
    std::fs::write(file, &bytes[..bytes.len() / 2]).expect("the copy is written");
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_server() {
    let server = Server::start().await;
    let room = server.open_room().await;
    say(&room, "kept").await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    for restore in [
        &["restore", FOLDER, "--overwrite"][..],
        &["restore", "--adopt"],
    ] {
        if restore.len() == 3 && !is_sqlite(&server) {
            continue;
        }
        let refused = server.run(restore, &[]).await;
        assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
        assert!(
            refused.output.contains("a server runs on"),
            "{}",
            refused.output
        );
    }
    assert_eq!(texts(&room.admin, &room).await, ["kept"]);
    say(&room, "and on").await;
}

/// On SQLite, whatever the engine of the suite: on PostgreSQL its own tools decide.
#[tokio::test]
async fn a_database_that_is_there_is_put_aside_only_when_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("orderchat.db");
    let database = format!("sqlite:{}", file.display());
    let mut server = Server::with("ORDERCHAT_DATABASE", &database).start().await;
    let room = server.open_room().await;
    say(&room, "before").await;
    let here = [("ORDERCHAT_DATABASE", database.as_str())];
    let made = server.run(&["backup", FOLDER], &here).await;
    assert!(made.status.success(), "{}", made.output);
    let again = server.run(&["backup", FOLDER], &here).await;
    assert!(
        again.output.contains("is there already"),
        "{}",
        again.output
    );
    say(&room, "after").await;
    server.stop().await;

    let refused = server.run(&["restore", FOLDER], &here).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(refused.output.contains("--overwrite"), "{}", refused.output);
    let restored = server.run(&["restore", FOLDER, "--overwrite"], &here).await;
    assert!(restored.status.success(), "{}", restored.output);
    server.start_again();
    assert_eq!(texts(&server.admin("admin-1"), &room).await, ["before"]);
    let names = std::fs::read_dir(folder.path())
        .expect("the folder")
        .flatten();
    let aside = names
        .filter(|name| name.file_name().to_string_lossy().contains(".before-"))
        .count();
    assert_eq!(aside, 1, "what was there is kept");
}

#[tokio::test]
async fn the_program_says_what_is_no_backup() {
    let server = Server::start().await;
    let nowhere = server.run(&["restore", "nowhere"], &[]).await;
    assert_eq!(nowhere.status.code(), Some(1), "{}", nowhere.output);
    let hint = if is_sqlite(&server) {
        "backup.json"
    } else {
        "pg_restore"
    };
    assert!(nowhere.output.contains(hint), "{}", nowhere.output);
    let neither = server.run(&["restore"], &[]).await;
    assert!(neither.output.contains("--adopt"), "{}", neither.output);
}

/// SQLite would play the log into whatever database lies beside it.
#[tokio::test]
async fn a_log_whose_database_is_gone_is_not_played_into_the_restored_one() {
    let server = Server::start().await;
    if !is_sqlite(&server) {
        return;
    }
    server.open_room().await;
    back_up(&server).await;
    let elsewhere = server.folder().join("elsewhere.db");
    let log = server.folder().join("elsewhere.db-wal");
    std::fs::write(&log, "what another database left").expect("the log is written");
    let to = elsewhere.to_str().expect("a path in UTF-8");
    let refused = server.run(&["restore", FOLDER, "--to", to], &[]).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(
        refused.output.contains("elsewhere.db-wal is there already"),
        "{}",
        refused.output
    );
    let done = server
        .run(&["restore", FOLDER, "--to", to, "--overwrite"], &[])
        .await;
    assert!(done.status.success(), "{}", done.output);
    assert!(elsewhere.exists() && !log.exists(), "{}", done.output);
}
