//! What a message says: plain text, as no text from outside can be anything else there.

use std::fmt::Write;

use uuid::Uuid;

/// Reports that a message lists; the others are counted.
pub const LISTED: usize = 50;

/// Characters of a name and of a reason.
const NAME: usize = 200;
const REASON: usize = 500;

/// What a message tells of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// How many reports would no longer give what they gave.
    pub report_count: u64,
    /// The first of them; [`LISTED`] are enough.
    pub reports: Vec<ChangedReport>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedReport {
    pub name: String,
    /// What changed, in a sentence.
    pub reason: String,
}

/// A message without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: Uuid,
    /// One line.
    pub subject: String,
    pub text: String,
}

impl News {
    /// The message that tells it.
    #[must_use]
    pub fn message(&self, id: Uuid) -> Message {
        let subject = match self.reports.as_slice() {
            [report] if self.report_count == 1 => format!("Report changed: {}", line(&report.name, NAME)),
            _ => format!("{} reports changed", self.report_count),
        };
        let mut text =
            String::from("These saved reports would give another result now than when they were pinned:\n\n");
        for report in self.reports.iter().take(LISTED) {
            // Writing to a String doesn't fail.
            let _ = writeln!(text, "- {}: {}", line(&report.name, NAME), line(&report.reason, REASON));
        }
        let left = self.report_count.saturating_sub(self.reports.len().min(LISTED) as u64);
        if left > 0 {
            let _ = writeln!(text, "- and {left} more");
        }
        let _ =
            write!(text, "\nTheir pinned results stay as they are. Refresh a report to pin it anew.\n\nMessage {id}\n");
        Message { id, subject, text }
    }
}

/// Text from outside on one line, at most so many characters of it: it begins no header, and turns no text around.
fn line(text: &str, characters: usize) -> String {
    let is_invisible =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let mut line: String =
        text.chars().take(characters).map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    if text.chars().nth(characters).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str) -> ChangedReport {
        ChangedReport { name: name.into(), reason: "3 rows now, 2 when it was pinned".into() }
    }

    #[test]
    fn a_message_names_reports_and_why() {
        let message = News { report_count: 1, reports: vec![report("Calls")] }.message(Uuid::nil());
        assert_eq!(message.subject, "Report changed: Calls");
        assert!(message.text.contains("- Calls: 3 rows now, 2 when it was pinned\n"), "{}", message.text);
        let many = News { report_count: 70, reports: vec![report("Calls"); LISTED] }.message(Uuid::nil());
        assert_eq!(many.subject, "70 reports changed");
        assert!(many.text.contains("- and 20 more"));
    }

    #[test]
    fn a_name_begins_no_header_and_no_line() {
        let message =
            News { report_count: 1, reports: vec![report("x\r\nBcc: you@example.com\u{202e}")] }.message(Uuid::nil());
        assert_eq!(message.subject, "Report changed: x  Bcc: you@example.com ");
        assert_eq!(line(&"x".repeat(300), 3), "xxx…");
    }
}
