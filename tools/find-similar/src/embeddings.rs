//! Embeddings of names from an OpenAI-compatible endpoint.

use std::{collections::BTreeMap, env};

use living_core::similarity::{Comparison, Name, with_embedding};
use serde::{Deserialize, Serialize};

/// Names of one request. OpenAI takes 2,048; small servers take less.
const BATCH: usize = 64;

/// Where embeddings come from.
#[derive(Debug)]
pub(crate) struct Embeddings {
    url: String,
    model: String,
    /// Least cosine of a duplicate.
    least: f64,
}

/// See [the reference](https://platform.openai.com/docs/api-reference/embeddings/create).
#[derive(Debug, Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [String],
}

#[derive(Debug, Deserialize)]
struct Reply {
    data: Vec<Embedding>,
}

#[derive(Debug, Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f64>,
}

impl Embeddings {
    pub(crate) const fn new(url: String, model: String, least: f64) -> Self {
        Self { url, model, least }
    }

    /// Lets embeddings weigh in on the comparisons that are in doubt. Each name is asked for once.
    ///
    /// # Errors
    /// If the endpoint doesn't answer, or not with a vector for each name.
    pub(crate) fn weigh_in(&self, pairs: &mut [(Name, Name, Comparison)]) -> Result<(), String> {
        let mut vectors: BTreeMap<String, Vec<f64>> = pairs
            .iter()
            .filter(|(.., comparison)| comparison.is_open())
            .flat_map(|(left, right, _)| [(left.phrase(), Vec::new()), (right.phrase(), Vec::new())])
            .collect();
        let phrases: Vec<String> = vectors.keys().cloned().collect();
        for batch in phrases.chunks(BATCH) {
            for (phrase, vector) in batch.iter().zip(self.fetch(batch)?) {
                vectors.insert(phrase.clone(), vector);
            }
        }
        for (left, right, comparison) in pairs.iter_mut().filter(|(.., comparison)| comparison.is_open()) {
            if let (Some(left), Some(right)) = (vectors.get(&left.phrase()), vectors.get(&right.phrase())) {
                *comparison = with_embedding(comparison, cosine(left, right), self.least);
            }
        }
        Ok(())
    }

    fn fetch(&self, batch: &[String]) -> Result<Vec<Vec<f64>>, String> {
        let failed = |error: ureq::Error| format!("{}: {error}", self.url);
        let mut request = ureq::post(&self.url);
        if let Ok(token) = env::var("EMBEDDINGS_TOKEN") {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.send_json(Request { model: &self.model, input: batch }).map_err(failed)?;
        let mut data = response.body_mut().read_json::<Reply>().map_err(failed)?.data;
        data.sort_by_key(|embedding| embedding.index);
        if data.len() != batch.len() {
            return Err(format!("{}: {} vectors for {} names", self.url, data.len(), batch.len()));
        }
        Ok(data.into_iter().map(|embedding| embedding.embedding).collect())
    }
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
