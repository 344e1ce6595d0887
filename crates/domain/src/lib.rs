//! The words and rules of Orderchat, pure: values in, a decision or a typed [`Refusal`] out.
//!
//! Nothing here waits, stores, or asks for the time or for randomness; whoever calls passes them
//! in. Every surface (REST, live, order events, timers, the command line) asks these functions and
//! no others.

pub mod access;
pub mod attachment;
pub mod audit;
pub mod caller;
pub mod capabilities;
pub mod card;
pub mod checkpoint;
pub mod event;
pub mod id;
pub mod message;
pub mod news;
pub mod order;
pub mod participant;
pub mod permission;
pub mod policy;
pub mod preferences;
pub mod project;
pub mod proof;
pub mod receipt;
pub mod refusal;
pub mod role;
pub mod room;
pub mod search;
pub mod statistics;
pub mod system;
pub mod text;
pub mod time;

pub use caller::Caller;
pub use id::{AttachmentId, MessageId, OrderId, ParticipantId, RoomCode, RoomId, UserId};
pub use refusal::{FieldError, Refusal, Rule};
pub use role::{Role, TokenRole};
pub use time::Millis;
