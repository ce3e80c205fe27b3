//! Slack's limits.

/// Blocks of a message ([blocks](https://docs.slack.dev/reference/block-kit/blocks)).
pub const MESSAGE_BLOCKS: usize = 50;

/// Characters of the text of a section ([section](https://docs.slack.dev/reference/block-kit/blocks/section-block)).
pub const TEXT_CHARACTERS: usize = 3_000;

/// Characters of the text of a header ([header](https://docs.slack.dev/reference/block-kit/blocks/header-block)).
pub const HEADER_CHARACTERS: usize = 150;
