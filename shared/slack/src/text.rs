//! Text from outside in Slack's markup.

use std::fmt::Write;

/// A name from outside as code, at most so many characters of it. In code no formatting, emoji or address is recognised.
pub(crate) fn code(name: &str, characters: usize) -> String {
    let name = plain(name, characters).replace('`', "'");
    // Slack shows two backticks with nothing between them as they are.
    if name.trim().is_empty() { "_(blank)_".to_owned() } else { format!("`{name}`") }
}

/// Text from outside, at most so many characters of it: without line breaks and other control characters, and with Slack's three control
/// characters escaped ([escaping](https://docs.slack.dev/messaging/formatting-message-text#escaping)), without which there's no mention
/// and no link.
pub(crate) fn plain(text: &str, characters: usize) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i >= characters {
            out.push('…');
            break;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() || is_invisible(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Characters that turn the direction of text or have no width: what they do to the text around them can't be seen.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// "1 new field", "3 new fields".
pub(crate) fn counted(count: u64, singular: &str) -> String {
    let mut out = String::new();
    let _ = write!(out, "{count} {singular}{}", if count == 1 { "" } else { "s" });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_mentions_nobody_and_links_nowhere() {
        assert_eq!(plain("<!channel> & <https://x|y>", 99), "&lt;!channel&gt; &amp; &lt;https://x|y&gt;");
        assert_eq!(code("a`*b*`\n<@U1>", 99), "`a'*b*' &lt;@U1&gt;`");
        assert_eq!(code(" \n", 99), "_(blank)_");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(plain("abcdef", 3), "abc…");
        assert_eq!(plain("&&&", 3), "&amp;&amp;&amp;");
    }
}
