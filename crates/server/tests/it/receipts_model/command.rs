//! What the model is tried with: random commands.

use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{INVITED, PEOPLE, RIDER};

#[derive(Clone, Debug)]
pub(super) enum Command {
    Say {
        who: usize,
    },
    Edit {
        message: Index,
    },
    /// By whoever said it, or by an admin.
    Delete {
        message: Index,
        by_admin: bool,
    },
    /// A message of the type `system`, which never counts.
    Announce,
    /// Another status of the order, which counts.
    Report,
    Read {
        who: usize,
        message: Index,
    },
    Deliver {
        who: usize,
        message: Index,
    },
    ReadRoom {
        who: usize,
    },
    /// Of their own wish.
    Leave {
        who: usize,
    },
    /// By an admin.
    Remove {
        who: usize,
    },
    /// By an admin.
    Block {
        who: usize,
    },
    /// Removed, and at once added again.
    GoAndCome {
        who: usize,
    },
    /// Whoever is not in the room comes, for the first time or again, as they may.
    Come {
        who: usize,
    },
}

pub(super) fn command() -> impl Strategy<Value = Command> {
    // Of whom it matters since when they are here, more often.
    let who = || prop_oneof![1 => 0..PEOPLE, 1 => Just(RIDER), 1 => Just(INVITED)];
    let message = any::<Index>;
    prop_oneof![
        6 => who().prop_map(|who| Command::Say { who }),
        1 => message().prop_map(|message| Command::Edit { message }),
        3 => (message(), any::<bool>())
            .prop_map(|(message, by_admin)| Command::Delete { message, by_admin }),
        1 => Just(Command::Announce),
        1 => Just(Command::Report),
        4 => (who(), message()).prop_map(|(who, message)| Command::Read { who, message }),
        3 => (who(), message()).prop_map(|(who, message)| Command::Deliver { who, message }),
        1 => who().prop_map(|who| Command::ReadRoom { who }),
        1 => who().prop_map(|who| Command::Leave { who }),
        1 => who().prop_map(|who| Command::Remove { who }),
        1 => who().prop_map(|who| Command::Block { who }),
        3 => who().prop_map(|who| Command::GoAndCome { who }),
        6 => who().prop_map(|who| Command::Come { who }),
    ]
}
