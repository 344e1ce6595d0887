//! G20: a backup of a running server, restored elsewhere, is what was said up to then, in a database
//! of its own.

mod files;
mod refused;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::engine::Database;
use crate::harness::process::Stopped;
use crate::harness::sql::Sql;
use crate::harness::{Client, Fields as _, Room, Server, an_order};

const FOLDER: &str = "backup";
/// Where files lie by default.
const STORED: &str = "orderchat-files";

/// The path of a file in the folder of a backup.
fn in_backup(server: &Server, name: &str) -> PathBuf {
    server.folder().join(FOLDER).join(name)
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
    if !server.is_sqlite() {
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
    let made = server.run(&["backup", FOLDER], &[]).await;
    if !server.is_sqlite() {
        copy_folder(&server.folder().join(STORED), &in_backup(server, "files"));
    }
    made
}

/// Copies a folder, as `cp -a` does.
fn copy_folder(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .expect("cp runs");
    assert!(copied.success(), "{} is not copied", from.display());
}

/// A place to restore to, on the engine of the suite.
struct Elsewhere {
    database: Database,
    folder: TempDir,
}

impl Elsewhere {
    /// Restores the server's backup as docs/OPERATIONS.md says.
    async fn restored(server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = Database::create(folder.path()).await;
        let storage = storage_in(&folder);
        let there = [
            ("ORDERCHAT_DATABASE", database.url()),
            ("ORDERCHAT_STORAGE", &storage),
        ];
        let restored = if server.is_sqlite() {
            server.run(&["restore", FOLDER], &there).await
        } else {
            let dump = in_backup(server, "orderchat.dump");
            let into = format!("--dbname={}", database.url());
            let options = ["--no-owner", "--exit-on-error", "--single-transaction"];
            let dump = dump.to_str().expect("a path in UTF-8");
            postgres_tool("pg_restore", &[&options[..], &[&into, dump]].concat());
            copy_folder(&in_backup(server, "files"), &folder.path().join(STORED));
            server.run(&["restore", "--adopt"], &there).await
        };
        assert!(restored.status.success(), "{}", restored.output);
        Self { database, folder }
    }

    async fn serve(&self) -> Server {
        Server::with("ORDERCHAT_DATABASE", self.database.url())
            .with("ORDERCHAT_STORAGE", &storage_in(&self.folder))
            .start()
            .await
    }

    async fn sql(&self) -> Sql {
        Sql::connect(self.database.url()).await
    }
}

fn storage_in(folder: &TempDir) -> String {
    format!("file:{}", folder.path().join(STORED).display())
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
    // On PostgreSQL copied by hand, though there is none.
    names.retain(|name| name != "files");
    names.sort();
    let database = if server.is_sqlite() {
        "orderchat.db"
    } else {
        "orderchat.dump"
    };
    assert_eq!(names, ["backup.json", "orderchat-signing.pub", database]);
}

/// Changes one bit, which no check of the structure would see.
fn spoil(file: &Path) {
    let mut bytes = std::fs::read(file).expect("the copy");
    *bytes.last_mut().expect("a byte") ^= 1;
    std::fs::write(file, bytes).expect("the copy is written");
}

/// Where the file of an upload or a message lies.
fn place_of(server: &Server, file: &Value) -> PathBuf {
    let id = file.str("attachment").replace('-', "");
    let stored = server.stored();
    let place = stored.iter().find(|path| path.ends_with(&id));
    server.folder().join(STORED).join(place.expect("the file"))
}
