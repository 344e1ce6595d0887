//! Where Orderchat keeps things: one implementation over two engines, SQLite and PostgreSQL.
//!
//! Everything that reads or writes is a plain synchronous function over [`Tx`] in the module of
//! the table it concerns; [`Store`] runs such functions in transactions. Rules live in
//! `orderchat-domain`; here is only how things are stored, and the hash chain of the log.

pub mod actors;
mod alone;
pub mod attachments;
pub mod audit;
pub mod checkpoints;
pub mod copy;
mod engine;
mod error;
pub mod follow;
mod grouped;
mod hearers;
pub mod history;
pub mod live;
pub mod log;
pub mod messages;
pub mod meta;
mod migrate;
pub mod orders;
pub mod participants;
pub mod policies;
pub mod proof;
pub mod receipts;
pub mod reports;
pub mod restore;
pub mod rooms;
mod row;
pub mod sabotage;
pub mod search;
pub mod sends;
mod sql;
pub mod statistics;
mod store;
pub mod threads;
pub mod timers;
pub mod unread;
pub mod uploads;
pub mod users;
mod value;

pub use alone::Alone;
pub use engine::Tx;
pub use engine::sqlite::{Disk, ensure_no_folder, ensure_sqlite_file};
pub use error::{AsStoreError, Result, StoreError};
pub use grouped::{Batch, Grouped, Outcome, Patience, Ran};
pub use migrate::{Migrated, newest as newest_schema};
pub use sql::Sql;
pub use store::{Engine, Options, POSTGRES_SETTINGS, Store};

/// Every SQL text of the crate, so that a test can prepare each on both engines.
#[must_use]
pub fn statements() -> Vec<&'static Sql> {
    [
        actors::SQL,
        audit::SQL,
        checkpoints::SQL,
        follow::SQL,
        history::SQL,
        live::SQL,
        log::SQL,
        messages::SQL,
        meta::SQL,
        orders::SQL,
        participants::SQL,
        policies::SQL,
        proof::SQL,
        receipts::SQL,
        restore::SQL,
        reports::SQL,
        rooms::SQL,
        sends::SQL,
        statistics::SQL,
        threads::SQL,
        unread::SQL,
        uploads::SQL,
        timers::SQL,
        users::SQL,
    ]
    .concat()
    .into_iter()
    .chain(attachments::listing())
    .chain(rooms::listings())
    .chain(search::listing())
    .collect()
}
