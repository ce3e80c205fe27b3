//! Rules of Living Schema. `no_std` and without I/O, clock or panics: everything comes in as a value and goes out as a value.
#![no_std]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

extern crate alloc;

pub mod catalog;
pub mod civil;
pub mod column_type;
pub mod generation;
pub mod landing;
pub mod outbox;
pub mod profile;
pub mod report;
pub mod retention;
pub mod schema;
pub mod similarity;
pub mod sql;
pub mod time;
pub mod typed;
