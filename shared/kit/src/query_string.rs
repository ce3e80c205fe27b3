//! The parameters behind the question mark.

use std::collections::BTreeMap;

use crate::Problem;

/// Each parameter once.
#[derive(Debug, Default)]
pub struct QueryString(BTreeMap<String, String>);

impl QueryString {
    /// # Errors
    /// 400, if one comes twice.
    pub fn parse(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Problem> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if parameters.contains_key(&name) {
                return Err(Problem::bad_request(format!("the parameter {name:?} comes twice")));
            }
            parameters.insert(name, value);
        }
        Ok(Self(parameters))
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// # Errors
    /// 400, if there's a parameter that isn't known: most often it's misspelt.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Problem::bad_request(format!(
                "there is no parameter {name:?}; this path takes {}",
                known.join(", ")
            ))),
            None => Ok(()),
        }
    }
}
