//! Structured logs: a JSON object per line, which Workers Logs index by field.

use serde::Serialize;
use serde_json::{Map, Value};

/// One line of log in the making.
#[derive(Debug)]
pub struct Line {
    fields: Map<String, Value>,
}

/// A line about something that is as it should be.
#[must_use]
pub fn info(event: &str) -> Line {
    Line::new("info", event)
}

/// A line about something that a person should know of.
#[must_use]
pub fn warning(event: &str) -> Line {
    Line::new("warning", event)
}

/// A line about something that doesn't work.
#[must_use]
pub fn error(event: &str) -> Line {
    Line::new("error", event)
}

impl Line {
    fn new(level: &str, event: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("level".into(), level.into());
        fields.insert("event".into(), event.into());
        Self { fields }
    }

    /// Adds a field. A value that can't be written as JSON is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.fields.insert(name.into(), value);
        }
        self
    }

    /// Writes the line.
    pub fn write(self) {
        let line = Value::Object(self.fields).to_string();
        #[cfg(target_arch = "wasm32")]
        worker::console_log!("{line}");
        #[cfg(not(target_arch = "wasm32"))]
        eprintln!("{line}");
    }
}
