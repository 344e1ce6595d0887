//! What one follower heard of one room, laid out for the rules.

use std::collections::HashMap;

use crate::heard::{Heard, Sign};

#[derive(Debug)]
pub(crate) struct Following<'a> {
    pub(crate) process: &'a str,
    pub(crate) user: &'a str,
    pub(crate) steps: Vec<Step<'a>>,
}

#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) heard: &'a Heard,
    /// Up to where the follower had everything before this; `None` when it follows from now on and
    /// was not yet told where that is.
    pub(crate) had: Option<u64>,
}

impl<'a> Following<'a> {
    /// Everybody who followed `room`. After a restore only what came after the `resync` counts:
    /// what was heard before may be of the lost end.
    pub(crate) fn all(room: &str, heard: &'a [Heard], restored: bool) -> Vec<Self> {
        let mut order = Vec::new();
        let mut by_process = HashMap::<&str, Vec<&Heard>>::new();
        for one in heard.iter().filter(|h| h.room.as_deref() == Some(room)) {
            let steps = by_process.entry(&one.process).or_default();
            if steps.is_empty() {
                order.push(one.process.as_str());
            }
            steps.push(one);
        }
        let following = order.into_iter().filter_map(|process| {
            let mut steps = by_process.remove(process)?;
            if restored {
                let resync = steps.iter().rposition(|step| step.op == Sign::Resync)?;
                steps.drain(..resync);
            }
            Some(Self {
                process,
                user: &steps.first()?.user,
                steps: walk(steps),
            })
        });
        following.collect()
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = Told<'_, 'a>> {
        self.of(Sign::Event)
    }

    /// Steps of this kind that have a seq.
    pub(crate) fn of(&self, op: Sign) -> impl Iterator<Item = Told<'_, 'a>> {
        self.steps
            .iter()
            .filter(move |step| step.heard.op == op)
            .filter_map(|step| {
                step.heard.seq.map(|seq| Told {
                    seq,
                    had: step.had,
                    heard: step.heard,
                    following: self,
                })
            })
    }
}

/// A frame with its seq, and who heard it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'f, 'a> {
    pub(crate) seq: u64,
    pub(crate) had: Option<u64>,
    pub(crate) heard: &'a Heard,
    pub(crate) following: &'f Following<'a>,
}

fn walk(heard: Vec<&Heard>) -> Vec<Step<'_>> {
    let mut had = None;
    let steps = heard.into_iter().map(|heard| {
        let step = Step { heard, had };
        had = match heard.op {
            // A cursor is what the follower chose to have; without one it waits to be told.
            Sign::Follow | Sign::Resync => heard.seq,
            Sign::Event | Sign::CaughtUp => had.max(heard.seq),
            Sign::Bye | Sign::Closed | Sign::Waited => had,
        };
        step
    });
    steps.collect()
}
