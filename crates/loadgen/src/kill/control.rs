//! The control: a checker that cannot fail proves nothing.
//!
//! One write after the other is acked by the real server and then lost on purpose, by putting the
//! database back to what it was just before. Each loss must be found, by the rule for it and by no
//! other.

use anyhow::{Context as _, Result, ensure};

use super::audience::Audience;
use super::database::Database;
use super::judge;
use super::writer::Writer;
use crate::history::Op;
use crate::server::{Launch, Server};
use crate::token::Minter;

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
    /// What it heard before must stand, too.
    pub(super) audience: &'a Audience,
}

impl Control<'_> {
    /// Takes over the running server and stops it in the end. The last of `writers` is the one
    /// that writes; everything that the others did must stand.
    ///
    /// # Errors
    /// When a loss is not found, or something else is.
    pub(super) async fn run(&self, server: Server, writers: &mut [Writer]) -> Result<()> {
        let witness = writers.last_mut().context("nobody to write")?;
        witness.once(&server.target, Op::Send).await?;
        server.kill().await?;
        self.database.copy().await?;
        for (op, rule) in LOSSES {
            let found = self.lose(op, writers).await?;
            let lost = format!("a lost {op:?}").to_lowercase();
            ensure!(
                found == [rule],
                "{lost} was found by {found:?}; it should be by {rule} alone"
            );
            println!("control: {lost} is found by {rule}");
        }
        Ok(())
    }

    /// Has one write acked and loses it. Answers the rules that are broken then, and forgets that
    /// there was such a write.
    async fn lose(&self, op: Op, writers: &mut [Writer]) -> Result<Vec<&'static str>> {
        let server = self.launch.start().await?;
        let witness = writers.last_mut().context("nobody to write")?;
        witness.once(&server.target, op).await?;
        server.kill().await?;
        self.database.put_back().await?;

        let server = self.launch.start().await?;
        let violations = judge(&server.target, self.minter, writers, self.audience).await?;
        server.kill().await?;
        let witness = writers.last_mut().context("nobody to write")?;
        witness.forget_last();
        let mut rules: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
        rules.dedup();
        Ok(rules)
    }
}
