//! What people type by mistake: refused with the remedy, and nothing is changed by it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::demo::Demo;
use crate::harness::process::{Stopped, run};

const FOREIGN: &str = "remember the milk, and the bread\n";

/// A folder with a folder and files of somebody else in it, which anybody may read.
struct Others {
    folder: TempDir,
    names: [PathBuf; 3],
}

impl Others {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names = ["photos", "list.txt", "till.db"].map(|name| folder.path().join(name));
        std::fs::create_dir(&names[0]).expect("a folder");
        std::fs::write(&names[1], FOREIGN).expect("a file");
        let till = rusqlite::Connection::open(&names[2]).expect("a database");
        till.execute_batch("CREATE TABLE sale (id INTEGER)")
            .expect("a table");
        for (name, mode) in names.iter().zip([0o755, 0o644, 0o644]) {
            let open = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(name, open).expect("chmod");
        }
        Self { folder, names }
    }

    /// Names and modes of all that is there.
    fn state(&self) -> Vec<(PathBuf, u32)> {
        let entries = std::fs::read_dir(self.folder.path()).expect("it can be listed");
        let mut state: Vec<_> = entries
            .map(|entry| {
                let entry = entry.expect("it can be listed");
                let mode = entry.metadata().expect("it is there").permissions().mode();
                (entry.path(), mode)
            })
            .collect();
        state.sort();
        state
    }
}

fn says(stopped: &Stopped, words: &[&str]) {
    assert_eq!(stopped.status.code(), Some(1), "{}", stopped.output);
    for word in words {
        assert!(
            stopped.output.contains(word),
            "{word:?}: {}",
            stopped.output
        );
    }
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

#[tokio::test]
async fn what_a_database_is_named_by_mistake_is_left_as_it_is() {
    let others = Others::new();
    let before = others.state();
    for (name, remedy) in
        others
            .names
            .iter()
            .zip(["name a file in it", "not of SQLite", "of another program"])
    {
        let link = others.folder.path().join("link");
        std::os::unix::fs::symlink(name, &link).expect("a link");
        for path in [name, &link] {
            for command in ["serve", "migrate"] {
                let refused = run(&[command, "--database", &sqlite(path)], &[]).await;
                let shown = path.display().to_string();
                says(&refused, &["ORDERCHAT_DATABASE", &shown, remedy]);
            }
            let doctor = run(&["doctor", "--database", &sqlite(path)], &[]).await;
            assert!(!doctor.output.contains("chmod"), "{}", doctor.output);
        }
        std::fs::remove_file(&link).expect("it was there");
    }
    assert_eq!(others.state(), before);
    let text = std::fs::read_to_string(&others.names[1]).expect("it is there");
    assert_eq!(text, FOREIGN);
}

#[tokio::test]
async fn what_a_signing_key_is_named_by_mistake_is_left_as_it_is() {
    let others = Others::new();
    let before = others.state();
    for name in &others.names {
        let shown = name.display().to_string();
        let refused = run(&["serve", "--signing-key", &shown], &[]).await;
        says(&refused, &[&shown]);
    }
    assert_eq!(others.state(), before);
}

/// A database or a key that is made where one looked for another says that all is well.
#[tokio::test]
async fn what_looks_at_a_database_makes_none() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let database = sqlite(&empty.path().join("orderchat.db"));
    for command in [
        &["audit", "head"][..],
        &["audit", "verify"],
        &["restore", "--adopt"],
        &["backup", "/tmp/never-made"],
    ] {
        let refused = run(&[command, &["--database", &database]].concat(), &[]).await;
        let path = database.trim_start_matches("sqlite:");
        says(
            &refused,
            &["there is no database", path, "ORDERCHAT_DATABASE"],
        );
    }
    let doctor = run(&["doctor", "--database", &database], &[]).await;
    let says = "database: nothing is in it yet";
    assert!(doctor.output.contains(says), "{}", doctor.output);
    let left = std::fs::read_dir(empty.path()).expect("it can be listed");
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn doctor_finds_a_folder_that_cannot_be_written() {
    // Not even by root.
    let doctor = run(&["doctor", "--database", "sqlite:/proc/chat.db"], &[]).await;
    says(&doctor, &["/proc/chat.db cannot be written", "WRONG"]);
}

#[tokio::test]
async fn what_is_named_and_not_there_is_missed_before_a_database_is_made() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let file = empty.path().join("orderchat.db");
    let policy = ("ORDERCHAT_POLICY", "nope.toml");
    let keys = ("ORDERCHAT_AUTH_JWKS", "/nope.json");
    for variables in [&[policy][..], &[keys, ("ORDERCHAT_AUTH_SECRET", "")]] {
        let refused = run(&["serve", "--database", &sqlite(&file)], variables).await;
        let (setting, value) = variables[0];
        says(&refused, &[setting, value]);
        assert!(!file.exists(), "{setting}: {}", refused.output);
    }
}

#[tokio::test]
async fn a_time_to_live_that_no_token_may_have_is_named() {
    for ttl in ["0", "86401"] {
        let asked = ["token", "--sub", "s", "--role", "service", "--ttl", ttl];
        let refused = run(&asked, &[]).await;
        assert_eq!(refused.status.code(), Some(2), "{}", refused.output);
        for word in ["--ttl", ttl, "86400"] {
            assert!(refused.output.contains(word), "{}", refused.output);
        }
    }
}

/// Where clients and scripts of this project have theirs, see `examples/shop.py`.
#[tokio::test]
async fn an_exported_token_is_no_mistake() {
    let asked = ["token", "--sub", "s", "--role", "service"];
    let signed = run(&asked, &[("ORDERCHAT_TOKEN", "abc")]).await;
    assert!(signed.status.success(), "{}", signed.output);
}

#[tokio::test]
async fn a_demo_ends_with_its_terminal() {
    let status = Demo::start("1").hang_up().await;
    assert!(status.success(), "{status}");
}
