//! A user in a room: how it ends, how they come back, from where on they see.

use crate::refusal::{Refusal, Rule};
use crate::role::Role;

/// How a participation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// By one's own wish; may come back.
    Left,
    /// By staff; staff may add back.
    Removed,
    /// The order has another rider; a later report may bring back.
    HandedOver,
    /// By an admin; nothing but an unblock ends it.
    Blocked,
}

impl Ended {
    pub const ALL: [Self; 4] = [Self::Left, Self::Removed, Self::HandedOver, Self::Blocked];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ended| ended.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::HandedOver => "handed_over",
            Self::Blocked => "blocked",
        }
    }
}

/// Who brings somebody (back) into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Their own wish: `/join/`, or a staff member's send.
    Own,
    /// Staff added them.
    Staff,
    /// The order names them.
    Order,
}

/// Whether somebody who ended may come back by this entrance (SPEC 4, "Ending and coming back").
///
/// # Errors
/// [`Rule::Blocked`] for staff who add a blocked person or are blocked themselves; otherwise
/// [`Refusal::NotFound`]: the room does not exist for who ended, unless `staff` (a token's role that
/// reaches the room).
pub fn may_return(ended: Ended, entrance: Entrance, staff: bool) -> Result<(), Refusal> {
    let allowed = match (ended, entrance) {
        (Ended::Blocked, _) => false,
        (_, Entrance::Staff) | (Ended::Left, Entrance::Own) => true,
        (_, Entrance::Own) => staff,
        (Ended::HandedOver, Entrance::Order) => true,
        (Ended::Left | Ended::Removed, Entrance::Order) => false,
    };
    if allowed {
        return Ok(());
    }
    // Staff know of the block; to everybody else the room does not exist.
    if entrance == Entrance::Staff || (entrance == Entrance::Own && staff) {
        let detail = "this person is blocked here; unblock them first";
        return Err(Refusal::conflict(Rule::Blocked, detail));
    }
    Err(Refusal::NotFound)
}

/// In which capacity somebody comes in: decides from where on they see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// The order's customer.
    OrderCustomer,
    /// Pharmacy, support or admin.
    Staff,
    /// The order's rider, from their assignment on.
    Rider,
    /// Joined or was invited from outside the order.
    Guest,
}

/// The first seq a person sees: SPEC 4, "What one sees". `joined` is the seq of their own
/// `participant.joined`; `before` how they ended and what they saw, if they were here before.
#[must_use]
pub fn visible_from(
    capacity: Capacity,
    joined: u64,
    before: Option<(Ended, u64)>,
    rider_sees_earlier: bool,
) -> u64 {
    match (before, capacity) {
        (Some((Ended::Left, from)), _) => from,
        (Some((Ended::HandedOver, _)), _) => joined,
        (_, Capacity::OrderCustomer | Capacity::Staff) => 1,
        (_, Capacity::Rider) if rider_sees_earlier => 1,
        (_, Capacity::Rider | Capacity::Guest) => joined,
    }
}

/// The participant's role is the user's own or one of lower rank (rider and customer are equal).
///
/// # Errors
/// [`Rule::Invalid`] at `pointer` when it is higher.
pub fn check_role(pointer: &str, wanted: Role, own: Role) -> Result<(), Refusal> {
    if wanted.rank() > own.rank() {
        let detail = format!(
            "{} is higher than the user's own role {}; give that or a lower one",
            wanted.as_str(),
            own.as_str()
        );
        return Err(Refusal::invalid(pointer, detail));
    }
    Ok(())
}

/// As what somebody comes back who left: as what they were, as far as their token still allows it.
#[must_use]
pub fn comes_back_as(before: Role, token: Role) -> Role {
    if before.rank() <= token.rank() {
        before
    } else {
        token
    }
}

/// Seats of a room that are free for one more person (SPEC 4): one each is kept for the order's
/// customer and rider while they are not in it, for nobody but them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    pub max: u32,
    pub active: u32,
    pub customer_in: bool,
    pub rider_in: bool,
}

/// For whom a seat is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatFor {
    OrderCustomer,
    OrderRider,
    Other,
}

impl Seats {
    /// # Errors
    /// [`Rule::RoomFull`].
    pub fn take(self, seat: SeatFor) -> Result<(), Refusal> {
        let kept = u32::from(!self.customer_in && seat != SeatFor::OrderCustomer)
            + u32::from(!self.rider_in && seat != SeatFor::OrderRider);
        if self.active + kept >= self.max {
            let detail = format!(
                "the room is full: {} of {} seats are taken and {kept} kept for the order's people",
                self.active, self.max
            );
            return Err(Refusal::conflict(Rule::RoomFull, detail));
        }
        Ok(())
    }

    /// Whether `max` may become this: never below those present and the seats kept.
    ///
    /// # Errors
    /// [`Rule::RoomFull`].
    pub fn resize(self, max: u32) -> Result<(), Refusal> {
        let kept = u32::from(!self.customer_in) + u32::from(!self.rider_in);
        if max < self.active + kept {
            let detail = format!(
                "{max} seats are too few: {} people are in the room and {kept} seats are kept for \
                 the order's people",
                self.active
            );
            return Err(Refusal::conflict(Rule::RoomFull, detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_left_comes_back_alone_and_only_handed_over_by_the_order() {
        use Ended::{Blocked, HandedOver, Left, Removed};
        for (ended, own, staff, order) in [
            (Left, true, true, false),
            (Removed, false, true, false),
            (HandedOver, false, true, true),
            (Blocked, false, false, false),
        ] {
            assert_eq!(
                may_return(ended, Entrance::Own, false).is_ok(),
                own,
                "{ended:?}"
            );
            assert_eq!(
                may_return(ended, Entrance::Staff, true).is_ok(),
                staff,
                "{ended:?}"
            );
            assert_eq!(
                may_return(ended, Entrance::Order, false).is_ok(),
                order,
                "{ended:?}"
            );
            assert_eq!(
                may_return(ended, Entrance::Own, true).is_ok(),
                ended != Blocked
            );
        }
    }

    #[test]
    fn one_sees_from_the_beginning_or_from_ones_own_coming() {
        assert_eq!(visible_from(Capacity::OrderCustomer, 9, None, false), 1);
        assert_eq!(visible_from(Capacity::Staff, 9, None, false), 1);
        assert_eq!(visible_from(Capacity::Rider, 9, None, false), 9);
        assert_eq!(visible_from(Capacity::Rider, 9, None, true), 1);
        assert_eq!(visible_from(Capacity::Guest, 9, None, false), 9);
        assert_eq!(
            visible_from(Capacity::Guest, 9, Some((Ended::Left, 4)), false),
            4
        );
        assert_eq!(
            visible_from(Capacity::Rider, 9, Some((Ended::HandedOver, 4)), false),
            9
        );
    }

    #[test]
    fn seats_are_kept_for_customer_and_rider() {
        let seats = Seats {
            max: 3,
            active: 1,
            customer_in: true,
            rider_in: false,
        };
        assert!(seats.take(SeatFor::Other).is_ok());
        let seats = Seats { active: 2, ..seats };
        assert!(seats.take(SeatFor::Other).is_err());
        assert!(seats.take(SeatFor::OrderRider).is_ok());
        assert!(seats.resize(2).is_err());
        assert!(seats.resize(3).is_ok());
    }
}
