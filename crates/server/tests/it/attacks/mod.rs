//! The attacks of the threat model that this surface can meet, by their numbers there. A6 is
//! [`crate::matrix`]; A32 is [`crate::limits`] and `floods`.

mod access;
mod cards;
mod cross_origin;
mod enumeration;
mod exposure;
mod floods;
mod injection;
mod json_bombs;
mod log_injection;
mod mass_assignment;
mod races;
mod secrets;
mod tokens;
