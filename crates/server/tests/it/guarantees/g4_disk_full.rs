//! G4: on a full disk sends answer 507 within a second, reads go on, nothing that was acknowledged
//! is lost, and writing works again by itself once there is room.
//!
//! On a real disk of a few MiB: a tmpfs. Mounting it takes root; without, these tests fail and say so.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::server::Options;
use crate::harness::sql::Sql;
use crate::harness::tus::{begin, id_of, offset, patch};
use crate::harness::upload::{Form, pdf};
use crate::harness::{Answer, Client, Fields as _, Room, Server};

/// The longest that a refused send may take.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// The longest that it may take until writing works again: the disk is looked at every second.
const WELL_WITHIN: Duration = Duration::from_secs(10);

/// A small disk, gone with this value.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount(options: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = format!("size={options}");
        let path = folder.path().to_str().expect("a path in UTF-8");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs", path])
            .output()
            .expect("mount runs");
        assert!(
            mounted.status.success(),
            "G4 cannot be tried: a tmpfs cannot be mounted, which takes root: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all room but so much, in KiB.
    fn fill(&self, but_kib: u64) {
        let free = Command::new("df")
            .args(["--output=avail", "--block-size=1K"])
            .arg(self.path())
            .output()
            .expect("df runs");
        let free = String::from_utf8_lossy(&free.stdout);
        let free: u64 = free
            .lines()
            .last()
            .and_then(|line| line.trim().parse().ok())
            .expect("df prints a number");
        let size = free.saturating_sub(but_kib) * 1024;
        let bytes = vec![0; usize::try_from(size).expect("some MiB fit")];
        if let Err(error) = std::fs::write(self.ballast(), bytes) {
            // The server's jobs wrote meanwhile: what was to stay free is given back.
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
            let ballast = OpenOptions::new().write(true).open(self.ballast());
            let ballast = ballast.expect("the ballast");
            let length = ballast.metadata().expect("its length").len();
            let shorter = ballast.set_len(length.saturating_sub(but_kib * 1024));
            shorter.expect("room is given back");
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("there was something to remove");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server is ended by its own drop, which may come later.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} could not be unmounted", self.path().display());
        }
    }
}

/// The text of the `n`th message: letters that no database packs into less.
fn text(n: u32) -> String {
    let mut state = u64::from(n) + 1;
    let letters = (0..7_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'a' + (state >> 33) as u8 % 26)
    });
    format!("{n} {}", letters.collect::<String>())
}

struct Talk<'a> {
    room: &'a Room,
    said: u32,
    /// The ids of what was acknowledged.
    acked: Vec<String>,
}

impl<'a> Talk<'a> {
    const fn new(room: &'a Room) -> Self {
        Self {
            room,
            said: 0,
            acked: Vec::new(),
        }
    }

    /// Sends, and judges the answer: taken, or 507 within a second.
    async fn send(&mut self) -> Answer {
        self.said += 1;
        let content = text(self.said);
        let key = format!("k-{}", self.said);
        let said = json!({ "content": content, "client_message_id": key });
        let begun = Instant::now();
        let answer = self
            .room
            .customer
            .post(&self.room.at("messages/"), said)
            .await;
        match answer.status {
            201 => self.acked.push(answer.ok(201).string("id")),
            _ => {
                answer.refused(507);
                let took = begun.elapsed();
                assert!(took < REFUSED_WITHIN, "507 took {took:?}");
            }
        }
        answer
    }

    /// Sends until this is the answer.
    async fn until(&mut self, status: u16, within: Duration) {
        let deadline = Instant::now() + within;
        while self.send().await.status != status {
            assert!(Instant::now() < deadline, "no {status} within {within:?}");
        }
    }

    /// Everything that was acknowledged is there, and nothing that was refused.
    async fn is_kept(&self, reader: &Client) {
        let messages = reader
            .all(&self.room.at("messages/?after=0&limit=200"))
            .await;
        let said = messages
            .iter()
            .filter(|message| message["sender"] != Value::Null);
        let kept: Vec<String> = said.map(|message| message.string("id")).collect();
        assert_eq!(kept, self.acked);
    }
}

/// A database whose tables and indexes are on the disk, and PostgreSQL's own log is not.
struct OnPostgres {
    admin: Sql,
    name: String,
    url: String,
}

impl OnPostgres {
    /// `None` when the tests run on SQLite.
    async fn create(disk: &SmallDisk) -> Option<Self> {
        std::env::var("ORDERCHAT_TEST_ENGINE")
            .ok()
            .filter(|engine| engine == "postgres")?;
        let admin_url = std::env::var("ORDERCHAT_TEST_POSTGRES").expect("a PostgreSQL to test on");
        let name = format!("g4_{}", uuid::Uuid::now_v7().simple());
        let admin = Sql::connect(&admin_url).await;
        let place = disk.path().join("tables");
        std::fs::create_dir(&place).expect("a folder on the disk");
        let given = Command::new("chown").arg("postgres:").arg(&place).status();
        assert!(
            given.is_ok_and(|status| status.success()),
            "chown takes root"
        );
        let location = place.display();
        admin
            .execute(&format!("CREATE TABLESPACE {name} LOCATION '{location}'"))
            .await;
        admin
            .execute(&format!("CREATE DATABASE {name} TABLESPACE {name}"))
            .await;
        let mut url = reqwest::Url::parse(&admin_url).expect("a URL");
        url.set_path(&name);
        let url = url.into();
        Some(Self { admin, name, url })
    }

    async fn drop(self) {
        let name = &self.name;
        let drop_it = format!("DROP DATABASE {name} WITH (FORCE)");
        self.admin.execute(&drop_it).await;
        self.admin.execute(&format!("DROP TABLESPACE {name}")).await;
    }
}

fn on_sqlite(disk: &SmallDisk) -> Options {
    let file = disk.path().join("orderchat.db");
    Server::with("ORDERCHAT_DATABASE", &format!("sqlite:{}", file.display()))
}

#[tokio::test]
async fn g4_before_the_disk_is_full_nothing_new_is_taken_and_reading_goes_on() {
    let disk = SmallDisk::mount("24m,mode=755");
    let server = on_sqlite(&disk).start().await;
    let room = server.open_room().await;
    let mut talk = Talk::new(&room);
    talk.until(201, Duration::from_secs(1)).await;
    disk.fill(600);
    talk.until(507, WELL_WITHIN).await;
    room.service
        .report(&room.report.clone().with("status", "preparing"))
        .await
        .refused(507);
    // What was taken before is answered again; reading goes on, also for whoever comes anew, and
    // staff's reading is recorded.
    talk.is_kept(&room.customer).await;
    let again = json!({ "content": text(1), "client_message_id": "k-1" });
    room.customer
        .post(&room.at("messages/"), again)
        .await
        .ok(200);
    let newcomer = server.support("never-seen-before");
    newcomer.get(&room.at("messages/")).await.ok(200);
    let recorded = room
        .admin
        .get("/api/audit/?actor=never-seen-before")
        .await
        .ok(200);
    assert_eq!(recorded.results().len(), 1);
    server.anonymous().get("/readyz").await.ok(200);

    disk.make_room();
    talk.until(201, WELL_WITHIN).await;
    talk.is_kept(&room.customer).await;
}

#[tokio::test]
async fn g4_a_disk_that_is_full_loses_nothing_and_writing_works_again_by_itself() {
    let disk = SmallDisk::mount("24m,mode=755");
    let mut server = on_sqlite(&disk)
        .with("ORDERCHAT_DISK_RESERVE", "0")
        .with("ORDERCHAT_CHECKPOINT_EVERY", "1s")
        .start()
        .await;
    let room = server.open_room().await;
    let mut talk = Talk::new(&room);
    for _ in 0..3 {
        talk.until(201, WELL_WITHIN).await;
        disk.fill(0);
        // The write-ahead log may have some room left in its own file.
        talk.until(507, Duration::from_secs(30)).await;
        for _ in 0..5 {
            assert_eq!(talk.send().await.status, 507);
        }
        talk.is_kept(&room.customer).await;
        disk.make_room();
    }
    // Nothing but what is written fills it.
    talk.until(507, Duration::from_secs(60)).await;
    talk.is_kept(&room.customer).await;
    assert!(
        talk.acked.len() > 100,
        "only {} were taken",
        talk.acked.len()
    );

    server.restart_after_kill();
    talk.is_kept(&server.customer(&room.customer.user)).await;
    let database = format!("sqlite:{}", disk.path().join("orderchat.db").display());
    let here = [("ORDERCHAT_DATABASE", database.as_str())];
    let verified = server.run(&["audit", "verify"], &here).await;
    assert!(verified.status.success(), "{}", verified.output);
}

/// Of PostgreSQL's disk the server knows nothing beforehand: the database says so (SQLSTATE 53100).
#[tokio::test]
async fn g4_a_full_disk_of_postgres_loses_nothing_and_writing_works_again_by_itself() {
    let disk = SmallDisk::mount("48m,mode=755");
    let Some(database) = OnPostgres::create(&disk).await else {
        return;
    };
    let url = database.url.clone();
    let mut server = Server::with("ORDERCHAT_DATABASE", &url).start().await;
    let room = server.open_room().await;
    let mut talk = Talk::new(&room);
    for _ in 0..3 {
        talk.until(201, WELL_WITHIN).await;
        disk.fill(0);
        // Tables have some room left in their own files.
        talk.until(507, Duration::from_secs(30)).await;
        talk.is_kept(&room.customer).await;
        server.anonymous().get("/readyz").await.ok(200);
        disk.make_room();
    }
    talk.until(201, WELL_WITHIN).await;
    talk.is_kept(&room.customer).await;
    server.stop().await;
    let here = [("ORDERCHAT_DATABASE", url.as_str())];
    let verified = server.run(&["audit", "verify"], &here).await;
    assert!(verified.status.success(), "{}", verified.output);
    database.drop().await;
}

/// Files on a disk of their own: the database's has room.
#[tokio::test]
async fn g4_on_a_full_disk_of_files_uploads_are_507_and_all_else_goes_on() {
    const SIZE: usize = 2_500_000;
    let disk = SmallDisk::mount("16m,mode=755");
    let storage = format!("file:{}", disk.path().join("files").display());
    let server = Server::with("ORDERCHAT_STORAGE", &storage).start().await;
    let room = server.open_room().await;
    let form = || Form::file("a.pdf", "application/pdf", &pdf(SIZE));
    let before = room.customer.send_file(&room, form()).await.ok(201);
    let upload = begin(&room.customer, &room, SIZE).await;
    let first = patch(&room.customer, &upload, 0, &pdf(SIZE)[..1_000_000]).await;
    assert_eq!(first.status, 204);

    disk.fill(200);
    for _ in 0..3 {
        room.customer.send_file(&room, form()).await.refused(507);
        room.customer.upload(&room, form()).await.refused(507);
        let rest = &pdf(SIZE)[1_000_000..];
        let cut = patch(&room.customer, &upload, 1_000_000, rest).await;
        assert_eq!(cut.status, 507);
    }
    room.customer.say(&room, "Text goes on.").await;
    let file = room.rider.download(before.str("file_path")).await;
    assert_eq!(file.ok(), pdf(SIZE));

    disk.make_room();
    let after = room.customer.send_file(&room, form()).await.ok(201);
    let at = offset(&room.customer, &upload).await;
    assert_eq!(at.header("upload-offset"), "1000000");
    let rest = patch(&room.customer, &upload, 1_000_000, &pdf(SIZE)[1_000_000..]).await;
    assert_eq!(rest.status, 204);
    let draft = json!({ "attachment": id_of(&upload) });
    let named = room.customer.send(&room, draft).await.ok(201);
    for message in [before, after, named] {
        let file = room.rider.download(message.str("file_path")).await;
        assert_eq!(file.ok(), pdf(SIZE));
    }
}
