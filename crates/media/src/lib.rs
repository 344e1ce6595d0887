//! Files that nobody trusts: what they are, what it would cost to decode them, and pictures that
//! are safe to hand on. Bytes from outside are decoded here and nowhere else.
//!
//! Pure and synchronous: bytes in, bytes or a typed [`Refused`] out. Nothing here waits, stores,
//! or asks for the time; whoever calls brings a thread that may be busy for half a second.
//!
//! The way of a file: [`sniff`](sniff()) says what it is, from its first bytes; of a picture [`cost`]
//! says what decoding it takes, from its headers alone, so that the caller can wait until there is room
//! for that; [`process`](process()) makes of it the picture that is kept. [`capture`](capture()) reads
//! when and where it was taken, which [`process`](process()) leaves out.

mod capture;
mod colour;
mod encode;
mod exif;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod guard;
mod header;
mod kind;
mod limits;
mod pixels;
mod process;
mod refused;
mod small;
mod sniff;

pub use capture::{Capture, Position, Taken, capture};
pub use kind::Kind;
pub use limits::{Cost, Limits};
pub use process::{Processed, cost, process};
pub use refused::Refused;
pub use sniff::{SNIFFED, sniff};
