//! The tree as text that DuckDB reads as the same tree.
//!
//! Identifiers and the names of functions always stand in quotes, literals in single quotes, and blanks between all operators, so nothing depends on
//! how DuckDB's scanner tells words and operators apart, or on a keyword that a newer version may have.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{
    Alias, Bound, Call, Case, Columns, Comprehension, Cte, DataType, Direction, Expr, Frame, GroupBy, GroupItem, Ident,
    InSet, Item, Join, JoinCondition, Limit, Look, LookSubject, OrderBy, OrderItem, Over, Pivot, PivotColumn,
    PivotStatement, Query, Sample, Select, SetKind, SetOperator, SliceEnd, Source, Star, Statement, Suffix, Table,
    TableKind, Term, UnpivotStatement, Window, With,
};

/// Text in which relations can still be replaced.
#[derive(Clone, Debug)]
pub(crate) struct Text(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Relation { schema: String, name: String, place: Place },
}

/// Where a relation stands, which says what has to come with another name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In FROM, with an alias.
    Named,
    /// In FROM: its own name has to become its alias.
    Unnamed,
    /// After DESCRIBE or SUMMARIZE, where a query has to take its place.
    Looked,
}

/// Stands around relations in a tree's text. No other part of it can hold the character: the lexer refuses it in every token.
const MARK: char = '\0';

struct Marked<'a>(&'a [Ident], Place);

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let place = match self.1 {
            Place::Named => "named",
            Place::Unnamed => "unnamed",
            Place::Looked => "looked",
        };
        write!(f, "{MARK}{place}")?;
        self.0.iter().try_for_each(|part| write!(f, "{MARK}{}", part.text))?;
        f.write_char(MARK)
    }
}

impl Text {
    /// The text of a tree whose relations have their full names.
    pub(crate) fn of(tree: &impl Display) -> Self {
        let marked = tree.to_string();
        let parts: Vec<&str> = marked.split(MARK).collect();
        let mut pieces = Vec::new();
        // Text, then a place, a schema and a name before the next text.
        for chunk in parts.chunks(4) {
            let [text, relation @ ..] = chunk else { continue };
            pieces.push(Piece::Text((*text).to_owned()));
            if let [place, schema, name] = relation {
                let place = match *place {
                    "named" => Place::Named,
                    "unnamed" => Place::Unnamed,
                    _ => Place::Looked,
                };
                pieces.push(Piece::Relation { schema: (*schema).to_owned(), name: (*name).to_owned(), place });
            }
        }
        Self(pieces)
    }

    /// The text to run, with another name for each relation that `replacement` has one for.
    pub(crate) fn with(&self, replacement: impl Fn(&str, &str) -> Option<Ident>) -> String {
        let mut sql = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => sql.push_str(text),
                Piece::Relation { schema, name, place } => {
                    let own = Ident::new(name.as_str());
                    let printed = match (replacement(schema, name), place) {
                        (None, _) => format!("{}.{own}", Ident::new(schema.as_str())),
                        (Some(other), Place::Named) => other.to_string(),
                        (Some(other), Place::Unnamed) => format!("{other} AS {own}"),
                        (Some(other), Place::Looked) => format!("SELECT * FROM {other} AS {own}"),
                    };
                    sql.push_str(&printed);
                }
            }
        }
        sql
    }
}

/// A list with something between its elements.
struct Separated<'a, T>(&'a [T], &'a str);

impl<T: Display> Display for Separated<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, element) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(self.1)?;
            }
            element.fmt(f)?;
        }
        Ok(())
    }
}

const fn list<T>(elements: &[T]) -> Separated<'_, T> {
    Separated(elements, ", ")
}

const fn dotted(path: &[Ident]) -> Separated<'_, Ident> {
    Separated(path, ".")
}

/// Text in quotes, its own quotes doubled.
struct Quoted<'a>(&'a str, char);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(text, quote) = self;
        f.write_char(*quote)?;
        for c in text.chars() {
            if c == *quote {
                f.write_char(c)?;
            }
            f.write_char(c)?;
        }
        f.write_char(*quote)
    }
}

const fn text(text: &str) -> Quoted<'_> {
    Quoted(text, '\'')
}

impl Display for Ident {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Quoted(&self.text, '"').fmt(f)
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Look(look) => look.fmt(f),
        }
    }
}

impl Display for Look {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.subject {
            LookSubject::Relation(path) => write!(f, "{} {}", self.keyword, Marked(path, Place::Looked)),
            LookSubject::Query(query) => write!(f, "{} {query}", self.keyword),
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        self.first.fmt(f)?;
        for (operator, term) in &self.rest {
            write!(f, " {operator} {term}")?;
        }
        if let Some(order_by) = &self.order_by {
            write!(f, " {order_by}")?;
        }
        match &self.limit {
            None => {}
            Some(Limit::Rows(rows)) => write!(f, " LIMIT {rows}")?,
            Some(Limit::Percent(percent)) => write!(f, " LIMIT {percent} %")?,
        }
        if let Some(offset) = &self.offset {
            write!(f, " OFFSET {offset}")?;
        }
        Ok(())
    }
}

impl Display for SetOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SetKind::Union => "UNION",
            SetKind::Intersect => "INTERSECT",
            SetKind::Except => "EXCEPT",
        })?;
        f.write_str(if self.all { " ALL" } else { "" })?;
        f.write_str(if self.by_name { " BY NAME" } else { "" })
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(f),
            Self::Values(rows) => {
                f.write_str("VALUES ")?;
                for (i, row) in rows.iter().enumerate() {
                    write!(f, "{}({})", if i > 0 { ", " } else { "" }, list(row))?;
                }
                Ok(())
            }
            Self::Nested(query) => write!(f, "({query})"),
            Self::Pivot(pivot) => pivot.fmt(f),
            Self::Unpivot(unpivot) => unpivot.fmt(f),
        }
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.recursive { "WITH RECURSIVE " } else { "WITH " })?;
        for (i, (name, query)) in self.given.iter().enumerate() {
            write!(f, "{}{name} AS ({query})", if i > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.given.is_empty() || self.tables.is_empty() { "" } else { ", " })?;
        list(&self.tables).fmt(f)
    }
}

impl Display for Cte {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if !self.columns.is_empty() {
            write!(f, " ({})", list(&self.columns))?;
        }
        if !self.key.is_empty() {
            write!(f, " USING KEY ({})", list(&self.key))?;
        }
        f.write_str(match self.materialized {
            None => " AS",
            Some(true) => " AS MATERIALIZED",
            Some(false) => " AS NOT MATERIALIZED",
        })?;
        write!(f, " ({})", self.query)
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        match &self.distinct {
            None => {}
            Some(distinct) if distinct.on.is_empty() => f.write_str("DISTINCT ")?,
            Some(distinct) => write!(f, "DISTINCT ON ({}) ", list(&distinct.on))?,
        }
        list(&self.items).fmt(f)?;
        if !self.from.is_empty() {
            write!(f, " FROM {}", list(&self.from))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        match &self.group_by {
            None => {}
            Some(GroupBy::All) => f.write_str(" GROUP BY ALL")?,
            Some(GroupBy::Items(items)) => write!(f, " GROUP BY {}", list(items))?,
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        for (i, (name, window)) in self.windows.iter().enumerate() {
            write!(f, "{}{name} AS {window}", if i > 0 { ", " } else { " WINDOW " })?;
        }
        if let Some(qualify) = &self.qualify {
            write!(f, " QUALIFY {qualify}")?;
        }
        if let Some(sample) = &self.sample {
            write!(f, " USING SAMPLE {sample}")?;
        }
        Ok(())
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)?;
        match &self.alias {
            Some(alias) => write!(f, " AS {alias}"),
            None => Ok(()),
        }
    }
}

impl Display for GroupItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expr(expr) => expr.fmt(f),
            Self::Nothing => f.write_str("()"),
            Self::Powers(keyword, of) => write!(f, "{keyword} ({})", list(of)),
            Self::Sets(sets) => write!(f, "GROUPING SETS ({})", list(sets)),
        }
    }
}

impl Display for OrderBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(direction) => write!(f, "ORDER BY ALL{direction}"),
            Self::Items(items) => write!(f, "ORDER BY {}", list(items)),
        }
    }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, self.direction)
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.descending {
            None => "",
            Some(true) => " DESC",
            Some(false) => " ASC",
        })?;
        f.write_str(match self.nulls_first {
            None => "",
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
        })
    }
}

impl Display for Sample {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let unit = if self.percent { " PERCENT" } else { " ROWS" };
        match self.method {
            Some(method) => write!(f, "{method} ({}{unit})", self.size)?,
            None => write!(f, "{}{unit}", self.size)?,
        }
        match (&self.seed, self.method) {
            (Some(seed), _) => write!(f, " REPEATABLE ({seed})"),
            (None, _) => Ok(()),
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        for join in &self.joins {
            write!(f, " {join}")?;
        }
        Ok(())
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for word in [self.kind.modifier, self.kind.side].into_iter().flatten() {
            write!(f, "{word} ")?;
        }
        write!(f, "JOIN {}", self.table)?;
        match &self.condition {
            JoinCondition::None => Ok(()),
            JoinCondition::On(condition) => write!(f, " ON {condition}"),
            JoinCondition::Using(columns) => write!(f, " USING ({})", list(columns)),
        }
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.lateral {
            f.write_str("LATERAL ")?;
        }
        match &self.kind {
            TableKind::Relation(path) => {
                let place = if self.alias.is_some() { Place::Named } else { Place::Unnamed };
                Marked(path, place).fmt(f)?;
            }
            TableKind::Cte(name) => name.fmt(f)?,
            TableKind::Function { call, with_ordinality } => {
                write!(f, "{call}{}", if *with_ordinality { " WITH ORDINALITY" } else { "" })?;
            }
            TableKind::Query(query) => write!(f, "({query})")?,
            TableKind::Look(look) => write!(f, "({look})")?,
            TableKind::Joined(source) => write!(f, "({source})")?,
        }
        if let Some(alias) = &self.alias {
            write!(f, " {alias}")?;
        }
        if let Some(sample) = &self.sample {
            write!(f, " TABLESAMPLE {sample}")?;
        }
        for (pivot, alias) in &self.pivots {
            write!(f, " {pivot}")?;
            if let Some(alias) = alias {
                write!(f, " {alias}")?;
            }
        }
        Ok(())
    }
}

impl Display for Alias {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "AS {}", self.name)?;
        if self.columns.is_empty() { Ok(()) } else { write!(f, " ({})", list(&self.columns)) }
    }
}

fn names_in_brackets(names: &[Ident], f: &mut Formatter<'_>) -> fmt::Result {
    match names {
        [name] => name.fmt(f),
        _ => write!(f, "({})", list(names)),
    }
}

impl Display for Pivot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pivot { aggregates, on, group_by } => {
                write!(f, "PIVOT ({} FOR {}", list(aggregates), Separated(on, " "))?;
                if !group_by.is_empty() {
                    write!(f, " GROUP BY {}", list(group_by))?;
                }
            }
            Self::Unpivot { include_nulls, values, names, columns } => {
                write!(f, "UNPIVOT {}(", if *include_nulls { "INCLUDE NULLS " } else { "" })?;
                names_in_brackets(values, f)?;
                f.write_str(" FOR ")?;
                names_in_brackets(names, f)?;
                write!(f, " IN ({})", list(columns))?;
            }
        }
        f.write_char(')')
    }
}

impl Display for PivotColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} IN ({})", self.expr, list(&self.values))
    }
}

impl Display for PivotStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "PIVOT {} ON {}", self.source, list(&self.on))?;
        if !self.aggregates.is_empty() {
            write!(f, " USING {}", list(&self.aggregates))?;
        }
        if self.group_by.is_empty() { Ok(()) } else { write!(f, " GROUP BY {}", list(&self.group_by)) }
    }
}

impl Display for UnpivotStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nulls = if self.include_nulls { "INCLUDE NULLS " } else { "" };
        write!(f, "UNPIVOT {} {nulls}ON {}", self.source, list(&self.columns))?;
        match &self.into {
            Some((name, values)) => write!(f, " INTO NAME {name} VALUE {}", list(values)),
            None => Ok(()),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number),
            Self::Text(value) => text(value).fmt(f),
            Self::Constant(constant) => f.write_str(constant),
            Self::Parameter(name, _) => f.write_str(name),
            Self::Ordinal(ordinal) => f.write_str(ordinal),
            Self::Typed(data_type, value) => write!(f, "{data_type} {}", text(value)),
            Self::Interval(value, None) => write!(f, "INTERVAL {value}"),
            Self::Interval(value, Some(unit)) => write!(f, "INTERVAL {value} {unit}"),
            Self::Column(path) => dotted(path).fmt(f),
            Self::Star(star) => star.fmt(f),
            Self::Columns(columns) => columns.fmt(f),
            Self::Call(call) => call.fmt(f),
            Self::Cast { attempt, expr, target } => {
                write!(f, "{}CAST({expr} AS {target})", if *attempt { "TRY_" } else { "" })
            }
            Self::Extract { field, from } => write!(f, "EXTRACT({} FROM {from})", text(field)),
            Self::Position { part, whole } => write!(f, "POSITION({part} IN {whole})"),
            Self::Substring { text, from, length } => {
                write!(f, "SUBSTRING({text}")?;
                for (keyword, part) in [("FROM", from), ("FOR", length)] {
                    if let Some(part) = part {
                        write!(f, " {keyword} {part}")?;
                    }
                }
                f.write_char(')')
            }
            Self::Trim { side, characters, text } => match (side, characters) {
                (None, None) => write!(f, "TRIM({text})"),
                (None, Some(characters)) => write!(f, "TRIM({text}, {characters})"),
                (Some(side), None) => write!(f, "TRIM({side} FROM {text})"),
                (Some(side), Some(characters)) => write!(f, "TRIM({side} {characters} FROM {text})"),
            },
            Self::Case(case) => case.fmt(f),
            Self::Prefix(operator, expr) => write!(f, "{operator} {expr}"),
            Self::Chain(first, rest) => {
                first.fmt(f)?;
                rest.iter().try_for_each(|(operator, operand)| write!(f, " {operator} {operand}"))
            }
            Self::Is(expr, what) => write!(f, "{expr} {what}"),
            Self::Between { expr, negated, low, high } => {
                write!(f, "{expr} {}BETWEEN {low} AND {high}", if *negated { "NOT " } else { "" })
            }
            Self::In { expr, negated, set } => write!(f, "{expr} {}IN {set}", if *negated { "NOT " } else { "" }),
            Self::Like { expr, operator, pattern, escape } => {
                write!(f, "{expr} {operator} {pattern}")?;
                match escape {
                    Some(escape) => write!(f, " ESCAPE {escape}"),
                    None => Ok(()),
                }
            }
            Self::Quantified { expr, operator, quantifier, set } => write!(f, "{expr} {operator} {quantifier} {set}"),
            Self::Collate(expr, collation) => {
                let parts: Vec<Ident> = collation.text.split('.').map(Ident::new).collect();
                write!(f, "{expr} COLLATE {}", dotted(&parts))
            }
            Self::Suffixed(expr, suffixes) => write!(f, "{expr}{}", Separated(suffixes, "")),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Subquery(query) => write!(f, "({query})"),
            Self::ArrayOf(query) => write!(f, "ARRAY ({query})"),
            Self::Brackets(expr) => write!(f, "({expr})"),
            Self::Row { keyword, values } => write!(f, "{}({})", if *keyword { "ROW" } else { "" }, list(values)),
            Self::List(values) => write!(f, "[{}]", list(values)),
            Self::Comprehension(comprehension) => comprehension.fmt(f),
            Self::Struct(fields) => {
                f.write_char('{')?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_char('}')
            }
            Self::Map(entries) => {
                f.write_str("MAP {")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_char('}')
            }
            Self::Lambda(names, body) => write!(f, "LAMBDA {}: {body}", list(names)),
            Self::Named(name, value) => write!(f, "{name} := {value}"),
        }
    }
}

impl Display for InSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(values) => write!(f, "({})", list(values)),
            Self::Query(query) => write!(f, "({query})"),
            Self::Expr(expr) => expr.fmt(f),
        }
    }
}

impl Display for Star {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.of.is_empty() {
            write!(f, "{}.", dotted(&self.of))?;
        }
        f.write_char('*')?;
        for (i, path) in self.exclude.iter().enumerate() {
            write!(f, "{}{}", if i > 0 { ", " } else { " EXCLUDE (" }, dotted(path))?;
        }
        f.write_str(if self.exclude.is_empty() { "" } else { ")" })?;
        for (i, (expr, name)) in self.replace.iter().enumerate() {
            write!(f, "{}{expr} AS {}", if i > 0 { ", " } else { " REPLACE (" }, dotted(name))?;
        }
        f.write_str(if self.replace.is_empty() { "" } else { ")" })?;
        for (i, (from, to)) in self.rename.iter().enumerate() {
            write!(f, "{}{} AS {to}", if i > 0 { ", " } else { " RENAME (" }, dotted(from))?;
        }
        f.write_str(if self.rename.is_empty() { "" } else { ")" })
    }
}

impl Display for Columns {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}COLUMNS({})", if self.unpacked { "*" } else { "" }, self.which)
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("CASE")?;
        if let Some(operand) = &self.operand {
            write!(f, " {operand}")?;
        }
        for (condition, result) in &self.branches {
            write!(f, " WHEN {condition} THEN {result}")?;
        }
        if let Some(otherwise) = &self.otherwise {
            write!(f, " ELSE {otherwise}")?;
        }
        f.write_str(" END")
    }
}

impl Display for Comprehension {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "[{} FOR {} IN {}", self.result, list(&self.names), self.list)?;
        if let Some(condition) = &self.condition {
            write!(f, " IF {condition}")?;
        }
        f.write_char(']')
    }
}

impl Display for Suffix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cast(data_type) => write!(f, "::{data_type}"),
            Self::Field(name) => write!(f, ".{name}"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Slice { from, to, step } => {
                f.write_char('[')?;
                if let Some(from) = from {
                    write!(f, "{from}")?;
                }
                f.write_str(" : ")?;
                match to {
                    SliceEnd::Open => {}
                    SliceEnd::Last => f.write_str("- ")?,
                    SliceEnd::At(to) => write!(f, "{to}")?,
                }
                if let Some(step) = step {
                    write!(f, " : {step}")?;
                }
                f.write_char(']')
            }
            Self::Method(call) => write!(f, ".{call}"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_keyword {
            f.write_str(&self.name.text.to_ascii_uppercase())?;
        } else {
            self.name.fmt(f)?;
        }
        write!(f, "({}{}", if self.distinct { "DISTINCT " } else { "" }, list(&self.arguments))?;
        if let Some(order_by) = &self.order_by {
            write!(f, " {order_by}")?;
        }
        if let Some(nulls) = self.nulls {
            write!(f, " {nulls}")?;
        }
        f.write_char(')')?;
        if let Some(order_by) = &self.within_group {
            write!(f, " WITHIN GROUP ({order_by})")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        match &self.over {
            None => Ok(()),
            Some(Over::Named(name)) => write!(f, " OVER {name}"),
            Some(Over::Window(window)) => write!(f, " OVER {window}"),
        }
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.base.as_ref().map(ToString::to_string));
        if !self.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", list(&self.partition_by)));
        }
        parts.extend(self.order_by.as_ref().map(ToString::to_string));
        parts.extend(self.frame.as_ref().map(ToString::to_string));
        write!(f, "({})", Separated(&parts, " "))
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.end {
            Some(end) => write!(f, "{} BETWEEN {} AND {end}", self.unit, self.start)?,
            None => write!(f, "{} {}", self.unit, self.start)?,
        }
        match self.exclude {
            Some(exclude) => write!(f, " EXCLUDE {exclude}"),
            None => Ok(()),
        }
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Distance(None, side) => write!(f, "UNBOUNDED {side}"),
            Self::Distance(Some(distance), side) => write!(f, "{distance} {side}"),
        }
    }
}

impl Display for DataType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { name, numbers } if numbers.is_empty() => f.write_str(name),
            Self::Named { name, numbers } => write!(f, "{name}({})", list(numbers)),
            Self::List(of) => write!(f, "{of}[]"),
            Self::Array(of, size) => write!(f, "{of}[{size}]"),
            Self::Struct(kind, fields) => {
                write!(f, "{kind}(")?;
                for (i, (name, data_type)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {data_type}", if i > 0 { ", " } else { "" })?;
                }
                f.write_char(')')
            }
            Self::Map(key, value) => write!(f, "MAP({key}, {value})"),
            Self::Enum(values) => {
                f.write_str("ENUM(")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { "" }, text(value))?;
                }
                f.write_char(')')
            }
        }
    }
}
