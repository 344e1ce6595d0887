//! Defects on purpose: what the checkers of histories must find in a real server (`scripts/sabotage`).
//! No server has one unless it was built with the feature `sabotage`, which a release cannot be, and
//! its environment asks for it.

#[cfg(feature = "sabotage")]
mod on;

#[cfg(feature = "sabotage")]
pub use on::*;

#[cfg(not(feature = "sabotage"))]
pub use off::*;

#[cfg(not(feature = "sabotage"))]
mod off {
    use orderchat_domain::news::News;

    use crate::hearers::Hearers;

    /// What more is run of SQL when a database is opened.
    pub(crate) const fn schema() -> &'static str {
        ""
    }

    /// Tells of what is not committed yet.
    pub(crate) const fn tell_early(_: &Hearers, _: &[News]) {}

    /// The next entry of a log has the seq of the one before.
    pub(crate) const fn reuses_seq() -> bool {
        false
    }

    /// An event on its way to a follower is lost.
    #[must_use]
    pub const fn loses_event() -> bool {
        false
    }

    /// Who was blocked is told on.
    #[must_use]
    pub const fn forgets_block() -> bool {
        false
    }
}
