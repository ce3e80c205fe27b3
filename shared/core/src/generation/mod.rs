//! SQL from a question: what a language model is told of the schema, which verified queries it's shown, and what of its answer is taken.
//!
//! Everything here is a function from text to text. Asking the model, the gate and the warehouse is for others.
//!
//! A model that gets a short, relevant description writes better SQL than one that gets everything. So [`context`] ranks the relations,
//! columns and values of a [`SemanticModel`] by a question, and describes as many as a limit lets it. Names, descriptions and values come
//! from outside: each stands within a line that begins with our own words, and none can begin one.

mod context;
mod examples;
mod log;
mod model;
mod probe;
mod prompt;
mod relevance;
mod words;

pub use context::{ColumnPart, Context, RelationPart, context};
pub use examples::{Example, MAX_EXAMPLES, pick};
pub use log::{
    Asked, VerifiedQuery, asked_today, candidates, ended, keep_verified, read_candidate, read_verified, started,
    verified, verified_one, withdraw,
};
pub use model::{Column, KnownValue, Relation, SemanticModel};
pub use probe::{Found, found, probe, read_found};
pub use prompt::{Answer, MAX_TOKENS, Rejected, instructions, prompt, read_answer};
