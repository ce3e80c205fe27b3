//! Queries and their clauses.

use super::{Parsed, Parser};
use crate::{
    Code,
    ast::{
        Cte, Direction, Distinct, Expr, GroupBy, GroupItem, Item, Limit, OrderBy, OrderItem, PivotColumn,
        PivotStatement, Query, Sample, Select, SetKind, SetOperator, Source, Term, UnpivotStatement, With,
    },
    lexer::Kind,
};

impl Parser<'_> {
    /// Whether a query begins at a token, perhaps after opening brackets.
    pub(super) fn begins_query(&self, index: usize) -> bool {
        let first = (index..self.tokens.len()).find(|&index| !self.is_symbol_at(index, "(")).unwrap_or(index);
        match self.kind(first) {
            Kind::Word(word) if word.eq_ignore_ascii_case("values") => self.is_symbol_at(first + 1, "("),
            Kind::Word(word) => ["select", "from", "with", "table", "pivot", "pivot_wider", "unpivot", "pivot_longer"]
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword)),
            _ => false,
        }
    }

    pub(super) fn query(&mut self) -> Parsed<Query> {
        self.nested(|parser| {
            let with = parser.with()?;
            let first = parser.term()?;
            parser.query_rest(with, first)
        })
    }

    /// A query whose first term is another in brackets, which were taken.
    pub(super) fn query_after(&mut self, first: Box<Query>) -> Parsed<Query> {
        self.query_rest(None, Term::Nested(first))
    }

    /// Whether something stands here by which a query in brackets goes on.
    pub(super) fn is_at_query_rest(&self) -> bool {
        self.is_any(&["union", "intersect", "except", "order", "limit", "offset", "fetch"])
    }

    fn query_rest(&mut self, with: Option<With>, first: Term) -> Parsed<Query> {
        let mut rest = Vec::new();
        while let Some(operator) = self.set_operator() {
            rest.push((operator, self.term()?));
        }
        let order_by = if self.is_word("order") { Some(self.order_by()?) } else { None };
        let (limit, offset) = self.limit_and_offset()?;
        if self.is_word("for") && !self.is_word_at(self.next + 1, "x") && self.is_word_at(self.next + 1, "update") {
            return self.refuse(Code::Statement, "FOR UPDATE is not allowed");
        }
        Ok(Query { with, first, rest, order_by, limit, offset })
    }

    fn with(&mut self) -> Parsed<Option<With>> {
        if !self.take_word("with") {
            return Ok(None);
        }
        let recursive = self.take_word("recursive");
        let tables = self.comma_separated(Self::cte)?;
        Ok(Some(With { recursive, given: Vec::new(), tables }))
    }

    fn cte(&mut self) -> Parsed<Cte> {
        let name = self.name()?;
        let columns = if self.is_symbol("(") { self.bracketed_names()? } else { Vec::new() };
        let key = if self.take_words(&["using", "key"]) { self.bracketed_names()? } else { Vec::new() };
        self.expect_word("as")?;
        let materialized = if self.take_words(&["not", "materialized"]) {
            Some(false)
        } else {
            self.take_word("materialized").then_some(true)
        };
        self.expect("(")?;
        if !self.begins_query(self.next) {
            return self
                .refuse(Code::Statement, format!("the common table expression {} has to be a query", name.text));
        }
        let query = self.query()?;
        self.expect(")")?;
        Ok(Cte { name, columns, key, materialized, query })
    }

    fn set_operator(&mut self) -> Option<SetOperator> {
        let kind = match self.take_any(&["union", "intersect", "except"])? {
            "union" => SetKind::Union,
            "intersect" => SetKind::Intersect,
            _ => SetKind::Except,
        };
        let all = self.take_word("all");
        if !all {
            self.take_word("distinct");
        }
        let by_name = self.take_words(&["by", "name"]);
        Some(SetOperator { kind, all, by_name })
    }

    fn term(&mut self) -> Parsed<Term> {
        if self.take("(") {
            let query = self.query()?;
            self.expect(")")?;
            return Ok(Term::Nested(Box::new(query)));
        }
        if self.is_word("select") || self.is_word("from") {
            return self.nested(Self::select).map(|select| Term::Select(Box::new(select)));
        }
        if self.take_word("values") {
            return Ok(Term::Values(self.rows()?));
        }
        if self.take_word("table") {
            let first = self.nested(Self::table)?;
            let from = vec![Source { first, joins: Vec::new() }];
            return Ok(Term::Select(Box::new(Select { items: vec![Item::everything()], from, ..Select::default() })));
        }
        if self.is_any(&["pivot", "pivot_wider"]) {
            return self.nested(Self::pivot_statement).map(|pivot| Term::Pivot(Box::new(pivot)));
        }
        if self.is_any(&["unpivot", "pivot_longer"]) {
            return self.nested(Self::unpivot_statement).map(|unpivot| Term::Unpivot(Box::new(unpivot)));
        }
        if let Kind::Word(word) = self.peek()
            && ["insert", "update", "delete", "merge", "create", "drop", "copy"]
                .iter()
                .any(|kind| word.eq_ignore_ascii_case(kind))
        {
            let word = word.to_uppercase();
            return self.refuse(Code::Statement, format!("{word} is not allowed; only queries are"));
        }
        self.unexpected("a query")
    }

    /// The rows of VALUES.
    pub(super) fn rows(&mut self) -> Parsed<Vec<Vec<Expr>>> {
        let mut rows = Vec::new();
        loop {
            self.expect("(")?;
            rows.push(self.exprs()?);
            self.expect(")")?;
            if !self.take(",") || !self.is_symbol("(") {
                return Ok(rows);
            }
        }
    }

    fn select(&mut self) -> Parsed<Select> {
        let mut select = Select::default();
        if self.take_word("from") {
            select.from = self.sources()?;
            if self.take_word("select") {
                self.targets(&mut select)?;
            } else {
                select.items.push(Item::everything());
            }
        } else {
            self.expect_word("select")?;
            self.targets(&mut select)?;
            if self.is_word("into") {
                return self.refuse(Code::Statement, "SELECT INTO makes a table, which is not allowed");
            }
            if self.take_word("from") {
                select.from = self.sources()?;
            }
        }
        if self.take_word("where") {
            select.filter = Some(self.expr()?);
        }
        if self.take_words(&["group", "by"]) {
            select.group_by = Some(self.group_by()?);
        }
        if self.take_word("having") {
            select.having = Some(self.expr()?);
        }
        if self.take_word("window") {
            select.windows = self.comma_separated(|parser| {
                let name = parser.name()?;
                parser.expect_word("as")?;
                Ok((name, parser.window()?))
            })?;
        }
        if self.take_word("qualify") {
            select.qualify = Some(self.expr()?);
        }
        if self.take_words(&["using", "sample"]) {
            select.sample = Some(self.sample()?);
        }
        Ok(select)
    }

    fn targets(&mut self, select: &mut Select) -> Parsed<()> {
        if self.take_word("distinct") {
            let on = if self.take_word("on") {
                self.expect("(")?;
                let on = self.exprs()?;
                self.expect(")")?;
                on
            } else {
                Vec::new()
            };
            select.distinct = Some(Distinct { on });
        } else {
            self.take_word("all");
        }
        loop {
            select.items.push(self.item()?);
            if !self.take(",") || self.is_after_targets() {
                return Ok(());
            }
        }
    }

    /// Whether what stands here ends a list of targets, after a comma too many.
    fn is_after_targets(&self) -> bool {
        const ENDS: [&str; 16] = [
            "from",
            "where",
            "group",
            "having",
            "window",
            "qualify",
            "using",
            "union",
            "intersect",
            "except",
            "order",
            "limit",
            "offset",
            "fetch",
            "into",
            "on",
        ];
        self.is_any(&ENDS) || matches!(self.peek(), Kind::End | Kind::Symbol(")" | ";"))
    }

    /// An expression, with its name before or after it.
    pub(super) fn item(&mut self) -> Parsed<Item> {
        if (self.is_name_at(self.next) || matches!(self.peek(), Kind::Text(_))) && self.is_symbol_at(self.next + 1, ":")
        {
            let alias = Some(self.label_or_text()?);
            self.expect(":")?;
            return Ok(Item { expr: self.expr()?, alias });
        }
        let expr = self.expr()?;
        let alias = if self.take_word("as") {
            Some(self.label_or_text()?)
        } else if self.is_name_at(self.next) {
            Some(self.name()?)
        } else {
            None
        };
        Ok(Item { expr, alias })
    }

    fn group_by(&mut self) -> Parsed<GroupBy> {
        if self.is_word("all") {
            self.next += 1;
            return Ok(GroupBy::All);
        }
        self.comma_separated(Self::group_item).map(GroupBy::Items)
    }

    fn group_item(&mut self) -> Parsed<GroupItem> {
        if self.is_symbol("(") && self.is_symbol_at(self.next + 1, ")") {
            self.next += 2;
            return Ok(GroupItem::Nothing);
        }
        for (keyword, printed) in [("rollup", "ROLLUP"), ("cube", "CUBE")] {
            if self.is_word(keyword) && self.is_symbol_at(self.next + 1, "(") {
                self.next += 2;
                let of = self.exprs()?;
                self.expect(")")?;
                return Ok(GroupItem::Powers(printed, of));
            }
        }
        if self.take_words(&["grouping", "sets"]) {
            return self.nested(|parser| {
                parser.expect("(")?;
                let sets = parser.comma_separated(Self::group_item)?;
                parser.expect(")")?;
                Ok(GroupItem::Sets(sets))
            });
        }
        self.expr().map(GroupItem::Expr)
    }

    pub(super) fn order_by(&mut self) -> Parsed<OrderBy> {
        self.expect_word("order")?;
        self.expect_word("by")?;
        if self.take_word("all") {
            return Ok(OrderBy::All(self.direction()?));
        }
        self.comma_separated(|parser| Ok(OrderItem { expr: parser.expr()?, direction: parser.direction()? }))
            .map(OrderBy::Items)
    }

    fn direction(&mut self) -> Parsed<Direction> {
        let descending = self.take_any(&["asc", "desc"]).map(|word| word == "desc");
        let nulls_first = if self.take_word("nulls") {
            match self.take_any(&["first", "last"]) {
                Some(word) => Some(word == "first"),
                None => return self.unexpected("FIRST or LAST"),
            }
        } else {
            None
        };
        Ok(Direction { descending, nulls_first })
    }

    /// LIMIT and OFFSET in any order, or FETCH FIRST.
    fn limit_and_offset(&mut self) -> Parsed<(Option<Limit>, Option<Expr>)> {
        let (mut limit, mut offset) = (None, None);
        loop {
            if limit.is_none() && self.take_word("limit") {
                if self.take_word("all") {
                    continue;
                }
                limit = Some(self.limit()?);
            } else if offset.is_none() && self.take_word("offset") {
                offset = Some(self.expr()?);
                self.take_any(&["row", "rows"]);
            } else if limit.is_none() && self.take_word("fetch") {
                if self.take_any(&["first", "next"]).is_none() {
                    return self.unexpected("FIRST or NEXT");
                }
                let rows = if self.is_any(&["row", "rows"]) {
                    Expr::Number("1".to_owned())
                } else {
                    Expr::Number(self.number()?)
                };
                if self.take_any(&["row", "rows"]).is_none() || !self.take_word("only") {
                    return self.unexpected("ROWS ONLY");
                }
                limit = Some(Limit::Rows(rows));
            } else {
                return Ok((limit, offset));
            }
        }
    }

    fn limit(&mut self) -> Parsed<Limit> {
        if matches!(self.peek(), Kind::Number(_)) {
            let is_percent = self.is_word_at(self.next + 1, "percent")
                || (self.is_symbol_at(self.next + 1, "%")
                    && (matches!(self.kind(self.next + 2), Kind::End | Kind::Symbol(")" | ";"))
                        || self.is_word_at(self.next + 2, "offset")));
            if is_percent {
                let number = self.number()?;
                self.next += 1;
                return Ok(Limit::Percent(Expr::Number(number)));
            }
        }
        self.expr().map(Limit::Rows)
    }

    /// What follows TABLESAMPLE or USING SAMPLE.
    pub(super) fn sample(&mut self) -> Parsed<Sample> {
        const METHODS: [(&str, &str); 3] =
            [("reservoir", "reservoir"), ("bernoulli", "bernoulli"), ("system", "system")];
        let method = METHODS.iter().find(|(word, _)| self.is_word(word)).map(|(_, method)| *method);
        let mut sample = if method.is_some() {
            self.next += 1;
            self.expect("(")?;
            let sample = Sample { method, ..self.sample_size()? };
            self.expect(")")?;
            sample
        } else {
            let sample = self.sample_size()?;
            if self.take("(") {
                let Some((_, method)) = METHODS.iter().find(|(word, _)| self.take_word(word)) else {
                    return self.unexpected("reservoir, bernoulli or system");
                };
                let seed = if self.take(",") { Some(self.number()?) } else { None };
                self.expect(")")?;
                Sample { method: Some(method), seed, ..sample }
            } else {
                sample
            }
        };
        if self.is_word("repeatable") {
            self.next += 1;
            self.expect("(")?;
            sample.seed = Some(self.number()?);
            self.expect(")")?;
        }
        Ok(sample)
    }

    fn sample_size(&mut self) -> Parsed<Sample> {
        let size = self.number()?;
        let percent = self.take("%") || self.take_word("percent");
        if !percent {
            self.take_word("rows");
        }
        Ok(Sample { size, percent, method: None, seed: None })
    }

    // ---- PIVOT and UNPIVOT as statements ----

    fn pivot_statement(&mut self) -> Parsed<PivotStatement> {
        self.next += 1;
        let source = self.source()?;
        if !self.take_word("on") {
            return self.unexpected("ON");
        }
        let on = self.comma_separated(Self::pivot_column)?;
        let aggregates = if self.take_word("using") { self.items_before_group()? } else { Vec::new() };
        let group_by = if self.take_words(&["group", "by"]) { self.names()? } else { Vec::new() };
        Ok(PivotStatement { source, on, aggregates, group_by })
    }

    fn items_before_group(&mut self) -> Parsed<Vec<Item>> {
        let mut items = vec![self.item()?];
        while self.take(",") {
            if self.is_after_targets() {
                break;
            }
            items.push(self.item()?);
        }
        Ok(items)
    }

    /// `expr IN (…)`, of PIVOT. The values have to be written out: without them DuckDB makes a type of those it finds.
    pub(super) fn pivot_column(&mut self) -> Parsed<PivotColumn> {
        let expr = self.operand_before_in()?;
        if !(self.is_word("in") && self.is_symbol_at(self.next + 1, "(")) || self.begins_query(self.next + 2) {
            return self.refuse(
                Code::Statement,
                "PIVOT needs its values written out, as in ON column IN ('a', 'b'): without them DuckDB creates a type, and only reading is allowed",
            );
        }
        self.next += 2;
        let values = self.comma_separated(Self::item)?;
        self.expect(")")?;
        Ok(PivotColumn { expr, values })
    }

    fn unpivot_statement(&mut self) -> Parsed<UnpivotStatement> {
        self.next += 1;
        let source = self.source()?;
        let mut include_nulls = self.null_inclusion();
        self.expect_word("on")?;
        let columns = self.items_before_group()?;
        let mut into = None;
        if self.take_word("into") {
            self.expect_word("name")?;
            let name = self.name()?;
            self.expect_word("value")?;
            into = Some((name, self.names()?));
        }
        include_nulls |= self.null_inclusion();
        Ok(UnpivotStatement { source, columns, into, include_nulls })
    }

    pub(super) fn null_inclusion(&mut self) -> bool {
        let includes = self.take_words(&["include", "nulls"]);
        if !includes {
            self.take_words(&["exclude", "nulls"]);
        }
        includes
    }
}
