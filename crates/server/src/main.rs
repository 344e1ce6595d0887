mod auth;
mod chat;
mod clock;
mod config;
mod generations;
mod limits;
mod net;
mod orders;
mod random;
mod telemetry;

fn main() {}
