//! What a cell of the matrix must answer, from the rules in `orderchat_domain`.

use orderchat_domain::permission::{
    Access, Action as A, Grant, Reach, Standing, grant, permit, reach,
};
use orderchat_domain::policy::{As, Circumstances, OrderPolicy};
use orderchat_domain::room::{By, RoomStatus, check_receipts, check_state};
use orderchat_domain::{Millis, Refusal, TokenRole};

use super::routes::Asks::{self, Attach, Card, Create, Others, Own, Receipt, Role, Table, Token};

/// Where a caller stands to the room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    In,
    Outside,
    /// Outside, but the room is of their pharmacy.
    Theirs,
}

/// What a cell may answer.
#[derive(Debug, PartialEq)]
pub(super) enum Expected {
    Done,
    /// One of these; several reasons may hold at once, and either may be told.
    Refused(Vec<u16>),
    /// The contract leaves it open, but not whether the server stands.
    Open,
}

/// Who asks, from where, and in which state the room is.
#[derive(Clone, Copy)]
pub(super) struct Situation {
    pub(super) role: TokenRole,
    pub(super) place: Place,
    pub(super) status: RoomStatus,
    pub(super) public: bool,
}

impl Situation {
    fn access(&self) -> Access {
        Access {
            standing: match self.place {
                Place::In => Standing::In { guest: false },
                Place::Outside | Place::Theirs => Standing::Outside,
            },
            // Staff of the order are of its pharmacy too.
            theirs: self.role == TokenRole::Pharmacy && self.place != Place::Outside,
            public: self.public,
            readable: self.place != Place::In || self.readable(),
        }
    }

    /// Whether the default policy lets somebody of this role read the room of an active order.
    fn readable(&self) -> bool {
        let Some(role) = self.role.person() else {
            return true;
        };
        let now = Millis(0);
        let at = Circumstances {
            order_status: "accepted",
            room_status: self.status,
            final_at: None,
            reopened_at: None,
            closed_at: None,
            now,
        };
        OrderPolicy::default()
            .rights(As { role, guest: false }, at)
            .read
    }

    fn by(&self) -> By {
        match self.role {
            TokenRole::Support | TokenRole::Admin => By::Moderator,
            TokenRole::Service => By::System,
            _ => By::Person,
        }
    }

    pub(super) fn expected(&self, asks: Asks) -> Expected {
        match asks {
            Token if self.role == TokenRole::Service => Expected::Open,
            Token => Expected::Done,
            Role(action) => match grant(self.role, action) {
                Grant::No => Expected::Refused(vec![403]),
                _ => Expected::Done,
            },
            Card if reach(self.role, self.access()) >= Reach::Card => Expected::Done,
            Card => Expected::Refused(vec![404]),
            Create => self.creating(),
            Receipt => self.marking(),
            Table(A::LeaveRoom) if self.place != Place::In => {
                self.refusing(A::LeaveRoom, &[404, 409])
            }
            Table(action) => self.by_table(action, None),
            Attach => match self.by_table(A::SendMessage, None) {
                Expected::Done if self.role == TokenRole::Service => Expected::Refused(vec![403]),
                Expected::Refused(mut reasons) if reasons != [404] => {
                    reasons.push(403);
                    Expected::Refused(reasons)
                }
                expected => expected,
            },
            Own(_) if self.place != Place::In => Expected::Open,
            Own(action) => self.by_table(action, Some(true)),
            Others(action) => self.by_table(action, Some(false)),
        }
    }

    /// Who may not know of the room gets 404. For the others every rule that refuses is a reason.
    fn by_table(&self, action: A, own: Option<bool>) -> Expected {
        let mut reasons = Vec::new();
        match permit(self.role, action, self.access()) {
            Ok(()) => {}
            Err(Refusal::NotFound) => return Expected::Refused(vec![404]),
            Err(_) => reasons.push(403),
        }
        if own == Some(false) && grant(self.role, action) != Grant::Any {
            reasons.push(403);
        }
        if check_state(self.status, action, self.by()).is_err() || !self.has_edge(action) {
            reasons.push(409);
        }
        if reasons.is_empty() {
            Expected::Done
        } else {
            Expected::Refused(reasons)
        }
    }

    fn has_edge(&self, action: A) -> bool {
        use orderchat_domain::room::Transition::{Archive, Close, Reopen};
        let transition = match action {
            A::CloseRoom => Close,
            A::ReopenRoom => Reopen,
            A::ArchiveRoom => Archive,
            _ => return true,
        };
        self.status.after(transition).is_ok()
    }

    /// Refused for sure, by the table or for one of these reasons.
    fn refusing(&self, action: A, reasons: &[u16]) -> Expected {
        match self.by_table(action, None) {
            Expected::Refused(more) if more == [404] => Expected::Refused(more),
            Expected::Refused(more) => Expected::Refused([&more[..], reasons].concat()),
            _ => Expected::Refused(reasons.to_vec()),
        }
    }

    fn marking(&self) -> Expected {
        match self.by_table(A::ReadRoom, None) {
            Expected::Done if self.place != Place::In => Expected::Open,
            Expected::Done if check_receipts(self.status).is_err() => Expected::Refused(vec![409]),
            reached => reached,
        }
    }

    /// The room is there already: who may create it finds it.
    fn creating(&self) -> Expected {
        let knows = reach(self.role, self.access()) == Reach::Room;
        match grant(self.role, A::CreateRoom) {
            Grant::No => Expected::Refused(vec![403]),
            _ if knows => Expected::Done,
            _ => Expected::Refused(vec![404, 422]),
        }
    }
}
