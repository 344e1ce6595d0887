//! The formats of pictures, each with what its headers say and how it is decoded.

pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;
