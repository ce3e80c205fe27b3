//! Slack by [incoming webhook](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): what a message says
//! ([`News::message`]), how it's sent ([`Webhook`]), and what became of it ([`Delivery`](living_http::Delivery)).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod limits;
mod message;
mod text;
mod webhook;

pub use limits::{HEADER_CHARACTERS, MESSAGE_BLOCKS, TEXT_CHARACTERS};
pub use message::{Change, ChangedReport, Conflict, LISTED, News, ReviewUrl};
pub use webhook::Webhook;
