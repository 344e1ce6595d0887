//! G20: a backup of a running server, restored elsewhere, is what was said up to then, in a database
//! of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::harness::engine::Database;
use crate::harness::process::Stopped;
use crate::harness::sql::Sql;
use crate::harness::tus::{begin, offset, patch};
use crate::harness::upload::{Form, PHOTO, pdf};
use crate::harness::{Client, Fields as _, Room, Server, an_order, eventually, message_path};

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

/// SQLite's copy is compared when it is restored, which `restore` does here.
#[tokio::test]
async fn a_copy_that_was_changed_since_it_was_checked_is_refused() {
    let server = Server::start().await;
    let _room = server.open_room().await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let commands: &[&[&str]] = if server.is_sqlite() {
        &[&["restore", FOLDER, "--to", "elsewhere.db"]]
    } else {
        let again = server.run(&["backup", FOLDER], &[]).await;
        assert!(again.status.success(), "{}", again.output);
        &[&["backup", FOLDER], &["restore", FOLDER]]
    };
    let copy = in_backup(
        &server,
        if server.is_sqlite() {
            "orderchat.db"
        } else {
            "orderchat.dump"
        },
    );
    let mut bytes = std::fs::read(&copy).expect("the copy");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&copy, bytes).expect("the copy again");
    for command in commands {
        let refused = server.run(command, &[]).await;
        assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
        assert!(
            refused.output.contains("its SHA-256 is not the one"),
            "{}",
            refused.output
        );
    }
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Where there is no database yet a server may start at any moment, and would write into nothing.
#[tokio::test]
async fn nothing_is_restored_where_somebody_else_has_the_right_to_serve() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    assert!(back_up(&server).await.status.success());
    let elsewhere = server.folder().join("elsewhere.db");
    let to = elsewhere.to_str().expect("a path in UTF-8");
    let lock = std::fs::File::create(format!("{to}.lock")).expect("a lock file");
    lock.try_lock().expect("nobody has it");
    let refused = server.run(&["restore", FOLDER, "--to", to], &[]).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    assert!(
        refused.output.contains("another server runs"),
        "{}",
        refused.output
    );
    assert!(!elsewhere.exists());
    drop(lock);
    let restored = server.run(&["restore", FOLDER, "--to", to], &[]).await;
    assert!(restored.status.success(), "{}", restored.output);
}

#[tokio::test]
async fn a_damaged_backup_is_refused() {
    let server = Server::start().await;
    server.open_room().await;
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let refused = if server.is_sqlite() {
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
    let form = Form::file("a.pdf", "application/pdf", &pdf(3_000));
    let sent = room.customer.send_file(&room, form).await.ok(201);
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let lost = place_of(&server, &sent["file"]);
    std::fs::remove_file(&lost).expect("the file goes");
    for restore in [
        &["restore", FOLDER, "--overwrite"][..],
        &["restore", "--adopt"],
    ] {
        if restore.len() == 3 && !server.is_sqlite() {
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
    assert!(!lost.exists(), "a file was put back");
    let left = server.folder().join("orderchat.db.restoring");
    assert!(!left.exists(), "a copy of the database was left");
    assert_eq!(texts(&room.admin, &room).await, ["kept", ""]);
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
    let hint = if server.is_sqlite() {
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
    if !server.is_sqlite() {
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

/// Messages with a file that were acknowledged, by their ids, while it goes on.
async fn send_files(room: &Room, count: &AtomicUsize, until: &AtomicBool) -> Vec<Value> {
    let mut sent = Vec::new();
    while !until.load(Ordering::SeqCst) {
        let n = sent.len();
        let message = if n % 3 == 0 {
            let form = Form::file("photo.jpg", "image/jpeg", PHOTO);
            room.customer.send_file(room, form).await.ok(201)
        } else {
            let form = Form::file("a.pdf", "application/pdf", &pdf(100_000 + n));
            let uploaded = room.customer.upload(room, form).await.ok(201);
            let draft = json!({ "attachment": uploaded["id"] });
            room.customer.send(room, draft).await.ok(201)
        };
        sent.push(message);
        count.fetch_add(1, Ordering::SeqCst);
    }
    sent
}

#[tokio::test]
async fn g20_a_backup_under_uploads_has_the_file_of_every_message() {
    let server = Server::start().await;
    let room = server.open_room().await;
    let form = Form::file("first.pdf", "application/pdf", &pdf(50_000));
    room.rider.send_file(&room, form).await.ok(201);
    let proof = room.rider.upload(&room, Form::proof()).await.ok(201);
    let begun = begin(&room.rider, &room, 200_000).await;
    patch(&room.rider, &begun, 0, &pdf(200_000)[..120_000]).await;
    let (count, until) = (AtomicUsize::new(0), AtomicBool::new(false));
    let backing_up = async {
        eventually("some were sent", async || {
            (count.load(Ordering::SeqCst) >= 2).then_some(())
        })
        .await;
        let made = back_up(&server).await;
        until.store(true, Ordering::SeqCst);
        made
    };
    let (made, sent) = tokio::join!(backing_up, send_files(&room, &count, &until));
    assert!(made.status.success(), "{}", made.output);

    let elsewhere = Elsewhere::restored(&server).await;
    let restored = elsewhere.serve().await;
    let (room, admin) = (room.renewed(&restored), restored.admin("admin-1"));
    let messages = room.messages_seen_by(&admin).await;
    let with_file: Vec<&Value> = messages
        .iter()
        .filter(|message| message["file_path"] != Value::Null)
        .collect();
    assert!((3..=sent.len() + 1).contains(&with_file.len()));
    for message in with_file {
        let file = admin.download(message.str("file_path")).await;
        let digest = format!("\"{}\"", hex(&Sha256::digest(&file.bytes)));
        assert_eq!((file.status, file.header("etag")), (200, digest.as_str()));
        if message["image"] != Value::Null {
            let path = message["image"].str("thumbnail_path");
            assert!(!admin.download(path).await.ok().is_empty());
        }
    }
    let photo = room.pharmacist.download(proof.str("file_path")).await;
    assert_eq!(photo.status, 200);
    // An upload that was under way is over, and says so.
    assert_eq!(offset(&room.rider, &begun).await.status, 404);
    let form = Form::file("later.pdf", "application/pdf", &pdf(50_001));
    room.rider.send_file(&room, form).await.ok(201);
}

/// What lies in the folder of a backup under `files`, whole files first.
fn files_of_backup(server: &Server) -> Vec<PathBuf> {
    let shelves = std::fs::read_dir(in_backup(server, "files/files")).expect("files");
    let files = shelves.flatten().flat_map(|shelf| {
        let files = std::fs::read_dir(shelf.path()).expect("a shelf");
        files.flatten().map(|file| file.path())
    });
    files.collect()
}

#[tokio::test]
async fn a_backup_whose_files_are_damaged_or_gone_is_refused_and_half_a_file_is_replaced() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let room = server.open_room().await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(50_000));
    let sent = room.customer.send_file(&room, form).await.ok(201);
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let storage = storage_in(&elsewhere);
    let to = elsewhere.path().join("orderchat.db");
    let to = to.to_str().expect("a path in UTF-8");
    let restore = async || {
        let there = [("ORDERCHAT_STORAGE", storage.as_str())];
        server.run(&["restore", FOLDER, "--to", to], &there).await
    };

    let file = files_of_backup(&server).pop().expect("a file");
    let whole = std::fs::read(&file).expect("the file");
    spoil(&file);
    let damaged = restore().await;
    assert!(!damaged.status.success(), "{}", damaged.output);
    assert!(damaged.output.contains("is damaged"), "{}", damaged.output);
    std::fs::remove_file(&file).expect("the file goes");
    let gone = restore().await;
    assert!(!gone.status.success(), "{}", gone.output);
    let left = std::fs::read_dir(elsewhere.path()).expect("a folder");
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    // What says who may serve stays, and is empty.
    let is_data = |name: &std::ffi::OsString| !name.to_string_lossy().ends_with(".lock");
    assert!(
        left.iter()
            .filter(|name| is_data(name))
            .all(|name| name == STORED),
        "a database without its files: {left:?}"
    );

    std::fs::write(&file, &whole).expect("the file comes back");
    let below = file.strip_prefix(in_backup(&server, "files"));
    let place = elsewhere.path().join(STORED).join(below.expect("a path"));
    std::fs::create_dir_all(place.parent().expect("a shelf")).expect("the shelf");
    std::fs::write(&place, &whole[..1_000]).expect("what a restore that was killed left");
    let restored = restore().await;
    assert!(restored.status.success(), "{}", restored.output);
    assert_eq!(std::fs::read(&place).expect("the file"), whole);
    let id = sent["file"].str("attachment").replace('-', "");
    assert!(place.ends_with(id));
}

#[tokio::test]
async fn who_adopts_a_database_without_its_files_is_told_how_many_are_missing() {
    let mut server = Server::start().await;
    let room = server.open_room().await;
    for n in 0..3 {
        let form = Form::file("a.pdf", "application/pdf", &pdf(5_000 + n));
        room.customer.send_file(&room, form).await.ok(201);
    }
    server.stop().await;
    let whole = server.run(&["restore", "--adopt"], &[]).await;
    assert!(whole.status.success(), "{}", whole.output);
    assert!(!whole.output.contains("not whole"), "{}", whole.output);
    let stored = server.folder().join(STORED);
    std::fs::remove_file(stored.join(&server.stored()[0])).expect("a file goes");
    let lacking = server.run(&["restore", "--adopt"], &[]).await;
    assert!(lacking.status.success(), "{}", lacking.output);
    assert!(
        lacking.output.contains("1 files of messages are not whole"),
        "{}",
        lacking.output
    );
}

/// Where the file of an upload or a message lies.
fn place_of(server: &Server, file: &Value) -> PathBuf {
    let id = file.str("attachment").replace('-', "");
    let stored = server.stored();
    let place = stored.iter().find(|path| path.ends_with(&id));
    server.folder().join(STORED).join(place.expect("the file"))
}

#[tokio::test]
async fn a_damaged_file_that_no_message_shows_is_left_out_of_a_backup_and_named() {
    let server = Server::start().await;
    if !server.is_sqlite() {
        return;
    }
    let room = server.open_room().await;
    let form = |n: usize| Form::file("a.pdf", "application/pdf", &pdf(5_000 + n));
    let shown = room.customer.send_file(&room, form(0)).await.ok(201);
    let deleted = room.customer.send_file(&room, form(1)).await.ok(201);
    let unsent = room.customer.upload(&room, form(2)).await.ok(201);
    let spoilt = [&deleted["file"], &unsent["file"], &shown["file"]];
    let places = spoilt.map(|file| place_of(&server, file));
    places.iter().for_each(|place| spoil(place));

    let refused = back_up(&server).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.output);
    let path = format!("/api/chat/messages/{}/", shown.str("id"));
    for said in ["is damaged", &path] {
        assert!(refused.output.contains(said), "{said}: {}", refused.output);
    }
    let left = std::fs::read_dir(server.folder()).expect("the folder");
    let left = left.map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?} was left");
    spoil(&places[2]);
    room.customer
        .delete(&message_path(&deleted, ""))
        .await
        .ok(204);
    let made = back_up(&server).await;
    assert!(made.status.success(), "{}", made.output);
    let left_out = made.output.lines().filter(|line| line.contains("left out"));
    let left_out: Vec<&str> = left_out.collect();
    assert_eq!(left_out.len(), 2, "{}", made.output);
    for (line, place) in left_out.iter().zip(&places) {
        let name = place.file_name().expect("a name").to_string_lossy();
        assert!(
            line.contains(&*name) && line.contains("is damaged"),
            "{line}"
        );
    }
    let elsewhere = Elsewhere::restored(&server).await;
    let restored = elsewhere.serve().await;
    let room = room.renewed(&restored);
    assert_eq!(
        room.rider.download(shown.str("file_path")).await.ok(),
        pdf(5_000)
    );
}
