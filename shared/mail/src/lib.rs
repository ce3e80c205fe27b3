//! E-mail by an HTTP API: what a message says ([`News::message`]), how it's sent ([`Mailer`]), and what became of it
//! ([`Delivery`](living_http::Delivery)).
//!
//! Services differ in names only. Two are known: [Resend's](https://resend.com/docs/api-reference/emails/send-email), whose form is the
//! most imitated, and [Postmark's](https://postmarkapp.com/developer/api/email-api).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod mailer;
mod message;

pub use mailer::{Address, Mailer, Protocol, Sender};
pub use message::{ChangedReport, LISTED, Message, News};
