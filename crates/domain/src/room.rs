//! The conversation of one order: its states, its words, its seats.

use crate::permission::Action;
use crate::refusal::{Refusal, Rule};
use crate::text;

/// Least and most participants a room may be made for, and the number it has if none is given.
pub const MIN_PARTICIPANTS: u32 = 2;
pub const MAX_PARTICIPANTS: u32 = 50;
pub const DEFAULT_PARTICIPANTS: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoomStatus {
    Open,
    Closed,
    Archived,
}

/// A change of a room's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transition {
    Close,
    Reopen,
    Archive,
}

impl RoomStatus {
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Archived];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Archived => "archived",
        }
    }

    /// The state machine: `open → closed → archived`, `closed → open`, `open → archived`.
    ///
    /// # Errors
    /// [`Rule::RoomState`]: there is no such edge.
    pub fn after(self, transition: Transition) -> Result<Self, Refusal> {
        match (self, transition) {
            (Self::Open, Transition::Close) => Ok(Self::Closed),
            (Self::Closed, Transition::Reopen) => Ok(Self::Open),
            (Self::Open | Self::Closed, Transition::Archive) => Ok(Self::Archived),
            (state, _) => Err(Refusal::conflict(
                Rule::RoomState,
                format!(
                    "the room is {} already; it cannot be changed to that",
                    state.as_str()
                ),
            )),
        }
    }
}

/// Who did it, as far as the state's rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Customers, riders and pharmacy staff.
    Person,
    /// Support and admin: may take content away in every state.
    Moderator,
    /// The service or the server itself.
    System,
}

/// What a room in this state takes: SPEC 4, "Whatever takes access or content away works in every
/// state". Changes of state ask [`RoomStatus::after`] instead.
///
/// # Errors
/// [`Rule::RoomState`].
pub fn check_state(status: RoomStatus, action: Action, by: By) -> Result<(), Refusal> {
    use Action::{
        ArchiveRoom, BlockParticipant, CloseRoom, DeleteMessage, DeleteRoom, LeaveRoom,
        ReadHistory, ReadOrder, ReadRights, ReadRoom, ReadStatistics, RemoveParticipant,
        ReopenRoom, ReportMessage, SendMessage,
    };
    let fits = match action {
        ReadRoom | ReadOrder | ReadRights | ReadHistory | ReadStatistics | ReportMessage
        | BlockParticipant | RemoveParticipant | LeaveRoom | DeleteRoom | CloseRoom
        | ReopenRoom | ArchiveRoom => true,
        DeleteMessage if by == By::Moderator => true,
        SendMessage if by == By::System => status != RoomStatus::Archived,
        _ => status == RoomStatus::Open,
    };
    if fits {
        return Ok(());
    }
    Err(state_refusal(status))
}

/// Receipts are taken until the room is archived.
///
/// # Errors
/// [`Rule::RoomState`].
pub fn check_receipts(status: RoomStatus) -> Result<(), Refusal> {
    if status == RoomStatus::Archived {
        Err(state_refusal(status))
    } else {
        Ok(())
    }
}

fn state_refusal(status: RoomStatus) -> Refusal {
    let remedy = match status {
        RoomStatus::Closed => "; staff can reopen it",
        RoomStatus::Open | RoomStatus::Archived => "",
    };
    Refusal::conflict(
        Rule::RoomState,
        format!("the room is {}{remedy}", status.as_str()),
    )
}

/// What people may set on a room; `None` = leave as it is, `Some(None)` = clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomChange {
    pub title: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub is_public: Option<bool>,
    pub max_participants: Option<u32>,
}

impl RoomChange {
    /// Cleans the texts and checks the number; a blank text clears.
    ///
    /// # Errors
    /// [`Rule::Invalid`] at the field.
    pub fn parse(
        title: Option<Option<&str>>,
        description: Option<Option<&str>>,
        is_public: Option<bool>,
        max_participants: Option<i64>,
    ) -> Result<Self, Refusal> {
        let clean = |pointer, text: Option<Option<&str>>, longest| {
            text.map(|text| text::clean_optional(pointer, text, longest))
                .transpose()
        };
        let max_participants = max_participants
            .map(|wanted| {
                u32::try_from(wanted)
                    .ok()
                    .filter(|wanted| (MIN_PARTICIPANTS..=MAX_PARTICIPANTS).contains(wanted))
                    .ok_or_else(|| {
                        let detail = format!(
                            "{wanted} is out of range; give {MIN_PARTICIPANTS} to {MAX_PARTICIPANTS}"
                        );
                        Refusal::invalid("/max_participants", detail)
                    })
            })
            .transpose()?;
        Ok(Self {
            title: clean("/title", title, text::TITLE_LENGTH)?,
            description: clean("/description", description, text::DESCRIPTION_LENGTH)?,
            is_public,
            max_participants,
        })
    }

    /// A description needs a title. Asked with what the room would then have.
    ///
    /// # Errors
    /// [`Rule::Invalid`] at the description.
    pub fn check_title(title: Option<&str>, description: Option<&str>) -> Result<(), Refusal> {
        if description.is_some() && title.is_none() {
            return Err(Refusal::invalid(
                "/description",
                "needs a title; give one too",
            ));
        }
        Ok(())
    }
}

/// The title shown: the one given, else one made of the order's number, for those who may know it.
#[must_use]
pub fn shown_title(title: Option<&str>, order_number: Option<&str>) -> String {
    match (title, order_number) {
        (Some(title), _) => title.to_owned(),
        (None, Some(number)) => format!("Order #{number} Chat"),
        (None, None) => "Public chat".to_owned(),
    }
}

/// A word by whose beginning a room is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWord {
    /// In lower case.
    pub word: String,
    /// It stands on the room's card: those who do not know of the order find it by this one, too.
    pub on_card: bool,
}

/// The words by whose beginning a room is found: its order's number, its code, the words of its
/// title with and without what is around them.
#[must_use]
pub fn search_words(code: &str, order_number: &str, title: Option<&str>) -> Vec<SearchWord> {
    let title = title.unwrap_or_default();
    let card = std::iter::once(code)
        .chain(title.split_whitespace())
        .chain(title.split(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<SearchWord> = card
        .map(|word| (word, true))
        .chain(std::iter::once((order_number, false)))
        .map(|(word, on_card)| SearchWord {
            word: word.to_lowercase(),
            on_card,
        })
        .filter(|found| !found.word.is_empty())
        .collect();
    // Of two that are the same, the one on the card stays.
    words.sort_unstable_by(|one, other| {
        (&one.word, !one.on_card).cmp(&(&other.word, !other.on_card))
    });
    words.dedup_by(|next, kept| next.word == kept.word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_machine_has_four_edges() {
        use RoomStatus::{Archived, Closed, Open};
        let mut edges = Vec::new();
        for from in RoomStatus::ALL {
            for transition in [Transition::Close, Transition::Reopen, Transition::Archive] {
                if let Ok(to) = from.after(transition) {
                    edges.push((from, to));
                }
            }
        }
        assert_eq!(
            edges,
            [
                (Open, Closed),
                (Open, Archived),
                (Closed, Open),
                (Closed, Archived)
            ]
        );
    }

    #[test]
    fn what_takes_away_works_in_every_state_and_the_rest_only_while_open() {
        for status in [RoomStatus::Closed, RoomStatus::Archived] {
            for action in [
                Action::BlockParticipant,
                Action::RemoveParticipant,
                Action::LeaveRoom,
            ] {
                assert!(check_state(status, action, By::Person).is_ok());
            }
            assert!(check_state(status, Action::DeleteMessage, By::Moderator).is_ok());
            assert!(check_state(status, Action::DeleteMessage, By::Person).is_err());
            assert!(check_state(status, Action::SendMessage, By::Person).is_err());
            assert!(check_state(status, Action::UnblockParticipant, By::Moderator).is_err());
        }
        assert!(check_state(RoomStatus::Closed, Action::SendMessage, By::System).is_ok());
        assert!(check_state(RoomStatus::Archived, Action::SendMessage, By::System).is_err());
        assert!(check_receipts(RoomStatus::Closed).is_ok());
        assert!(check_receipts(RoomStatus::Archived).is_err());
    }

    #[test]
    fn a_description_needs_a_title() {
        assert!(RoomChange::check_title(None, Some("about")).is_err());
        assert!(RoomChange::check_title(Some("title"), Some("about")).is_ok());
    }

    #[test]
    fn the_orders_number_is_on_the_card_only_if_the_title_has_it() {
        let on_card = |title| {
            search_words("CHAT-1", "N-7", title)
                .into_iter()
                .map(|found| (found.word, found.on_card))
                .collect::<Vec<_>>()
        };
        let word = |text: &str, on_card| (text.to_owned(), on_card);
        assert_eq!(on_card(None), [word("chat-1", true), word("n-7", false)]);
        assert!(on_card(Some("About N-7")).contains(&word("n-7", true)));
        assert_eq!(shown_title(None, None), "Public chat");
    }

    #[test]
    fn capacity_is_2_to_50() {
        for (wanted, fits) in [(1, false), (2, true), (50, true), (51, false), (-3, false)] {
            assert_eq!(
                RoomChange::parse(None, None, None, Some(wanted)).is_ok(),
                fits,
                "{wanted}"
            );
        }
    }
}
