//! The control: a checker that cannot fail proves nothing.
//!
//! One write after the other is acked by the real server and then lost on purpose, by putting the
//! database back to what it was just before. Each loss must be found, by the rule for it and by no
//! other. So must a file that is lost, with all its messages there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use super::audience::Audience;
use super::database::Database;
use super::writer::Writer;
use super::{files, heads, judge};
use crate::history::Op;
use crate::server::{Launch, Server};
use crate::setup::Room;
use crate::token::Minter;

/// What finds a send that followers had heard of before it was lost: as if it had been pushed
/// before it was committed.
const PUSHED: [&str; 2] = ["ok-send-once", "live-only-what-is-logged"];

/// What is lost, and the rule that has to notice it. The delete comes last: it takes from the
/// writer the message that the others are about.
const LOSSES: [(Op, &str); 4] = [
    (Op::Send, "ok-send-once"),
    (Op::Edit, "edit-applied"),
    (Op::Read, "watermark-holds"),
    (Op::Delete, "delete-applied"),
];

#[derive(Debug)]
pub(super) struct Control<'a> {
    pub(super) launch: &'a Launch,
    pub(super) minter: &'a Minter,
    pub(super) database: &'a Database,
    pub(super) rooms: &'a [Arc<Room>],
    /// Where the server has its files.
    pub(super) stored: &'a Path,
}

impl Control<'_> {
    /// Takes over the running server and stops it in the end. The last of `writers` is the one
    /// that writes; everything that the others did and heard must stand.
    ///
    /// # Errors
    /// When a loss is not found, or something else is.
    pub(super) async fn run(
        &self,
        server: Server,
        writers: &mut [Writer],
        audience: &mut Audience,
    ) -> Result<()> {
        let witness = writers.last_mut().context("nobody to write")?;
        witness.once(&server.target, Op::Send).await?;
        let file = witness.once_with_file(&server.target).await?;
        server.kill().await?;
        self.lose_file(&file).await?;
        self.database.copy().await?;
        for (op, rule) in LOSSES {
            let found = self.lose(op, writers, audience).await?;
            let lost = format!("a lost {op:?}").to_lowercase();
            ensure!(
                found == [rule],
                "{lost} was found by {found:?}; it should be by {rule} alone"
            );
            println!("control: {lost} is found by {rule}");
        }
        let found = self.lose_what_was_heard(writers, audience).await?;
        ensure!(
            found == PUSHED,
            "a push without a commit was found by {found:?}; it should be by {PUSHED:?}"
        );
        println!("control: a push without a commit is found by {}", PUSHED[1]);
        Ok(())
    }

    /// Takes away the file that was sent under this key, which must be found by the rule for files
    /// and of no other, and puts it back.
    async fn lose_file(&self, key: &str) -> Result<()> {
        let document = files::document(key);
        let place = find(self.stored, &document)?;
        let place = place.with_context(|| format!("the file of {key} is not stored"))?;
        std::fs::remove_file(&place).context("losing a file")?;
        let server = self.launch.start().await?;
        let judged = files::judge(&server.target, self.minter, self.rooms).await?;
        server.kill().await?;
        std::fs::write(&place, &document).context("putting a file back")?;
        let found = judged.violations;
        ensure!(
            matches!(&found[..], [one] if one.rule == files::WHOLE && one.detail.starts_with(key)),
            "a lost file was found by {found:?}; it should be by {} alone",
            files::WHOLE
        );
        println!("control: a lost file is found by {}", files::WHOLE);
        Ok(())
    }

    /// Has one write acked and loses it. Answers the rules that are broken then, and forgets that
    /// there was such a write.
    async fn lose(
        &self,
        op: Op,
        writers: &mut [Writer],
        audience: &Audience,
    ) -> Result<Vec<&'static str>> {
        let server = self.launch.start().await?;
        let witness = writers.last_mut().context("nobody to write")?;
        witness.once(&server.target, op).await?;
        server.kill().await?;
        let found = self.put_back_and_judge(writers, audience).await?;
        let witness = writers.last_mut().context("nobody to write")?;
        witness.forget_last();
        Ok(found)
    }

    /// The same with a send of which followers hear before it is lost. Nothing is forgotten: this
    /// comes last.
    async fn lose_what_was_heard(
        &self,
        writers: &mut [Writer],
        audience: &mut Audience,
    ) -> Result<Vec<&'static str>> {
        let server = self.launch.start().await?;
        audience.catch_up(&server.target, &heads(writers)).await?;
        let witness = writers.last_mut().context("nobody to write")?;
        witness.once(&server.target, Op::Send).await?;
        audience.wait_for(&heads(writers)).await?;
        server.kill().await?;
        self.put_back_and_judge(writers, audience).await
    }

    async fn put_back_and_judge(
        &self,
        writers: &[Writer],
        audience: &Audience,
    ) -> Result<Vec<&'static str>> {
        self.database.put_back().await?;
        let server = self.launch.start().await?;
        let violations = judge(&server.target, self.minter, writers, audience).await?;
        server.kill().await?;
        let mut rules: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
        rules.dedup();
        Ok(rules)
    }
}

/// The file of exactly these bytes in the folder, or below it.
fn find(folder: &Path, bytes: &[u8]) -> Result<Option<PathBuf>> {
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if entry.metadata()?.len() == bytes.len() as u64
                && std::fs::read(entry.path())? == bytes
            {
                return Ok(Some(entry.path()));
            }
        }
    }
    Ok(None)
}
