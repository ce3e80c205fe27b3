//! What the text of one cell looks like.

/// What a text looks like to a person, loosely: to tell a header from the rows below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing, or what stands for it: `NaN`, `N/A`, `-`.
    Empty,
    /// A number, with whatever people put around one: signs, separators of thousands, currencies, per cent.
    Number,
    /// A date, a time or both, in any usual order.
    Date,
    Text,
}

/// What people and programs write for nothing.
const MISSING: [&str; 9] = ["nan", "na", "n/a", "#n/a", "null", "-", "--", "inf", "-inf"];

impl Shape {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing)) {
            Self::Empty
        } else if is_number(text) {
            Self::Number
        } else if is_date(text) {
            Self::Date
        } else {
            Self::Text
        }
    }

    /// Whether it is what rows hold rather than headers.
    pub(crate) const fn is_value(self) -> bool {
        matches!(self, Self::Number | Self::Date)
    }
}

fn is_number(text: &str) -> bool {
    let text = text
        .trim_matches(|c: char| matches!(c, '$' | '€' | '£' | '¥' | '%' | '+' | '-' | '(' | ')') || c.is_whitespace());
    let mut digits = 0;
    let mut exponent = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            '.' | ',' | '\'' | ' ' | '\u{a0}' | '\u{202f}' => {}
            'e' | 'E' if digits > 0 && !exponent => exponent = true,
            '-' | '+' if exponent => {}
            _ => return false,
        }
    }
    digits > 0 && !(exponent && text.ends_with(['e', 'E']))
}

/// Two or three groups of digits or names of months between separators, with a time perhaps.
fn is_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if text.len() > 35 {
        return false;
    }
    let mut numbers = 0;
    let mut months = 0;
    let mut separators = 0;
    for part in text.split(|c: char| {
        let separator = matches!(c, '-' | '/' | '.' | ':' | ' ' | 'T' | 'Z' | '+' | ',');
        separators += usize::from(matches!(c, '-' | '/' | '.' | ':'));
        separator
    }) {
        if part.is_empty() || part.eq_ignore_ascii_case("am") || part.eq_ignore_ascii_case("pm") {
            continue;
        }
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            numbers += 1;
        } else if part.get(..3).is_some_and(|start| MONTHS.iter().any(|month| start.eq_ignore_ascii_case(month)))
            && part.bytes().all(|byte| byte.is_ascii_alphabetic())
            && part.len() <= 9
        {
            months += 1;
        } else {
            return false;
        }
    }
    months <= 1 && ((numbers >= 2 && separators >= 1) || (numbers >= 1 && months == 1)) && numbers <= 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_numbers_dates_and_text() {
        for (text, shape) in [
            ("", Shape::Empty),
            (" \t", Shape::Empty),
            ("12", Shape::Number),
            ("-1,234.50", Shape::Number),
            ("£1,200", Shape::Number),
            ("5.6564e-002", Shape::Number),
            ("(12)", Shape::Number),
            ("2024-01-02", Shape::Date),
            ("2017-12-01T00:00:01", Shape::Date),
            ("01/02/24 12:30", Shape::Date),
            ("14-Jan", Shape::Date),
            ("9 March 2011", Shape::Date),
            ("12:30", Shape::Date),
            ("IMO9739666", Shape::Text),
            ("Length (m)", Shape::Text),
            ("-", Shape::Empty),
            ("NaN", Shape::Empty),
            ("e", Shape::Text),
            ("May", Shape::Text),
            ("Marina 4 a", Shape::Text),
        ] {
            assert_eq!(Shape::of(text), shape, "{text:?}");
        }
    }
}
