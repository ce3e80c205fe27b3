//! Expressions, by precedence climbing.

use super::{Parsed, Parser};
use crate::{
    Code,
    ast::{
        At, Bound, Call, Case, Columns, Comprehension, Expr, Frame, Ident, InSet, Over, Path, Query, SliceEnd, Star,
        Suffix, Window,
    },
    keywords,
    lexer::Kind,
};

/// Binding powers, from weak to strong, as DuckDB's grammar has them (`third_party/libpg_query/grammar/grammar.y`).
mod power {
    pub(super) const ARROW: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const IS: u8 = 5;
    pub(super) const COMPARISON: u8 = 6;
    pub(super) const IN: u8 = 7;
    pub(super) const OPERATOR: u8 = 8;
    pub(super) const SUM: u8 = 9;
    pub(super) const PRODUCT: u8 = 10;
    pub(super) const POWER: u8 = 11;
    pub(super) const AT: u8 = 12;
    pub(super) const COLLATE: u8 = 13;
    pub(super) const SIGN: u8 = 14;
}

/// Forms that wrap what stands before them (IS NULL, BETWEEN, COLLATE), one after the other. Each is a level of the tree.
const MAX_WRAPS: usize = 4;

const UNITS: [(&str, &str); 26] = [
    ("year", "YEAR"),
    ("years", "YEAR"),
    ("month", "MONTH"),
    ("months", "MONTH"),
    ("day", "DAY"),
    ("days", "DAY"),
    ("hour", "HOUR"),
    ("hours", "HOUR"),
    ("minute", "MINUTE"),
    ("minutes", "MINUTE"),
    ("second", "SECOND"),
    ("seconds", "SECOND"),
    ("millisecond", "MILLISECOND"),
    ("milliseconds", "MILLISECOND"),
    ("microsecond", "MICROSECOND"),
    ("microseconds", "MICROSECOND"),
    ("week", "WEEK"),
    ("weeks", "WEEK"),
    ("quarter", "QUARTER"),
    ("quarters", "QUARTER"),
    ("decade", "DECADE"),
    ("decades", "DECADE"),
    ("century", "CENTURY"),
    ("centuries", "CENTURY"),
    ("millennium", "MILLENNIUM"),
    ("millennia", "MILLENNIUM"),
];

/// What may stand in round brackets where an expression can.
pub(super) enum Inside {
    Query(Box<Query>),
    Expr(Expr),
}

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.expr_above(power::ARROW)
    }

    pub(super) fn exprs(&mut self) -> Parsed<Vec<Expr>> {
        self.comma_separated(Self::expr)
    }

    /// An expression that IN doesn't belong to.
    pub(super) fn operand_before_in(&mut self) -> Parsed<Expr> {
        self.expr_above(power::OPERATOR)
    }

    /// An expression whose operators bind at least as strongly as `least`.
    fn expr_above(&mut self, least: u8) -> Parsed<Expr> {
        self.nested(|parser| {
            let first = parser.operand()?;
            parser.continued(first, least)
        })
    }

    /// Goes on after the first operand.
    fn continued(&mut self, first: Expr, least: u8) -> Parsed<Expr> {
        let mut expr = first;
        // Of the outermost chain.
        let mut level = None;
        let mut wraps = 0;
        loop {
            if let Some((operator, power, right)) = self.infix().filter(|(_, power, _)| *power >= least) {
                self.take_infix(operator);
                if power == power::COMPARISON
                    && self.is_any(&["any", "all", "some"])
                    && self.is_symbol_at(self.next + 1, "(")
                {
                    wraps += 1;
                    expr = self.quantified(expr, operator)?;
                    level = None;
                } else {
                    let operand = self.expr_above(right)?;
                    match &mut expr {
                        Expr::Chain(_, rest) if level == Some(power) => rest.push((operator, operand)),
                        _ => {
                            expr = Expr::Chain(Box::new(expr), vec![(operator, operand)]);
                            wraps += usize::from(level.is_some_and(|level| level > power));
                        }
                    }
                    level = Some(power);
                }
            } else if let Some(wrapped) = self.wrapped(&mut expr, least)? {
                wraps += 1;
                expr = wrapped;
                level = None;
            } else {
                return Ok(expr);
            }
            // Weaker operators come at most once each, and so need no limit.
            if wraps > MAX_WRAPS + usize::from(power::SIGN) {
                return self.refuse(Code::Limit, "too many operators that need brackets follow each other; write them");
            }
        }
    }

    /// The operator between two operands that stands here, its power, and the least power of what is to its right.
    fn infix(&self) -> Option<(&'static str, u8, u8)> {
        let left_to_right = |operator, power| Some((operator, power, power + 1));
        match self.peek() {
            Kind::Symbol("->") => left_to_right("->", power::ARROW),
            // Weak to its left, strong to its right: `a AND b->>'x' = 'y'` is `((a AND b)->>'x') = 'y'`.
            Kind::Symbol("->>") => Some(("->>", power::ARROW, power::SUM)),
            Kind::Symbol("=" | "==") => left_to_right("=", power::COMPARISON),
            Kind::Symbol("<>" | "!=") => left_to_right("<>", power::COMPARISON),
            Kind::Symbol(operator @ ("<" | ">" | "<=" | ">=")) => left_to_right(operator, power::COMPARISON),
            Kind::Symbol(operator @ ("+" | "-")) => left_to_right(operator, power::SUM),
            Kind::Symbol(operator @ ("*" | "/" | "//" | "%")) => left_to_right(operator, power::PRODUCT),
            Kind::Symbol(operator @ ("^" | "**")) => left_to_right(operator, power::POWER),
            Kind::Symbol("(" | ")" | "[" | "]" | "{" | "}" | "," | ";" | "." | ":" | ":=" | "=>" | "::" | "@") => None,
            Kind::Symbol(operator) => left_to_right(operator, power::OPERATOR),
            Kind::Word(word) if word.eq_ignore_ascii_case("or") => left_to_right("OR", power::OR),
            Kind::Word(word) if word.eq_ignore_ascii_case("and") => left_to_right("AND", power::AND),
            Kind::Word(word) if word.eq_ignore_ascii_case("is") => {
                if self.are_words(&["is", "distinct", "from"]) {
                    left_to_right("IS DISTINCT FROM", power::IS)
                } else if self.are_words(&["is", "not", "distinct", "from"]) {
                    left_to_right("IS NOT DISTINCT FROM", power::IS)
                } else {
                    None
                }
            }
            Kind::Word(_) if self.are_words(&["at", "time", "zone"]) => left_to_right("AT TIME ZONE", power::AT),
            _ => None,
        }
    }

    fn take_infix(&mut self, operator: &str) {
        let is_words = operator.starts_with(|c: char| c.is_ascii_alphabetic());
        self.next += if is_words { operator.split(' ').count() } else { 1 };
    }

    fn quantified(&mut self, expr: Expr, operator: &'static str) -> Parsed<Expr> {
        let quantifier = if self.take_word("all") {
            "ALL"
        } else {
            self.next += 1;
            "ANY"
        };
        let set = match self.inside_brackets()? {
            Inside::Query(query) => Expr::Subquery(query),
            Inside::Expr(expr) => Expr::Brackets(Box::new(expr)),
        };
        Ok(Expr::Quantified { expr: Box::new(expr), operator, quantifier, set: Box::new(set) })
    }

    /// Wraps the expression in the form that follows it, if one does that binds strongly enough. The expression is taken then.
    fn wrapped(&mut self, expr: &mut Expr, least: u8) -> Parsed<Option<Expr>> {
        const IS: [(&[&str], &str); 13] = [
            (&["is", "null"], "IS NULL"),
            (&["is", "not", "null"], "IS NOT NULL"),
            (&["isnull"], "IS NULL"),
            (&["notnull"], "IS NOT NULL"),
            (&["not", "null"], "IS NOT NULL"),
            (&["is", "true"], "IS TRUE"),
            (&["is", "not", "true"], "IS NOT TRUE"),
            (&["is", "false"], "IS FALSE"),
            (&["is", "not", "false"], "IS NOT FALSE"),
            (&["is", "unknown"], "IS UNKNOWN"),
            (&["is", "not", "unknown"], "IS NOT UNKNOWN"),
            (&["is", "json"], ""),
            (&["is", "not", "json"], ""),
        ];
        const LIKE: [(&[&str], &str); 7] = [
            (&["like"], "LIKE"),
            (&["not", "like"], "NOT LIKE"),
            (&["ilike"], "ILIKE"),
            (&["not", "ilike"], "NOT ILIKE"),
            (&["glob"], "GLOB"),
            (&["similar", "to"], "SIMILAR TO"),
            (&["not", "similar", "to"], "NOT SIMILAR TO"),
        ];
        if !matches!(self.peek(), Kind::Word(_)) {
            return Ok(None);
        }
        let mut taken = || Box::new(std::mem::replace(expr, Expr::Constant("NULL")));
        if least <= power::IS
            && let Some((words, meant)) = IS.iter().find(|(words, meant)| !meant.is_empty() && self.are_words(words))
        {
            self.next += words.len();
            return Ok(Some(Expr::Is(taken(), meant)));
        }
        if least <= power::IN {
            if let Some((words, operator)) = LIKE.iter().find(|(words, _)| self.are_words(words)) {
                self.next += words.len();
                let expr = taken();
                if self.is_any(&["any", "all", "some"]) && self.is_symbol_at(self.next + 1, "(") {
                    return self.quantified(*expr, operator).map(Some);
                }
                let pattern = Box::new(self.expr_above(power::OPERATOR)?);
                let escape =
                    if self.take_word("escape") { Some(Box::new(self.expr_above(power::OPERATOR)?)) } else { None };
                return Ok(Some(Expr::Like { expr, operator, pattern, escape }));
            }
            for (words, negated) in [(&["between"][..], false), (&["not", "between"], true)] {
                if self.take_words(words) {
                    let expr = taken();
                    let low = Box::new(self.expr_above(power::OPERATOR)?);
                    self.expect_word("and")?;
                    let high = Box::new(self.expr_above(power::OPERATOR)?);
                    return Ok(Some(Expr::Between { expr, negated, low, high }));
                }
            }
            for (words, negated) in [(&["in"][..], false), (&["not", "in"], true)] {
                if self.take_words(words) {
                    let expr = taken();
                    return Ok(Some(Expr::In { expr, negated, set: self.in_set()? }));
                }
            }
        }
        if least <= power::COLLATE && self.take_word("collate") {
            let at = self.at();
            let mut collation = self.label()?;
            while self.take(".") {
                collation.text.push('.');
                collation.text.push_str(&self.label()?.text);
            }
            if !collation.text.split('.').all(is_collation) {
                return self.refuse_at(
                    at,
                    Code::Function,
                    format!("the collation {} is not on the gate's list", collation.text),
                );
            }
            return Ok(Some(Expr::Collate(taken(), collation)));
        }
        Ok(None)
    }

    fn in_set(&mut self) -> Parsed<InSet> {
        if !self.is_symbol("(") {
            return Ok(InSet::Expr(Box::new(self.expr_above(power::SIGN)?)));
        }
        match self.inside_open_brackets()? {
            Inside::Query(query) => {
                self.expect(")")?;
                Ok(InSet::Query(query))
            }
            Inside::Expr(first) => {
                let mut list = vec![first];
                while self.take(",") {
                    list.push(self.expr()?);
                }
                self.expect(")")?;
                Ok(InSet::List(list))
            }
        }
    }

    /// A query or one expression in brackets, which are taken.
    fn inside_brackets(&mut self) -> Parsed<Inside> {
        let inside = self.inside_open_brackets()?;
        self.expect(")")?;
        Ok(inside)
    }

    /// An opening bracket and the query or the expression after it. Brackets within brackets are a query if nothing but a query stands in
    /// them, or if set operators follow, and else the first operand of an expression; so no bracket is read twice.
    fn inside_open_brackets(&mut self) -> Parsed<Inside> {
        self.expect("(")?;
        self.nested(|parser| {
            if parser.begins_query(parser.next) && !parser.is_symbol("(") {
                return parser.query().map(Box::new).map(Inside::Query);
            }
            if !parser.is_symbol("(") {
                return parser.expr().map(Inside::Expr);
            }
            let inner = parser.inside_open_brackets()?;
            match inner {
                Inside::Query(query) => {
                    parser.expect(")")?;
                    if parser.is_symbol(")") || parser.is_at_query_rest() {
                        parser.query_after(query).map(Box::new).map(Inside::Query)
                    } else {
                        let operand = parser.suffixed(Expr::Subquery(query))?;
                        parser.continued(operand, power::ARROW).map(Inside::Expr)
                    }
                }
                Inside::Expr(expr) => {
                    let operand = parser.row_or_brackets(expr)?;
                    let operand = parser.suffixed(operand)?;
                    parser.continued(operand, power::ARROW).map(Inside::Expr)
                }
            }
        })
    }

    /// The rest of `(a)` or `(a, b)` after the first expression.
    fn row_or_brackets(&mut self, first: Expr) -> Parsed<Expr> {
        if self.take(")") {
            return Ok(Expr::Brackets(Box::new(first)));
        }
        let mut values = vec![first];
        while self.take(",") {
            values.push(self.expr()?);
        }
        self.expect(")")?;
        Ok(Expr::Row { keyword: false, values })
    }

    // ---- Operands ----

    fn operand(&mut self) -> Parsed<Expr> {
        for sign in ["-", "+"] {
            if self.take(sign) {
                return Ok(Expr::Prefix(sign, Box::new(self.expr_above(power::SIGN)?)));
            }
        }
        for operator in ["~", "@"] {
            if self.take(operator) {
                return Ok(Expr::Prefix(operator, Box::new(self.expr_above(power::SUM)?)));
            }
        }
        if self.take_word("not") {
            return Ok(Expr::Prefix("NOT", Box::new(self.expr_above(power::NOT)?)));
        }
        let operand = self.bare_operand()?;
        self.suffixed(operand)
    }

    fn bare_operand(&mut self) -> Parsed<Expr> {
        match self.peek() {
            Kind::Number(number) => {
                let number = number.clone();
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Kind::Text(_) => self.text().map(Expr::Text),
            Kind::Parameter(name) => {
                let (name, at) = (name.clone(), self.at());
                self.next += 1;
                Ok(Expr::Parameter(name, at))
            }
            Kind::Ordinal(ordinal) => {
                let ordinal = ordinal.clone();
                self.next += 1;
                Ok(Expr::Ordinal(ordinal))
            }
            Kind::Symbol("(") => match self.inside_open_brackets()? {
                Inside::Query(query) => {
                    self.expect(")")?;
                    Ok(Expr::Subquery(query))
                }
                Inside::Expr(expr) => self.row_or_brackets(expr),
            },
            Kind::Symbol("[") => self.list(),
            Kind::Symbol("{") => self.structure(),
            Kind::Symbol("*") => self.star(Path::new()),
            Kind::Quoted(_) => self.column_or_call(),
            Kind::Word(_) => self.word(),
            _ => self.unexpected("an expression"),
        }
    }

    fn word(&mut self) -> Parsed<Expr> {
        for constant in ["NULL", "TRUE", "FALSE"] {
            if self.take_word(constant) {
                return Ok(Expr::Constant(constant));
            }
        }
        if self.is_word("case") {
            return self.case();
        }
        if self.is_word("lambda") {
            return self.lambda();
        }
        if self.is_word("interval")
            && (matches!(self.kind(self.next + 1), Kind::Text(_) | Kind::Number(_))
                || self.is_symbol_at(self.next + 1, "("))
        {
            return self.interval();
        }
        if self.is_at_typed_literal() {
            let data_type = self.data_type()?;
            return Ok(Expr::Typed(data_type, self.text()?));
        }
        if self.is_word("array") && self.is_symbol_at(self.next + 1, "[") {
            self.next += 1;
            return self.list();
        }
        if self.is_word("map") && self.is_symbol_at(self.next + 1, "{") {
            return self.map();
        }
        if self.is_symbol_at(self.next + 1, "(")
            && let Some(form) = self.form_with_brackets()?
        {
            return Ok(form);
        }
        self.column_or_call()
    }

    /// Forms with a syntax of their own in their brackets.
    fn form_with_brackets(&mut self) -> Parsed<Option<Expr>> {
        let is_form = self
            .is_any(&["cast", "try_cast", "extract", "position", "trim", "exists", "array", "columns", "row"])
            || (self.is_word("substring") && self.has_words_inside(&["from", "for"]));
        if !is_form {
            return Ok(None);
        }
        let form = match self.take_any(&[
            "cast",
            "try_cast",
            "extract",
            "position",
            "trim",
            "exists",
            "array",
            "columns",
            "row",
            "substring",
        ]) {
            Some("exists") => match self.inside_brackets()? {
                Inside::Query(query) => Expr::Exists(query),
                Inside::Expr(_) => return self.unexpected("a query within EXISTS"),
            },
            Some("array") => match self.inside_brackets()? {
                Inside::Query(query) => Expr::ArrayOf(query),
                Inside::Expr(_) => return self.unexpected("a query within ARRAY"),
            },
            form => {
                self.expect("(")?;
                let form = match form {
                    Some("cast") => self.cast(false)?,
                    Some("try_cast") => self.cast(true)?,
                    Some("extract") => self.extract()?,
                    Some("position") => {
                        let part = Box::new(self.expr_above(power::OPERATOR)?);
                        self.expect_word("in")?;
                        Expr::Position { part, whole: Box::new(self.expr_above(power::OPERATOR)?) }
                    }
                    Some("trim") => self.trim()?,
                    Some("substring") => self.substring()?,
                    Some("columns") => Expr::Columns(Box::new(Columns { unpacked: false, which: self.expr()? })),
                    _ => Expr::Row {
                        keyword: true,
                        values: if self.is_symbol(")") { Vec::new() } else { self.exprs()? },
                    },
                };
                self.expect(")")?;
                form
            }
        };
        Ok(Some(form))
    }

    /// Whether one of these words stands in the brackets after the next token, but not in brackets within them.
    fn has_words_inside(&self, words: &[&str]) -> bool {
        let mut depth = 0_usize;
        for index in self.next + 1.. {
            match self.kind(index) {
                Kind::Symbol("(" | "[" | "{") => depth += 1,
                Kind::Symbol(")" | "]" | "}") if depth <= 1 => return false,
                Kind::Symbol(")" | "]" | "}") => depth -= 1,
                Kind::End => return false,
                Kind::Word(_) if depth == 1 && words.iter().any(|word| self.is_word_at(index, word)) => return true,
                _ => {}
            }
        }
        false
    }

    fn cast(&mut self, attempt: bool) -> Parsed<Expr> {
        let expr = Box::new(self.expr()?);
        self.expect_word("as")?;
        Ok(Expr::Cast { attempt, expr, target: self.data_type()? })
    }

    fn extract(&mut self) -> Parsed<Expr> {
        let field = self.label_or_text()?.text;
        self.expect_word("from")?;
        Ok(Expr::Extract { field, from: Box::new(self.expr()?) })
    }

    fn trim(&mut self) -> Parsed<Expr> {
        let side = if self.take_word("leading") {
            Some("LEADING")
        } else if self.take_word("trailing") {
            Some("TRAILING")
        } else {
            self.take_word("both");
            None
        };
        if self.take_word("from") {
            return Ok(Expr::Trim { side, characters: None, text: Box::new(self.expr()?) });
        }
        let first = Box::new(self.expr()?);
        if self.take_word("from") {
            return Ok(Expr::Trim { side, characters: Some(first), text: Box::new(self.expr()?) });
        }
        let characters = if self.take(",") { Some(Box::new(self.expr()?)) } else { None };
        Ok(Expr::Trim { side, characters, text: first })
    }

    fn substring(&mut self) -> Parsed<Expr> {
        let text = Box::new(self.expr()?);
        let (mut from, mut length) = (None, None);
        for _ in 0..2 {
            if self.take_word("from") {
                from = Some(Box::new(self.expr()?));
            } else if self.take_word("for") {
                length = Some(Box::new(self.expr()?));
            }
        }
        Ok(Expr::Substring { text, from, length })
    }

    fn case(&mut self) -> Parsed<Expr> {
        self.expect_word("case")?;
        let operand = if self.is_word("when") { None } else { Some(self.expr()?) };
        let mut branches = Vec::new();
        while self.take_word("when") {
            let condition = self.expr()?;
            self.expect_word("then")?;
            branches.push((condition, self.expr()?));
        }
        if branches.is_empty() {
            return self.unexpected("WHEN");
        }
        let otherwise = if self.take_word("else") { Some(self.expr()?) } else { None };
        self.expect_word("end")?;
        Ok(Expr::Case(Box::new(Case { operand, branches, otherwise })))
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        self.expect_word("lambda")?;
        let names = self.names()?;
        self.expect(":")?;
        Ok(Expr::Lambda(names, Box::new(self.expr()?)))
    }

    fn interval(&mut self) -> Parsed<Expr> {
        self.expect_word("interval")?;
        let value = match self.peek() {
            Kind::Symbol("(") => {
                self.next += 1;
                let value = self.expr()?;
                self.expect(")")?;
                Expr::Brackets(Box::new(value))
            }
            Kind::Number(_) => Expr::Number(self.number()?),
            _ => Expr::Text(self.text()?),
        };
        let unit = UNITS.iter().find(|(word, _)| self.is_word(word)).map(|(_, unit)| *unit);
        if unit.is_some() {
            self.next += 1;
            if self.is_word("to") {
                return self.refuse(Code::Syntax, "an interval has one unit");
            }
        } else if !matches!(value, Expr::Text(_)) {
            return self.unexpected("the interval's unit, such as DAY");
        }
        Ok(Expr::Interval(Box::new(value), unit))
    }

    fn list(&mut self) -> Parsed<Expr> {
        self.expect("[")?;
        if self.take("]") {
            return Ok(Expr::List(Vec::new()));
        }
        let first = self.expr()?;
        if self.take_word("for") {
            let names = self.names()?;
            self.expect_word("in")?;
            let list = self.expr()?;
            let condition = if self.take_word("if") { Some(self.expr()?) } else { None };
            self.expect("]")?;
            return Ok(Expr::Comprehension(Box::new(Comprehension { result: first, names, list, condition })));
        }
        let mut values = vec![first];
        while self.take(",") {
            if self.is_symbol("]") {
                break;
            }
            values.push(self.expr()?);
        }
        self.expect("]")?;
        Ok(Expr::List(values))
    }

    fn structure(&mut self) -> Parsed<Expr> {
        self.expect("{")?;
        let fields = self.comma_separated(|parser| {
            let name = parser.label_or_text()?;
            parser.expect(":")?;
            Ok((name, parser.expr()?))
        })?;
        self.expect("}")?;
        Ok(Expr::Struct(fields))
    }

    fn map(&mut self) -> Parsed<Expr> {
        self.expect_word("map")?;
        self.expect("{")?;
        if self.take("}") {
            return Ok(Expr::Map(Vec::new()));
        }
        let entries = self.comma_separated(|parser| {
            let key = parser.expr()?;
            parser.expect(":")?;
            Ok((key, parser.expr()?))
        })?;
        self.expect("}")?;
        Ok(Expr::Map(entries))
    }

    /// `*`, with what it leaves out, replaces and renames.
    fn star(&mut self, of: Path) -> Parsed<Expr> {
        self.expect("*")?;
        if of.is_empty() && self.is_word("columns") && self.is_symbol_at(self.next + 1, "(") {
            return self.columns(true);
        }
        let mut star = Star { of, exclude: Vec::new(), replace: Vec::new(), rename: Vec::new() };
        if self.take_word("exclude") {
            star.exclude = self.one_or_bracketed(Self::path)?;
        }
        if self.take_word("replace") {
            star.replace = self.one_or_bracketed(|parser| {
                let expr = parser.expr()?;
                parser.take_word("as");
                Ok((expr, parser.path()?))
            })?;
        }
        if self.take_word("rename") {
            star.rename = self.one_or_bracketed(|parser| {
                let from = parser.path()?;
                parser.expect_word("as")?;
                Ok((from, parser.label()?))
            })?;
        }
        Ok(Expr::Star(Box::new(star)))
    }

    fn one_or_bracketed<T>(&mut self, mut read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        if !self.take("(") {
            return Ok(vec![read(self)?]);
        }
        let list = self.comma_separated(read)?;
        self.expect(")")?;
        Ok(list)
    }

    fn columns(&mut self, unpacked: bool) -> Parsed<Expr> {
        self.expect_word("columns")?;
        self.expect("(")?;
        let which = self.expr()?;
        self.expect(")")?;
        Ok(Expr::Columns(Box::new(Columns { unpacked, which })))
    }

    // ---- Columns, calls and what follows them ----

    fn column_or_call(&mut self) -> Parsed<Expr> {
        let is_call = self.is_symbol_at(self.next + 1, "(");
        let is_name = match self.peek() {
            Kind::Word(word) if is_call => !keywords::is_no_function(word),
            _ => self.is_name_at(self.next),
        };
        if !is_name {
            return self.unexpected("an expression");
        }
        let first = self.label()?;
        if is_call {
            return Ok(Expr::Call(Box::new(self.call(first)?)));
        }
        let mut path = vec![first];
        while self.is_symbol(".") {
            if self.is_symbol_at(self.next + 1, "*") {
                self.next += 1;
                return self.star(path);
            }
            self.next += 1;
            let part = self.label()?;
            if self.is_symbol("(") {
                return self.qualified_call(path, part);
            }
            path.push(part);
        }
        Ok(Expr::Column(path))
    }

    /// `main.f(…)` is a function by its full name, and `a.b.f(…)` is `f` of the column `a.b`. DuckDB would first look for a schema of that
    /// name; with brackets around the column, as it's printed, it doesn't.
    fn qualified_call(&mut self, path: Path, name: Ident) -> Parsed<Expr> {
        let is_builtin = match path.as_slice() {
            [schema] => schema.is("main"),
            [catalog, schema] => catalog.is("system") && schema.is("main"),
            _ => false,
        };
        let call = self.call(name)?;
        if is_builtin {
            return Ok(Expr::Call(Box::new(call)));
        }
        let column = Expr::Brackets(Box::new(Expr::Column(path)));
        Ok(Expr::Suffixed(Box::new(column), vec![Suffix::Method(Box::new(call))]))
    }

    pub(super) fn call(&mut self, name: Ident) -> Parsed<Call> {
        self.nested(|parser| parser.call_arguments(name))
    }

    fn call_arguments(&mut self, name: Ident) -> Parsed<Call> {
        const KEYWORDS: [&str; 4] = ["coalesce", "grouping", "grouping_id", "substring"];
        let is_keyword = KEYWORDS.iter().any(|keyword| name.is(keyword));
        let mut call = Call { is_keyword, ..Call::plain("", Vec::new()) };
        call.name = name;
        self.expect("(")?;
        if !self.is_symbol(")") {
            call.distinct = self.take_word("distinct");
            if !call.distinct {
                self.take_word("all");
            }
            if self.is_word("variadic") {
                return self.refuse(Code::Syntax, "VARIADIC is not allowed");
            }
            if !self.is_word("order") {
                call.arguments = self.comma_separated(Self::argument)?;
            }
            if self.is_word("order") {
                call.order_by = Some(self.order_by()?);
            }
            call.nulls = self.null_treatment();
        }
        self.expect(")")?;
        if self.take_words(&["within", "group"]) {
            self.expect("(")?;
            call.within_group = Some(self.order_by()?);
            self.expect(")")?;
        }
        if self.is_word("filter") && self.is_symbol_at(self.next + 1, "(") {
            self.next += 2;
            self.take_word("where");
            call.filter = Some(self.expr()?);
            self.expect(")")?;
        }
        if self.is_word("export_state") {
            return self.refuse(Code::Function, "EXPORT_STATE is not allowed");
        }
        if self.is_word("over") && (self.is_symbol_at(self.next + 1, "(") || self.is_name_at(self.next + 1)) {
            self.next += 1;
            call.over = Some(if self.is_symbol("(") {
                Over::Window(Box::new(self.window()?))
            } else {
                Over::Named(self.name()?)
            });
        }
        Ok(call)
    }

    fn null_treatment(&mut self) -> Option<&'static str> {
        if self.take_words(&["ignore", "nulls"]) {
            Some("IGNORE NULLS")
        } else if self.take_words(&["respect", "nulls"]) {
            Some("RESPECT NULLS")
        } else {
            None
        }
    }

    fn argument(&mut self) -> Parsed<Expr> {
        let is_named = self.is_symbol_at(self.next + 1, ":=") || self.is_symbol_at(self.next + 1, "=>");
        if !is_named {
            if self.begins_query(self.next) && !self.is_symbol("(") {
                // `f(SELECT …)` is a subquery without brackets of its own.
                return Ok(Expr::Subquery(Box::new(self.query()?)));
            }
            return self.expr();
        }
        let name = self.label()?;
        self.next += 1;
        Ok(Expr::Named(name, Box::new(self.expr()?)))
    }

    fn suffixed(&mut self, operand: Expr) -> Parsed<Expr> {
        let mut suffixes = Vec::new();
        loop {
            if self.take("::") {
                suffixes.push(Suffix::Cast(self.data_type()?));
            } else if self.is_symbol("[") {
                suffixes.push(self.index()?);
            } else if self.is_symbol(".") && !matches!(operand, Expr::Number(_) | Expr::Text(_) | Expr::Constant(_)) {
                self.next += 1;
                let name = self.label()?;
                suffixes.push(if self.is_symbol("(") {
                    Suffix::Method(Box::new(self.call(name)?))
                } else {
                    Suffix::Field(name)
                });
            } else {
                break;
            }
        }
        // A field of what has no brackets, where DuckDB would read a name of several parts.
        let needs_brackets = matches!(suffixes.first(), Some(Suffix::Method(_) | Suffix::Field(_)))
            && matches!(operand, Expr::Column(_));
        Ok(match (suffixes.is_empty(), needs_brackets) {
            (true, _) => operand,
            (false, true) => Expr::Suffixed(Box::new(Expr::Brackets(Box::new(operand))), suffixes),
            (false, false) => Expr::Suffixed(Box::new(operand), suffixes),
        })
    }

    fn index(&mut self) -> Parsed<Suffix> {
        self.expect("[")?;
        let from = if self.is_symbol(":") { None } else { Some(self.expr()?) };
        if self.take("]") {
            return match from {
                Some(index) => Ok(Suffix::Index(index)),
                None => self.unexpected("an index"),
            };
        }
        self.expect(":")?;
        let (mut to, mut step) = (SliceEnd::Open, None);
        if self.is_symbol("-") && self.is_symbol_at(self.next + 1, ":") {
            self.next += 1;
            to = SliceEnd::Last;
        } else if !self.is_symbol("]") && !self.is_symbol(":") {
            to = SliceEnd::At(self.expr()?);
        }
        if self.take(":") {
            step = Some(self.expr()?);
        }
        self.expect("]")?;
        Ok(Suffix::Slice { from, to, step })
    }

    // ---- Windows ----

    /// A window's definition in brackets.
    pub(super) fn window(&mut self) -> Parsed<Window> {
        self.expect("(")?;
        let mut window = Window::default();
        if self.is_name_at(self.next) && !self.is_any(&["partition", "rows", "range", "groups"]) {
            window.base = Some(self.name()?);
        }
        if self.take_words(&["partition", "by"]) {
            window.partition_by = self.exprs()?;
        }
        if self.is_word("order") {
            window.order_by = Some(self.order_by()?);
        }
        for (keyword, unit) in [("rows", "ROWS"), ("range", "RANGE"), ("groups", "GROUPS")] {
            if self.take_word(keyword) {
                window.frame = Some(self.frame(unit)?);
                break;
            }
        }
        self.expect(")")?;
        Ok(window)
    }

    fn frame(&mut self, unit: &'static str) -> Parsed<Frame> {
        let (start, end) = if self.take_word("between") {
            let start = self.bound()?;
            self.expect_word("and")?;
            (start, Some(self.bound()?))
        } else {
            (self.bound()?, None)
        };
        let mut exclude = None;
        if self.take_word("exclude") {
            const EXCLUDED: [(&[&str], &str); 4] = [
                (&["current", "row"], "CURRENT ROW"),
                (&["group"], "GROUP"),
                (&["ties"], "TIES"),
                (&["no", "others"], "NO OTHERS"),
            ];
            exclude = EXCLUDED.iter().find(|(words, _)| self.take_words(words)).map(|(_, excluded)| *excluded);
            if exclude.is_none() {
                return self.unexpected("CURRENT ROW, GROUP, TIES or NO OTHERS");
            }
        }
        Ok(Frame { unit, start, end, exclude })
    }

    fn bound(&mut self) -> Parsed<Bound> {
        if self.take_words(&["current", "row"]) {
            return Ok(Bound::CurrentRow);
        }
        let distance =
            if self.take_word("unbounded") { None } else { Some(Box::new(self.expr_above(power::OPERATOR)?)) };
        if self.take_word("preceding") {
            Ok(Bound::Distance(distance, "PRECEDING"))
        } else if self.take_word("following") {
            Ok(Bound::Distance(distance, "FOLLOWING"))
        } else {
            self.unexpected("PRECEDING or FOLLOWING")
        }
    }

    /// A call in FROM, of a name that was read.
    pub(super) fn table_call(&mut self, name: Ident) -> Parsed<Call> {
        let at: At = name.at;
        let call = self.call(name)?;
        if call.over.is_some()
            || call.filter.is_some()
            || call.distinct
            || call.order_by.is_some()
            || call.within_group.is_some()
        {
            return self.refuse_at(at, Code::Syntax, "a table function takes arguments only");
        }
        Ok(call)
    }
}

/// Built-in collations of 1.5.5 that need nothing loaded, and what may be added to them.
fn is_collation(part: &str) -> bool {
    [
        "binary",
        "c",
        "posix",
        "nocase",
        "noaccent",
        "nfc",
        "icu_noaccent",
        "de",
        "en",
        "es",
        "fr",
        "it",
        "nl",
        "no",
        "pt",
        "sv",
        "da",
        "fi",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(part))
}
