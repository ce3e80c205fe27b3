//! Scripts into statements. MotherDuck's tools take one statement at a time.

use alloc::{string::String, vec::Vec};

/// The statements of a script, without comments around them and without their semicolons.
///
/// Semicolons in strings, quoted identifiers, dollar-quoted strings and comments don't end a statement. An unclosed one goes on to the
/// end of the script.
#[must_use]
pub fn split(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let length = token_length(rest, c);
        let (token, after) = rest.split_at(length);
        rest = after;
        if token == ";" {
            push(&mut statements, &mut statement);
        } else if !(token.starts_with("--") || token.starts_with("/*")) {
            statement.push_str(token);
        }
    }
    push(&mut statements, &mut statement);
    statements
}

fn push(statements: &mut Vec<String>, statement: &mut String) {
    let trimmed = statement.trim();
    if !trimmed.is_empty() {
        statements.push(trimmed.into());
    }
    statement.clear();
}

/// The length of what stands at the beginning of `text`, which isn't empty and begins with `first`.
fn token_length(text: &str, first: char) -> usize {
    let through = |closing: &str, from: usize| {
        text.get(from..).and_then(|t| t.find(closing)).map_or(text.len(), |at| from + at + closing.len())
    };
    match first {
        // A doubled quote ends one string and begins the next, with the same effect.
        '\'' => through("'", 1),
        '"' => through("\"", 1),
        // The line's end stays: it parts what stands before the comment from what comes after.
        '-' if text.starts_with("--") => text.find('\n').unwrap_or(text.len()),
        '/' if text.starts_with("/*") => through("*/", 2),
        '$' => match dollar_tag(text) {
            Some(tag) => through(tag, tag.len()),
            None => 1,
        },
        c => c.len_utf8(),
    }
}

/// `$$` or `$name$` at the beginning of `text`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text.get(1..)?.find('$')? + 1;
    let name = text.get(1..end)?;
    let is_name =
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_name { text.get(..=end) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_stands_for_itself() {
        let script = "-- one; two\nSELECT 'a;''b', \";\" -- ;\n, 1; /* ; */ SELECT $$;$$, $t$;$$;$t$ ;; \n SELECT a$b;";
        assert_eq!(split(script), ["SELECT 'a;''b', \";\" \n, 1", "SELECT $$;$$, $t$;$$;$t$", "SELECT a$b"]);
    }

    #[test]
    fn what_is_not_closed_goes_on_to_the_end() {
        for script in ["'a;b", "\"a;b", "$$a;b", "SELECT 'é;"] {
            assert_eq!(split(script), [script]);
        }
        assert!(split(" ; -- nothing").is_empty());
    }
}
