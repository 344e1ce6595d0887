//! Files: sent with a message, or first and then named; downloaded by those who may.

mod access;
mod content;
mod doctor;
mod images;
mod interrupted;
mod limits;
mod live;
mod proof;
mod resumable;
mod scanning;
mod sending;
mod serving;
