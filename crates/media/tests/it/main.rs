//! The crate from outside: files in, pictures or refusals out.

mod attacks;
mod capture;
mod colours;
mod formats;
mod make;
mod metadata;
mod orientation;
mod sniffing;
mod thumbnails;
