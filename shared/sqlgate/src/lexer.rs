//! SQL text as tokens.
//!
//! Stricter than DuckDB's own scanner on purpose: what it takes for a blank outside of literals (U+200B, U+3000, the no-break space,
//! a byte order mark), and every other character that SQL has no use for, is refused by name. Where the two agree, they agree exactly:
//! a bare carriage return ends a `--` comment, `/* */` nests, a backslash means nothing in `'…'`, and `a$$` is an identifier.

use crate::{Code, Refusal, position::Position};

/// Operators of more than one character and of one, of DuckDB 1.5. A run of operator characters has to be one of these.
const OPERATORS: [&str; 41] = [
    "<->", "<=>", "->>", "!~~*", "!~~", "~~*", "~~~", "!~*", "!~", "~~", "->", "=>", ":=", "::", "==", "!=", "<>",
    "<=", ">=", "||", "//", "**", "^@", "@>", "<@", "&&", "<<", ">>", "+", "-", "*", "/", "%", "<", ">", "=", "~", "^",
    "&", "|", "@",
];

/// What a token is. Text is as it is meant, not as it was written: without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An unquoted word: a keyword or an identifier.
    Word(String),
    /// `"…"`.
    Quoted(String),
    /// `'…'`, `E'…'` or `$tag$…$tag$`.
    Text(String),
    /// A number, in lower case.
    Number(String),
    /// `?`, `$1` or `$name`, with its sign.
    Parameter(String),
    /// `#1`.
    Ordinal(String),
    /// An operator, or one of `( ) [ ] { } , ; . :`.
    Symbol(&'static str),
    End,
}

/// A token and the byte at which it begins.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
}

/// Reads all tokens; the last is [`Kind::End`].
///
/// # Errors
/// At the first character that has no place in SQL, at a literal or comment without an end, and at forms that nobody needs (`U&'…'`,
/// `X'…'`, a number that runs into a word).
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut lexer = Lexer { sql, rest: sql, question_marks: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks()?;
        let at = lexer.offset();
        let kind = lexer.token()?;
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, at });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    sql: &'a str,
    rest: &'a str,
    /// So many `?` so far.
    question_marks: usize,
}

impl<'a> Lexer<'a> {
    const fn offset(&self) -> usize {
        self.sql.len() - self.rest.len()
    }

    fn refuse<T>(&self, at: usize, reason: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal { code: Code::Text, reason: reason.into(), position: Position::of(self.sql, at) })
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes the longest prefix of characters for which `is_part` holds.
    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) -> Result<(), Refusal> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}'));
            if self.rest.starts_with("--") {
                self.take_while(|c| !matches!(c, '\n' | '\r'));
            } else if self.rest.starts_with("/*") {
                self.skip_block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_block_comment(&mut self) -> Result<(), Refusal> {
        let start = self.offset();
        let mut depth = 0_usize;
        loop {
            self.take_while(|c| !matches!(c, '*' | '/'));
            if self.rest.starts_with("/*") {
                depth += 1;
                self.advance(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.advance(2);
                if depth == 0 {
                    return Ok(());
                }
            } else if self.rest.is_empty() {
                return self.refuse(start, "the comment has no end");
            } else {
                self.advance(1);
            }
        }
    }

    fn token(&mut self) -> Result<Kind, Refusal> {
        let at = self.offset();
        let Some(first) = self.peek() else { return Ok(Kind::End) };
        match first {
            '\'' => {
                self.advance(1);
                self.quoted('\'', at).map(Kind::Text)
            }
            '"' => {
                self.advance(1);
                match self.quoted('"', at)? {
                    name if name.is_empty() => self.refuse(at, "an identifier can't be empty"),
                    name => Ok(Kind::Quoted(name)),
                }
            }
            '$' => self.dollar(at),
            '?' => self.question_mark(at),
            '#' => {
                self.advance(1);
                match self.take_while(|c| c.is_ascii_digit()) {
                    "" => self.refuse(at, "# begins no token but the position of a column, such as #1"),
                    digits => Ok(Kind::Ordinal(format!("#{digits}"))),
                }
            }
            '0'..='9' => self.number(at),
            '.' if self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(at),
            'e' | 'E' if self.rest.as_bytes().get(1) == Some(&b'\'') => {
                self.advance(2);
                self.escaped(at).map(Kind::Text)
            }
            'b' | 'B' | 'x' | 'X' | 'n' | 'N' if self.rest.as_bytes().get(1) == Some(&b'\'') => {
                self.refuse(at, format!("literals of the form {first}'…' are not allowed"))
            }
            'u' | 'U' if self.rest.get(1..3).is_some_and(|next| matches!(next, "&'" | "&\"")) => self.refuse(
                at,
                "literals and identifiers with Unicode escapes (U&) are not allowed; write the character itself",
            ),
            c if is_word_start(c) => Ok(Kind::Word(self.take_while(is_word_part).to_owned())),
            _ => self.symbol(at),
        }
    }

    /// The inside of `'…'` or `"…"`, where the quote is doubled to stand for itself. The opening quote is taken.
    fn quoted(&mut self, quote: char, at: usize) -> Result<String, Refusal> {
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != quote && c != '\0'));
            match self.peek() {
                None => return self.refuse(at, format!("the text that begins with {quote} has no end")),
                Some('\0') => return self.refuse(self.offset(), "the character U+0000 is not allowed"),
                Some(_) => self.advance(1),
            }
            if self.peek() != Some(quote) {
                return Ok(text);
            }
            self.advance(1);
            text.push(quote);
        }
    }

    /// The inside of `E'…'`. The opening is taken.
    fn escaped(&mut self, at: usize) -> Result<String, Refusal> {
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '\'' && c != '\\' && c != '\0'));
            let here = self.offset();
            let Some(special) = self.peek() else { return self.refuse(at, "the text that begins with E' has no end") };
            self.advance(1);
            match (special, self.peek()) {
                ('\'', Some('\'')) => {
                    self.advance(1);
                    text.push('\'');
                }
                ('\'', _) => return Ok(text),
                ('\\', Some(escape)) => {
                    let meant = match escape {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '\\' | '\'' | '"' => escape,
                        _ => {
                            return self.refuse(
                                here,
                                format!("the escape \\{escape} is not allowed; write the character itself"),
                            );
                        }
                    };
                    self.advance(escape.len_utf8());
                    text.push(meant);
                }
                _ => return self.refuse(here, "the text holds U+0000, or ends within an escape"),
            }
        }
    }

    /// `$1`, `$name` or `$tag$…$tag$`.
    fn dollar(&mut self, at: usize) -> Result<Kind, Refusal> {
        self.advance(1);
        let tag = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        if self.peek() != Some('$') {
            return if tag.is_empty() {
                self.refuse(at, "$ begins a parameter ($1, $name) or a literal ($$…$$)")
            } else {
                Ok(Kind::Parameter(format!("${tag}")))
            };
        }
        self.advance(1);
        if tag.starts_with(|c: char| c.is_ascii_digit()) {
            return self.refuse(at, "the tag of a dollar-quoted literal can't begin with a digit");
        }
        let end = format!("${tag}$");
        let Some((text, rest)) = self.rest.split_once(&end) else {
            return self.refuse(at, format!("the text that begins with {end} has no end"));
        };
        if text.contains('\0') {
            return self.refuse(at, "the character U+0000 is not allowed");
        }
        self.rest = rest;
        Ok(Kind::Text(text.to_owned()))
    }

    fn question_mark(&mut self, at: usize) -> Result<Kind, Refusal> {
        self.advance(1);
        if self.peek().is_some_and(is_word_part) {
            return self.refuse(at, "parameters are written ?, $1 or $name");
        }
        self.question_marks += 1;
        Ok(Kind::Parameter(format!("${}", self.question_marks)))
    }

    fn number(&mut self, at: usize) -> Result<Kind, Refusal> {
        let start = self.rest;
        let prefix = start.get(..2).unwrap_or_default();
        if prefix.eq_ignore_ascii_case("0x") || prefix.eq_ignore_ascii_case("0b") {
            return self.refuse(at, "numbers are written in decimal");
        }
        let is_digit = |c: char| c.is_ascii_digit() || c == '_';
        self.take_while(is_digit);
        if self.peek() == Some('.') {
            self.advance(1);
            self.take_while(is_digit);
        }
        if let Some(exponent) = self.rest.strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.rest = digits;
                self.take_while(|c| c.is_ascii_digit());
            }
        }
        if self.peek().is_some_and(|c| is_word_part(c) || c == '.') {
            return self.refuse(at, "the number runs into what follows it; put a blank between them");
        }
        let text = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        if text.contains("__") || text.contains("_.") || text.contains("._") || text.ends_with('_') {
            return self.refuse(at, format!("{text} is no number"));
        }
        Ok(Kind::Number(text.to_ascii_lowercase()))
    }

    fn symbol(&mut self, at: usize) -> Result<Kind, Refusal> {
        const SINGLE: [&str; 10] = ["(", ")", "[", "]", "{", "}", ",", ";", ".", ":"];
        let run = self.operator_run();
        if let Some(&operator) = OPERATORS.iter().find(|&&operator| operator == run) {
            self.advance(operator.len());
            return Ok(Kind::Symbol(operator));
        }
        if let Some(&single) = SINGLE.iter().find(|&&single| self.rest.starts_with(single)) {
            self.advance(1);
            return Ok(Kind::Symbol(single));
        }
        if !run.is_empty() {
            return self.refuse(at, format!("the operator {run} is not known"));
        }
        let c = self.peek().unwrap_or_default();
        let named =
            if c.is_control() || c.is_whitespace() || is_invisible(c) { String::new() } else { format!(" ({c})") };
        self.refuse(
            at,
            format!(
                "the character U+{:04X}{named} is not allowed outside of literals and quoted identifiers",
                u32::from(c)
            ),
        )
    }

    /// The operator at which the text stands, by PostgreSQL's rule, which DuckDB keeps: the longest run of operator characters; a comment
    /// ends it; and it ends with + or - only if it holds one of the characters that make it no arithmetic.
    fn operator_run(&self) -> &'a str {
        if self.rest.starts_with("::") || self.rest.starts_with(":=") {
            return self.rest.get(..2).unwrap_or_default();
        }
        let end = self.rest.find(|c| !"~!@#^&|`+-*/%<>=".contains(c)).unwrap_or(self.rest.len());
        let mut run = self.rest.get(..end).unwrap_or_default();
        for comment in ["--", "/*"] {
            run = run.split_once(comment).map_or(run, |(before, _)| before);
        }
        if !run.contains(['~', '!', '@', '#', '^', '&', '|', '`', '%']) {
            while run.len() > 1 && run.ends_with(['+', '-']) {
                run = run.get(..run.len() - 1).unwrap_or_default();
            }
        }
        run
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && c.is_alphabetic())
}

fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && c.is_alphanumeric())
}

/// Format characters that a terminal doesn't show.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
