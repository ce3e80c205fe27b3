//! What stands in FROM.

use super::{Parsed, Parser};
use crate::{
    Code,
    ast::{Alias, Ident, Join, JoinCondition, JoinKind, Path, Pivot, Query, Source, Table, TableKind, Term},
    keywords,
    lexer::Kind,
};

/// What may stand in round brackets where a table can.
enum Inside {
    Query(Box<Query>),
    Source(Box<Source>),
}

impl Parser<'_> {
    pub(super) fn sources(&mut self) -> Parsed<Vec<Source>> {
        let mut sources = vec![self.source()?];
        while self.take(",") {
            // A comma too many, which DuckDB allows.
            if !self.is_at_table() {
                break;
            }
            sources.push(self.source()?);
        }
        Ok(sources)
    }

    fn is_at_table(&self) -> bool {
        match self.peek() {
            Kind::Quoted(_) | Kind::Text(_) | Kind::Symbol("(") => true,
            Kind::Word(word) => {
                !keywords::is_reserved(word) || self.is_any(&["lateral", "describe", "summarize", "glob"])
            }
            _ => false,
        }
    }

    /// A table and what is joined to it.
    pub(super) fn source(&mut self) -> Parsed<Source> {
        let first = self.nested(Self::table)?;
        self.joins_after(first)
    }

    fn joins_after(&mut self, first: Table) -> Parsed<Source> {
        let mut joins = Vec::new();
        while let Some(kind) = self.join_kind()? {
            let table = self.nested(Self::table)?;
            if !table.pivots.is_empty() {
                return self
                    .refuse(Code::Syntax, "a pivot of joined tables has to stand in brackets, to say of which it is");
            }
            let condition = self.join_condition(kind)?;
            joins.push(Join { kind, table, condition });
        }
        Ok(Source { first, joins })
    }

    fn join_kind(&mut self) -> Parsed<Option<JoinKind>> {
        let start = self.next;
        let modifier = [("natural", "NATURAL"), ("asof", "ASOF"), ("positional", "POSITIONAL"), ("cross", "CROSS")]
            .iter()
            .find(|(word, _)| self.take_word(word))
            .map(|(_, printed)| *printed);
        let side = [
            ("inner", None),
            ("left", Some("LEFT")),
            ("right", Some("RIGHT")),
            ("full", Some("FULL")),
            ("semi", Some("SEMI")),
            ("anti", Some("ANTI")),
        ]
        .iter()
        .find(|(word, _)| self.take_word(word))
        .and_then(|(_, printed)| *printed);
        if side.is_some() {
            self.take_word("outer");
        }
        if self.take_word("join") {
            return Ok(Some(JoinKind { modifier, side }));
        }
        if self.next == start { Ok(None) } else { self.unexpected("JOIN") }
    }

    fn join_condition(&mut self, kind: JoinKind) -> Parsed<JoinCondition> {
        if matches!(kind.modifier, Some("NATURAL" | "CROSS" | "POSITIONAL")) {
            return Ok(JoinCondition::None);
        }
        if self.take_word("on") {
            return self.expr().map(JoinCondition::On);
        }
        if self.take_word("using") {
            return self.bracketed_names().map(JoinCondition::Using);
        }
        self.unexpected("ON or USING")
    }

    pub(super) fn table(&mut self) -> Parsed<Table> {
        let mut alias = None;
        if self.is_name_at(self.next) && self.is_symbol_at(self.next + 1, ":") {
            alias = Some(Alias { name: self.name()?, columns: Vec::new() });
            self.expect(":")?;
        }
        let lateral = self.take_word("lateral");
        let kind = self.table_kind()?;
        self.table_after(Table { lateral, kind, alias, sample: None, pivots: Vec::new() })
    }

    /// Alias, sample and pivots.
    fn table_after(&mut self, mut table: Table) -> Parsed<Table> {
        if self.is_word("at") && self.is_symbol_at(self.next + 1, "(") {
            return self.refuse(Code::Relation, "AT (VERSION …) is not allowed; ask for a point in time instead");
        }
        if table.alias.is_none() {
            table.alias = self.alias()?;
        }
        if self.is_symbol("(") && table.alias.as_ref().is_some_and(|alias| alias.columns.is_empty()) {
            let columns = self.bracketed_names()?;
            table.alias = table.alias.map(|alias| Alias { columns, ..alias });
        }
        if self.take_word("tablesample") {
            table.sample = Some(self.sample()?);
        }
        while self.is_any(&["pivot", "unpivot", "pivot_wider", "pivot_longer"]) {
            if table.pivots.len() >= MAX_PIVOTS {
                return self.refuse(Code::Limit, format!("a table is pivoted more than {MAX_PIVOTS} times"));
            }
            let pivot = self.pivot()?;
            let alias = self.alias()?;
            table.pivots.push((pivot, alias));
        }
        Ok(table)
    }

    fn alias(&mut self) -> Parsed<Option<Alias>> {
        let name = if self.take_word("as") {
            self.label_or_text()?
        } else if self.is_name_at(self.next) {
            self.name()?
        } else {
            return Ok(None);
        };
        let columns = if self.is_symbol("(") { self.bracketed_names()? } else { Vec::new() };
        Ok(Some(Alias { name, columns }))
    }

    fn table_kind(&mut self) -> Parsed<TableKind> {
        match self.peek() {
            Kind::Text(_) => {
                self.refuse(Code::Relation, "a text in place of a relation names a file, and files are not allowed")
            }
            Kind::Parameter(_) => {
                self.refuse(Code::Relation, "a relation has to be named in the text; it can't be a parameter")
            }
            Kind::Symbol("(") if self.is_word_at(self.next + 1, "show") => {
                self.refuse(Code::Statement, "SHOW is not allowed")
            }
            Kind::Symbol("(")
                if ["describe", "desc", "summarize"].iter().any(|word| self.is_word_at(self.next + 1, word)) =>
            {
                self.next += 1;
                let look = self.nested(Self::look)?;
                self.expect(")")?;
                Ok(TableKind::Look(Box::new(look)))
            }
            Kind::Symbol("(") => match self.inside_open_table_brackets()? {
                Inside::Query(query) => {
                    self.expect(")")?;
                    Ok(TableKind::Query(query))
                }
                Inside::Source(source) => {
                    self.expect(")")?;
                    Ok(TableKind::Joined(source))
                }
            },
            Kind::Word(word) if word.eq_ignore_ascii_case("values") && self.is_symbol_at(self.next + 1, "(") => {
                self.next += 1;
                let rows = self.rows()?;
                Ok(TableKind::Query(Box::new(Query::of(Term::Values(rows)))))
            }
            _ => self.relation_or_function(),
        }
    }

    fn relation_or_function(&mut self) -> Parsed<TableKind> {
        let is_function_keyword = self.is_symbol_at(self.next + 1, "(")
            && matches!(self.peek(), Kind::Word(word) if !keywords::is_no_function(word));
        let at = self.at();
        let mut path: Path = if is_function_keyword { vec![self.label()?] } else { self.path()? };
        if !self.is_symbol("(") {
            return Ok(TableKind::Relation(path));
        }
        let Some(name) = path.pop() else { return self.unexpected("a name") };
        if !is_builtin_schema(&path) {
            return self.refuse_at(
                at,
                Code::TableFunction,
                format!("the table function {} is not on the gate's list under that schema", dotted(&path, &name)),
            );
        }
        let call = Box::new(self.table_call(name)?);
        let with_ordinality = self.take_words(&["with", "ordinality"]);
        Ok(TableKind::Function { call, with_ordinality })
    }

    /// An opening bracket and the query or the tables after it; as for expressions, no bracket is read twice.
    fn inside_open_table_brackets(&mut self) -> Parsed<Inside> {
        self.expect("(")?;
        self.nested(|parser| {
            if !parser.is_symbol("(") {
                return if parser.begins_query(parser.next) {
                    parser.query().map(Box::new).map(Inside::Query)
                } else {
                    parser.source().map(Box::new).map(Inside::Source)
                };
            }
            let inner = parser.inside_open_table_brackets()?;
            parser.expect(")")?;
            let kind = match inner {
                Inside::Query(query) if parser.is_symbol(")") || parser.is_at_query_rest() => {
                    return parser.query_after(query).map(Box::new).map(Inside::Query);
                }
                Inside::Query(query) => TableKind::Query(query),
                Inside::Source(source) => TableKind::Joined(source),
            };
            let table = parser.table_after(bare(kind))?;
            parser.joins_after(table).map(Box::new).map(Inside::Source)
        })
    }

    fn pivot(&mut self) -> Parsed<Pivot> {
        if self.take_any(&["pivot", "pivot_wider"]).is_some() {
            self.expect("(")?;
            let mut aggregates = vec![self.item()?];
            while self.take(",") {
                aggregates.push(self.item()?);
            }
            self.expect_word("for")?;
            let mut on = vec![self.pivot_column()?];
            while !self.is_symbol(")") && !self.is_word("group") {
                on.push(self.pivot_column()?);
            }
            let group_by = if self.take_words(&["group", "by"]) { self.names()? } else { Vec::new() };
            self.expect(")")?;
            return Ok(Pivot::Pivot { aggregates, on, group_by });
        }
        self.next += 1;
        let include_nulls = self.null_inclusion();
        self.expect("(")?;
        let values = if self.is_symbol("(") { self.bracketed_names()? } else { vec![self.name()?] };
        self.expect_word("for")?;
        let names = if self.is_symbol("(") { self.bracketed_names()? } else { vec![self.name()?] };
        self.expect_word("in")?;
        self.expect("(")?;
        let columns = self.comma_separated(Self::item)?;
        self.expect(")")?;
        self.expect(")")?;
        Ok(Pivot::Unpivot { include_nulls, values, names, columns })
    }
}

/// PIVOT after PIVOT of one table.
const MAX_PIVOTS: usize = 3;

const fn bare(kind: TableKind) -> Table {
    Table { lateral: false, kind, alias: None, sample: None, pivots: Vec::new() }
}

/// Whether a table function's schema is where DuckDB keeps its own.
fn is_builtin_schema(path: &[Ident]) -> bool {
    match path {
        [] => true,
        [schema] => schema.is("main"),
        [catalog, schema] => catalog.is("system") && schema.is("main"),
        _ => false,
    }
}

pub(crate) fn dotted(path: &[Ident], name: &Ident) -> String {
    path.iter().chain([name]).map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
}
