//! Tokens as a tree: a recursive descent over the part of DuckDB's grammar that reads and has no effect.

mod expr;
mod query;
mod table;
mod types;

pub(crate) use table::dotted;

use crate::{
    Code, Refusal,
    ast::{At, Ident, Look, LookSubject, Path, Statement},
    keywords,
    lexer::{self, Kind, Token},
    position::Position,
};

/// Brackets, calls and subqueries within each other; a call counts twice, a subquery three times. On a Worker's stack of 1 MB 1,000 levels
/// still went well when it was measured.
pub(crate) const MAX_DEPTH: usize = 200;

/// Reads one statement.
///
/// # Errors
/// If the text is none that the gate knows.
pub(crate) fn parse(sql: &str) -> Result<Statement, Refusal> {
    let mut parser = Parser { sql, tokens: lexer::tokens(sql)?, next: 0, depth: 0 };
    let statement = parser.statement()?;
    let mut ended = false;
    while parser.take(";") {
        ended = true;
    }
    if parser.is_at_end() {
        Ok(statement)
    } else if ended {
        parser.refuse(Code::Statement, "only one statement is allowed at a time")
    } else {
        parser.unexpected("the end of the statement")
    }
}

pub(crate) struct Parser<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Refusal>;

/// A token that isn't there: the last one is always [`Kind::End`].
const END: &Kind = &Kind::End;

impl Parser<'_> {
    fn statement(&mut self) -> Parsed<Statement> {
        while self.take(";") {}
        if self.is_at_look() {
            return self.look().map(Statement::Look);
        }
        if self.begins_query(self.next) {
            return self.query().map(Box::new).map(Statement::Query);
        }
        match self.peek() {
            Kind::End => self.refuse(Code::Syntax, "there is no statement in the text"),
            Kind::Word(word) => {
                let word = word.to_uppercase();
                self.refuse(
                    Code::Statement,
                    format!("a statement that begins with {word} is not allowed; only queries are (SELECT, FROM, WITH, VALUES, PIVOT, UNPIVOT, DESCRIBE, SUMMARIZE)"),
                )
            }
            _ => self.unexpected("a query"),
        }
    }

    fn is_at_look(&self) -> bool {
        self.is_any(&["describe", "desc", "summarize"])
    }

    fn look(&mut self) -> Parsed<Look> {
        let keyword = if self.take_word("summarize") {
            "SUMMARIZE"
        } else {
            self.next += 1;
            "DESCRIBE"
        };
        if self.begins_query(self.next) {
            return Ok(Look { keyword, subject: LookSubject::Query(Box::new(self.query()?)) });
        }
        match self.peek() {
            Kind::Text(_) => {
                self.refuse(Code::Relation, "a text in place of a relation names a file, and files are not allowed")
            }
            Kind::Word(word) if word.eq_ignore_ascii_case("tables") || word.eq_ignore_ascii_case("databases") => {
                let word = word.to_uppercase();
                self.refuse(Code::Statement, format!("{keyword} {word} lists the catalog, which is not allowed"))
            }
            _ => Ok(Look { keyword, subject: LookSubject::Relation(self.path()?) }),
        }
    }

    // ---- Tokens ----

    fn kind(&self, index: usize) -> &Kind {
        self.tokens.get(index).map_or(END, |token| &token.kind)
    }

    fn peek(&self) -> &Kind {
        self.kind(self.next)
    }

    fn at(&self) -> At {
        At(self.tokens.get(self.next).map_or(self.sql.len(), |token| token.at))
    }

    fn is_at_end(&self) -> bool {
        *self.peek() == Kind::End
    }

    fn is_symbol_at(&self, index: usize, symbol: &str) -> bool {
        matches!(self.kind(index), Kind::Symbol(found) if *found == symbol)
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        self.is_symbol_at(self.next, symbol)
    }

    fn is_word_at(&self, index: usize, keyword: &str) -> bool {
        matches!(self.kind(index), Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn is_word(&self, keyword: &str) -> bool {
        self.is_word_at(self.next, keyword)
    }

    fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_word(keyword))
    }

    /// Whether these keywords come next, one after the other.
    fn are_words(&self, keywords: &[&str]) -> bool {
        (self.next..).zip(keywords).all(|(index, keyword)| self.is_word_at(index, keyword))
    }

    fn take(&mut self, symbol: &str) -> bool {
        let is_there = self.is_symbol(symbol);
        self.next += usize::from(is_there);
        is_there
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        self.take_words(&[keyword])
    }

    fn take_words(&mut self, keywords: &[&str]) -> bool {
        let are_there = self.are_words(keywords);
        self.next += if are_there { keywords.len() } else { 0 };
        are_there
    }

    /// Takes whichever of these keywords comes next.
    fn take_any(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let found = keywords.iter().find(|keyword| self.is_word(keyword)).copied();
        self.next += usize::from(found.is_some());
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.take(symbol) { Ok(()) } else { self.unexpected(symbol) }
    }

    fn expect_word(&mut self, keyword: &str) -> Parsed<()> {
        if self.take_word(keyword) { Ok(()) } else { self.unexpected(&keyword.to_uppercase()) }
    }

    // ---- Refusals ----

    fn refuse<T>(&self, code: Code, reason: impl Into<String>) -> Parsed<T> {
        self.refuse_at(self.at(), code, reason)
    }

    fn refuse_at<T>(&self, at: At, code: Code, reason: impl Into<String>) -> Parsed<T> {
        Err(Refusal { code, reason: reason.into(), position: Position::of(self.sql, at.0) })
    }

    fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        let found = match self.peek() {
            Kind::End => "the text ends here".to_owned(),
            Kind::Word(text) | Kind::Number(text) | Kind::Parameter(text) | Kind::Ordinal(text) => {
                format!("this is {}", excerpt(text))
            }
            Kind::Quoted(text) => format!("this is \"{}\"", excerpt(text)),
            Kind::Text(text) => format!("this is '{}'", excerpt(text)),
            Kind::Symbol(symbol) => format!("this is {symbol}"),
        };
        self.refuse(Code::Syntax, format!("expected {expected}, but {found}"))
    }

    // ---- Depth ----

    /// Reads something within something.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return self.refuse(Code::Limit, format!("the query is nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    // ---- Names and lists ----

    /// Whether a name stands here that isn't a keyword.
    fn is_name_at(&self, index: usize) -> bool {
        match self.kind(index) {
            Kind::Quoted(_) => true,
            Kind::Word(word) => !keywords::is_reserved(word),
            _ => false,
        }
    }

    fn name(&mut self) -> Parsed<Ident> {
        if self.is_name_at(self.next) { self.label() } else { self.unexpected("a name") }
    }

    /// A name where any word may stand: after AS or a dot.
    fn label(&mut self) -> Parsed<Ident> {
        let at = self.at();
        match self.peek() {
            Kind::Quoted(text) | Kind::Word(text) => {
                let text = text.clone();
                self.next += 1;
                Ok(Ident { text, at })
            }
            _ => self.unexpected("a name"),
        }
    }

    /// A label, or a text in its place.
    fn label_or_text(&mut self) -> Parsed<Ident> {
        let at = self.at();
        match self.peek() {
            Kind::Text(text) if !text.is_empty() => {
                let text = text.clone();
                self.next += 1;
                Ok(Ident { text, at })
            }
            _ => self.label(),
        }
    }

    fn path(&mut self) -> Parsed<Path> {
        let mut path = vec![self.name()?];
        while self.take(".") {
            path.push(self.label()?);
        }
        Ok(path)
    }

    fn names(&mut self) -> Parsed<Vec<Ident>> {
        self.comma_separated(Self::name)
    }

    /// Names in brackets.
    fn bracketed_names(&mut self) -> Parsed<Vec<Ident>> {
        self.expect("(")?;
        let names = self.comma_separated(Self::name_or_text)?;
        self.expect(")")?;
        Ok(names)
    }

    fn name_or_text(&mut self) -> Parsed<Ident> {
        if matches!(self.peek(), Kind::Text(_)) { self.label_or_text() } else { self.name() }
    }

    fn comma_separated<T>(&mut self, mut read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut list = vec![read(self)?];
        while self.take(",") {
            list.push(read(self)?);
        }
        Ok(list)
    }

    fn number(&mut self) -> Parsed<String> {
        match self.peek() {
            Kind::Number(number) => {
                let number = number.clone();
                self.next += 1;
                Ok(number)
            }
            _ => self.unexpected("a number"),
        }
    }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    const LENGTH: usize = 40;
    text.char_indices()
        .nth(LENGTH)
        .map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", text.get(..end).unwrap_or_default()))
}
