//! The port to a language model.
//!
//! [`Model`] completes one prompt. Its implementation, [`HttpModel`], speaks one of two protocols ([`Protocol`]), which are pure
//! functions from a prompt to a request and from a response to a text; which one, where and which model is configuration.
//!
//! A text that comes back is as untrusted as any input: whoever asks says what it has to look like, and checks it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod anthropic;
mod client;
mod embedding;
mod error;
mod openai;

pub use client::{Endpoint, HttpModel, Protocol};
pub use embedding::{Embedder, EmbeddingEndpoint, HttpEmbedder, MAX_INPUTS};
pub use error::{Error, ErrorClass};

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The task and its rules. Nothing in it comes from outside.
    pub system: String,
    /// What the task is about.
    pub content: String,
    /// Longest answer, in tokens; a longer one is an error, never a part of it.
    pub max_tokens: u32,
}

/// Something that answers prompts.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Model {
    /// What the model is called, for the record of what came from it.
    fn name(&self) -> &str;

    /// The whole answer to a prompt.
    ///
    /// # Errors
    /// Why there is none, sorted by what can be done. Nothing is tried again here.
    async fn complete(&self, prompt: &Prompt) -> Result<String, Error>;
}
