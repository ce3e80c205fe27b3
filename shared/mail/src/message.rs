//! What a message says: plain text, as no text from outside can be anything else there.

use std::fmt::Write;

use living_core::outbox::health::{Health, Proposal};
use uuid::Uuid;

/// Reports, and proposals to consolidate, that a message lists; the others are counted.
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
    /// The newest health report, with the first [`LISTED`] of its proposals.
    pub health: Option<Health>,
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
        let subject = match (self.reports.as_slice(), &self.health) {
            ([], Some(health)) => health.title(),
            ([report], _) if self.report_count == 1 => format!("Report changed: {}", line(&report.name, NAME)),
            _ => format!("{} reports changed", self.report_count),
        };
        let paragraphs = [self.changed_reports(), self.health.as_ref().map(health)];
        let mut text: String = paragraphs.into_iter().flatten().collect();
        // Writing to a String doesn't fail.
        let _ = writeln!(text, "Message {id}");
        Message { id, subject, text }
    }

    fn changed_reports(&self) -> Option<String> {
        let report =
            |ChangedReport { name, reason }: &ChangedReport| format!("{}: {}", line(name, NAME), line(reason, REASON));
        (!self.reports.is_empty()).then(|| {
            format!(
                "These saved reports would give another result now than when they were pinned:\n\n{}\
                 Their pinned results stay as they are. Refresh a report to pin it anew.\n\n",
                list(self.reports.iter().map(report), self.report_count)
            )
        })
    }
}

fn health(health: &Health) -> String {
    let sentence = |proposal: &Proposal| proposal.sentence(|name| line(name, NAME), |reason| line(reason, REASON));
    let mut text = format!("{}: {}.\n\n", health.title(), health.summary());
    if !health.proposals.is_empty() {
        text.push_str(&list(health.proposals.iter().map(sentence), health.proposal_count));
    }
    if let Some(call) = health.call() {
        let _ = writeln!(text, "{call}\n");
    }
    text
}

/// The first [`LISTED`] of so many, a line each, how many are left, and a blank line.
fn list(lines: impl Iterator<Item = String>, count: u64) -> String {
    let mut text = String::new();
    let mut listed = 0;
    for line in lines.take(LISTED) {
        let _ = writeln!(text, "- {line}");
        listed += 1;
    }
    if count > listed {
        let _ = writeln!(text, "- and {} more", count - listed);
    }
    text.push('\n');
    text
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
    use living_core::outbox::health::Consolidation;

    use super::*;

    fn report(name: &str) -> ChangedReport {
        ChangedReport { name: name.into(), reason: "3 rows now, 2 when it was pinned".into() }
    }

    #[test]
    fn a_message_names_reports_and_why() {
        let message = News { report_count: 1, reports: vec![report("Calls")], health: None }.message(Uuid::nil());
        assert_eq!(message.subject, "Report changed: Calls");
        assert!(message.text.contains("- Calls: 3 rows now, 2 when it was pinned\n"), "{}", message.text);
        let many = News { report_count: 70, reports: vec![report("Calls"); LISTED], health: None }.message(Uuid::nil());
        assert_eq!(many.subject, "70 reports changed");
        assert!(many.text.contains("- and 20 more"));
    }

    #[test]
    fn the_health_report_is_a_message_of_its_own_or_the_end_of_one() {
        let proposal = Proposal {
            kind: "field".into(),
            scope: "fleet".into(),
            name: "call\nsign".into(),
            into: Some(("fleet".into(), "callsign".into())),
            reason: "words".into(),
        };
        let health = Health {
            week: "2026-11-30".into(),
            stale: 1,
            rare: 0,
            proposal_count: 2,
            consolidation: Some(Consolidation::ByHand),
            proposals: vec![proposal],
        };
        let alone = News { health: Some(health.clone()), ..News::default() }.message(Uuid::nil());
        assert_eq!(alone.subject, "Health of the schema, week of 2026-11-30");
        assert_eq!(
            alone.text,
            "Health of the schema, week of 2026-11-30: 1 not seen for 90 days, 0 seen fewer than 5 times, 2 to consolidate.\n\n\
             - the field call sign in fleet could be merged into callsign in fleet: words\n- and 1 more\n\n\
             Consolidation is due: please decide about these.\n\nMessage 00000000-0000-0000-0000-000000000000\n"
        );
        let both = News { report_count: 1, reports: vec![report("Calls")], health: Some(health) }.message(Uuid::nil());
        assert_eq!(both.subject, "Report changed: Calls");
        assert!(both.text.contains("pin it anew.\n\nHealth of the schema"), "{}", both.text);
    }

    #[test]
    fn a_name_begins_no_header_and_no_line() {
        let message =
            News { report_count: 1, reports: vec![report("x\r\nBcc: you@example.com\u{202e}")], health: None }
                .message(Uuid::nil());
        assert_eq!(message.subject, "Report changed: x  Bcc: you@example.com ");
        assert_eq!(line(&"x".repeat(300), 3), "xxx…");
    }
}
