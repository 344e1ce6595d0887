//! Who may do what: the table of SPEC 3, and the one function that every path asks.

use Grant::{All, Any, InIt, No, Own, OwnInTime, Policy, System, Theirs, Yes};

use crate::caller::Caller;
use crate::participant::Ended;
use crate::refusal::{Refusal, Rule};
use crate::role::TokenRole;

/// Something that may be asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// List and read rooms, messages, participants, the room log.
    ReadRoom,
    /// Join, and come back after leaving.
    JoinRoom,
    LeaveRoom,
    CreateRoom,
    UpdateRoom,
    CloseRoom,
    ReopenRoom,
    ArchiveRoom,
    DeleteRoom,
    AddParticipant,
    RemoveParticipant,
    ChangeParticipant,
    MuteParticipant,
    UnmuteParticipant,
    BlockParticipant,
    UnblockParticipant,
    SendMessage,
    EditMessage,
    DeleteMessage,
    /// Report a message, to those who moderate.
    ReportMessage,
    /// Earlier texts, deleted originals, the audit.
    ReadHistory,
    ReadStatistics,
    /// Report orders, order events and users.
    ReportOrders,
    /// Read an order and its timeline.
    ReadOrder,
    /// Read an order's table of rights.
    ReadRights,
}

/// What a cell of the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    No,
    /// In every room the role reaches.
    Yes,
    /// Only where one is an active participant.
    InIt,
    /// Where one is an active participant, or the pharmacy is one's own.
    Theirs,
    /// Everywhere.
    All,
    /// One's own.
    Own,
    /// One's own, while the policy's window is open.
    OwnInTime,
    /// Anybody's, with a reason.
    Any,
    /// As the order policy says.
    Policy,
    /// Messages of the system only.
    System,
}

/// SPEC 3, cell by cell, and who may report a message: whoever reads it, but for the service. The
/// columns: customer, rider, pharmacy, support, admin, service.
#[rustfmt::skip]
pub const TABLE: [(Action, [Grant; 6]); 25] = [
    (Action::ReadRoom,          [InIt,      InIt,      Theirs, All,  All,  All]),
    (Action::JoinRoom,          [Yes,       Yes,       Yes,    Yes,  Yes,  No]),
    (Action::CreateRoom,        [No,        No,        Theirs, Yes,  Yes,  Yes]),
    (Action::UpdateRoom,        [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::CloseRoom,         [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::ReopenRoom,        [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::ArchiveRoom,       [No,        No,        No,     No,   Yes,  Yes]),
    (Action::DeleteRoom,        [No,        No,        No,     No,   Yes,  Yes]),
    (Action::AddParticipant,    [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::RemoveParticipant, [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::ChangeParticipant, [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::LeaveRoom,         [Yes,       Yes,       Yes,    Yes,  Yes,  No]),
    (Action::MuteParticipant,   [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::UnmuteParticipant, [No,        No,        Yes,    Yes,  Yes,  Yes]),
    (Action::BlockParticipant,  [No,        No,        No,     No,   Yes,  Yes]),
    (Action::UnblockParticipant,[No,        No,        No,     No,   Yes,  Yes]),
    (Action::SendMessage,       [Policy,    Policy,    Yes,    Yes,  Yes,  System]),
    (Action::EditMessage,       [OwnInTime, OwnInTime, Own,    Own,  Own,  No]),
    (Action::DeleteMessage,     [OwnInTime, OwnInTime, Own,    Any,  Any,  No]),
    (Action::ReportMessage,     [Yes,       Yes,       Yes,    Yes,  Yes,  No]),
    (Action::ReadHistory,       [No,        No,        No,     No,   Yes,  No]),
    (Action::ReadStatistics,    [No,        No,        Theirs, Yes,  Yes,  Yes]),
    (Action::ReportOrders,      [No,        No,        No,     No,   No,   Yes]),
    (Action::ReadOrder,         [InIt,      InIt,      Theirs, All,  All,  All]),
    (Action::ReadRights,        [No,        No,        Theirs, All,  All,  All]),
];

/// The table's cell.
#[must_use]
pub fn grant(role: TokenRole, action: Action) -> Grant {
    let column = match role {
        TokenRole::Customer => 0,
        TokenRole::Rider => 1,
        TokenRole::Pharmacy => 2,
        TokenRole::Support => 3,
        TokenRole::Admin => 4,
        TokenRole::Service => 5,
    };
    TABLE
        .iter()
        .find(|(row, _)| *row == action)
        .map_or(No, |(_, cells)| cells[column])
}

/// How the caller stands to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Never in it.
    Outside,
    /// An active participant.
    In { guest: bool },
    /// No longer in it.
    Ended(Ended),
}

/// All that decides whether a caller reaches a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub standing: Standing,
    /// The room's pharmacy is in the token's `pharmacy` claim.
    pub theirs: bool,
    pub public: bool,
    /// The order policy lets the participant read the room in its present state; of who was never in
    /// it: it would let them, as a guest of an open room.
    pub readable: bool,
}

/// How much of a room somebody reaches, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It does not exist for them.
    Nothing,
    /// They left it and may come back, as far as they could read it; nothing else.
    Return,
    /// The card of a public room, and joining it.
    Card,
    /// The room.
    Room,
}

/// What the role reaches of the room: SPEC 3's first row, and SPEC 4 on ending and public rooms.
#[must_use]
pub fn reach(role: TokenRole, access: Access) -> Reach {
    let outside = if access.public {
        Reach::Card
    } else {
        Reach::Nothing
    };
    if access.standing == Standing::Ended(Ended::Blocked) && role != TokenRole::Admin {
        return Reach::Nothing;
    }
    let by_role = match grant(role, Action::ReadRoom) {
        All => true,
        Theirs => access.theirs,
        _ => false,
    };
    if by_role {
        return Reach::Room;
    }
    match access.standing {
        Standing::Outside if role == TokenRole::Service => Reach::Nothing,
        Standing::Outside => outside,
        Standing::In { .. } if access.readable => Reach::Room,
        Standing::In { guest: true } => outside,
        Standing::In { guest: false } => Reach::Nothing,
        Standing::Ended(Ended::Left) if access.readable => Reach::Return,
        Standing::Ended(_) => Reach::Nothing,
    }
}

/// May somebody of this role do this to a room they stand so to? Every path asks here first.
///
/// # Errors
/// [`Refusal::NotFound`] when they may not know the room, [`Rule::Permission`] when they may, but
/// the table says no.
pub fn permit(role: TokenRole, action: Action, access: Access) -> Result<(), Refusal> {
    let least = if action == Action::JoinRoom {
        Reach::Return
    } else {
        Reach::Room
    };
    let reach = reach(role, access);
    // Nobody comes in by the card who could not read the room then.
    let comes_in_vain = action == Action::JoinRoom && reach == Reach::Card && !access.readable;
    if reach < least || comes_in_vain {
        return Err(Refusal::NotFound);
    }
    if access.standing == (Standing::In { guest: true }) {
        // Which order the room is of is not theirs to know: a 403 would tell.
        if is_of_order(action) {
            return Err(Refusal::NotFound);
        }
        if !guests_may(action) {
            let detail = "guests read, write, report and leave; the room's own people do the rest";
            return Err(Refusal::forbidden(Rule::Permission, detail));
        }
    }
    permit_role(role, action)?;
    // Being in the room of another pharmacy is not enough: the claim decides.
    if grant(role, action) == Theirs && action != Action::ReadRoom && !access.theirs {
        let detail = "the room's pharmacy is not in the token's pharmacy claim";
        return Err(Refusal::forbidden(Rule::Permission, detail));
    }
    Ok(())
}

/// What guests may do whatever their role: staff of another pharmacy who joined a public room have
/// no say over it.
const fn guests_may(action: Action) -> bool {
    matches!(
        action,
        Action::ReadRoom
            | Action::JoinRoom
            | Action::LeaveRoom
            | Action::SendMessage
            | Action::EditMessage
            | Action::DeleteMessage
            | Action::ReportMessage
    )
}

/// What names an order, and not its room.
const fn is_of_order(action: Action) -> bool {
    matches!(
        action,
        Action::CreateRoom | Action::ReadOrder | Action::ReadRights
    )
}

/// [`permit`] for what is asked of no room: report orders, create a room.
///
/// # Errors
/// [`Rule::Permission`].
pub fn permit_role(role: TokenRole, action: Action) -> Result<(), Refusal> {
    if grant(role, action) == No {
        let detail = format!("the role {} may not do this", role.as_str());
        return Err(Refusal::forbidden(Rule::Permission, detail));
    }
    Ok(())
}

/// [`permit_role`] for what is not of one room: report orders and users, read the audit. A token that
/// is good for one room is good for none of it.
///
/// # Errors
/// [`Rule::Permission`], [`Rule::TokenRoom`].
pub fn permit_everywhere(caller: &Caller, action: Action) -> Result<(), Refusal> {
    permit_role(caller.role, action)?;
    if caller.room.is_some() {
        let detail = "this token is good for one room only, and this is not of one room";
        return Err(Refusal::forbidden(Rule::TokenRoom, detail));
    }
    Ok(())
}

/// Nobody mutes, blocks, removes or changes a participant who outranks them; equal rank is allowed.
///
/// # Errors
/// [`Rule::Rank`].
pub fn permit_rank(caller: TokenRole, other: crate::Role) -> Result<(), Refusal> {
    if other.rank() > caller.rank() {
        let detail = format!("{} outranks {}", other.as_str(), caller.as_str());
        return Err(Refusal::forbidden(Rule::Rank, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
