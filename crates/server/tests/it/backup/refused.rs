//! What is not restored, or only when asked, and leaves things as they were.

use std::path::Path;

use super::{FOLDER, back_up, in_backup, place_of, say, spoil, texts};
use crate::harness::Server;
use crate::harness::upload::{Form, pdf};

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
