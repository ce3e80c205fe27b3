//! What the gate understands of a query.
//!
//! A tree node is there for each form that DuckDB reads and the gate lets through, and for nothing else. Different spellings of one
//! meaning have one form: `FROM t SELECT a` is `SELECT a FROM t`, `a: 1` is `1 AS a`, `==` is `=`. Chains of operators of one level are flat lists,
//! so that a tree is never deeper than the nesting of its text.

/// A byte in the text, which doesn't count when trees are compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At(pub(crate) usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

/// An identifier as it's meant, without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    pub(crate) text: String,
    pub(crate) at: At,
}

impl Ident {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: At(0) }
    }

    /// Whether both name the same to DuckDB, which compares without the case of ASCII letters.
    pub(crate) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

/// Names with dots between them.
pub(crate) type Path = Vec<Ident>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Query(Box<Query>),
    Look(Look),
}

/// DESCRIBE or SUMMARIZE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) keyword: &'static str,
    pub(crate) subject: LookSubject,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookSubject {
    Relation(Path),
    Query(Box<Query>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) with: Option<With>,
    pub(crate) first: Term,
    /// Terms after the first, each with the operator before it, such as `UNION ALL BY NAME`.
    pub(crate) rest: Vec<(SetOperator, Term)>,
    pub(crate) order_by: Option<OrderBy>,
    pub(crate) limit: Option<Limit>,
    pub(crate) offset: Option<Expr>,
}

impl Query {
    /// `SELECT * FROM` a table.
    pub(crate) fn all_of(kind: TableKind) -> Self {
        let first = Table { lateral: false, kind, alias: None, sample: None, pivots: Vec::new() };
        let select = Select {
            items: vec![Item::everything()],
            from: vec![Source { first, joins: Vec::new() }],
            ..Select::default()
        };
        Self::of(Term::Select(Box::new(select)))
    }

    /// A query that is one term.
    pub(crate) const fn of(first: Term) -> Self {
        Self { with: None, first, rest: Vec::new(), order_by: None, limit: None, offset: None }
    }
}

impl Item {
    /// `*`.
    pub(crate) fn everything() -> Self {
        Self { expr: Expr::Star(Box::default()), alias: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetKind {
    Union,
    Intersect,
    Except,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetOperator {
    pub(crate) kind: SetKind,
    pub(crate) all: bool,
    pub(crate) by_name: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Select(Box<Select>),
    Values(Vec<Vec<Expr>>),
    /// A query in brackets.
    Nested(Box<Query>),
    Pivot(Box<PivotStatement>),
    Unpivot(Box<UnpivotStatement>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct With {
    pub(crate) recursive: bool,
    /// Tables that are not the query's own, with the text of their queries.
    pub(crate) given: Vec<(Ident, String)>,
    pub(crate) tables: Vec<Cte>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cte {
    pub(crate) name: Ident,
    pub(crate) columns: Vec<Ident>,
    pub(crate) key: Vec<Ident>,
    pub(crate) materialized: Option<bool>,
    pub(crate) query: Query,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) distinct: Option<Distinct>,
    pub(crate) items: Vec<Item>,
    pub(crate) from: Vec<Source>,
    pub(crate) filter: Option<Expr>,
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) having: Option<Expr>,
    pub(crate) windows: Vec<(Ident, Window)>,
    pub(crate) qualify: Option<Expr>,
    pub(crate) sample: Option<Sample>,
}

/// DISTINCT, ON (…) if there are expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Distinct {
    pub(crate) on: Vec<Expr>,
}

/// An expression with a name or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) expr: Expr,
    pub(crate) alias: Option<Ident>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupBy {
    All,
    Items(Vec<GroupItem>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupItem {
    Expr(Expr),
    /// `()`.
    Nothing,
    /// ROLLUP or CUBE.
    Powers(&'static str, Vec<Expr>),
    Sets(Vec<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderBy {
    All(Direction),
    Items(Vec<OrderItem>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderItem {
    pub(crate) expr: Expr,
    pub(crate) direction: Direction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Direction {
    pub(crate) descending: Option<bool>,
    pub(crate) nulls_first: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Rows(Expr),
    Percent(Expr),
}

/// TABLESAMPLE or USING SAMPLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) size: String,
    pub(crate) percent: bool,
    pub(crate) method: Option<&'static str>,
    pub(crate) seed: Option<String>,
}

/// An element of FROM: a table and what is joined to it, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) first: Table,
    pub(crate) joins: Vec<Join>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Join {
    /// Without JOIN: `NATURAL LEFT`, `ASOF`, `CROSS`.
    pub(crate) kind: JoinKind,
    pub(crate) table: Table,
    pub(crate) condition: JoinCondition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JoinKind {
    pub(crate) modifier: Option<&'static str>,
    pub(crate) side: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JoinCondition {
    None,
    On(Expr),
    Using(Vec<Ident>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) lateral: bool,
    pub(crate) kind: TableKind,
    pub(crate) alias: Option<Alias>,
    pub(crate) sample: Option<Sample>,
    /// PIVOT or UNPIVOT after the table, with an alias of its own.
    pub(crate) pivots: Vec<(Pivot, Option<Alias>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) name: Ident,
    pub(crate) columns: Vec<Ident>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TableKind {
    Relation(Path),
    /// A relation that turned out to be a common table expression.
    Cte(Ident),
    Function {
        call: Box<Call>,
        with_ordinality: bool,
    },
    Query(Box<Query>),
    Look(Box<Look>),
    Joined(Box<Source>),
}

/// `PIVOT (… FOR … IN (…))` or `UNPIVOT (… FOR … IN (…))`, after a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pivot {
    Pivot { aggregates: Vec<Item>, on: Vec<PivotColumn>, group_by: Vec<Ident> },
    Unpivot { include_nulls: bool, values: Vec<Ident>, names: Vec<Ident>, columns: Vec<Item> },
}

/// `expr IN (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PivotColumn {
    pub(crate) expr: Expr,
    pub(crate) values: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PivotStatement {
    pub(crate) source: Source,
    pub(crate) on: Vec<PivotColumn>,
    pub(crate) aggregates: Vec<Item>,
    pub(crate) group_by: Vec<Ident>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnpivotStatement {
    pub(crate) source: Source,
    pub(crate) columns: Vec<Item>,
    pub(crate) into: Option<(Ident, Vec<Ident>)>,
    pub(crate) include_nulls: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Number(String),
    Text(String),
    /// NULL, TRUE or FALSE.
    Constant(&'static str),
    Parameter(String, At),
    Ordinal(String),
    /// `DATE '2025-01-01'`.
    Typed(DataType, String),
    /// INTERVAL with a value and perhaps a unit.
    Interval(Box<Self>, Option<&'static str>),
    Column(Path),
    Star(Box<Star>),
    Columns(Box<Columns>),
    Call(Box<Call>),
    Cast {
        attempt: bool,
        expr: Box<Self>,
        target: DataType,
    },
    Extract {
        field: String,
        from: Box<Self>,
    },
    Position {
        part: Box<Self>,
        whole: Box<Self>,
    },
    Substring {
        text: Box<Self>,
        from: Option<Box<Self>>,
        length: Option<Box<Self>>,
    },
    Trim {
        side: Option<&'static str>,
        characters: Option<Box<Self>>,
        text: Box<Self>,
    },
    Case(Box<Case>),
    /// `NOT x`, `- x`, `@ x`.
    Prefix(&'static str, Box<Self>),
    /// Operators of one level, from left to right.
    Chain(Box<Self>, Vec<(&'static str, Self)>),
    /// IS NULL and its like, with all its words.
    Is(Box<Self>, &'static str),
    Between {
        expr: Box<Self>,
        negated: bool,
        low: Box<Self>,
        high: Box<Self>,
    },
    In {
        expr: Box<Self>,
        negated: bool,
        set: InSet,
    },
    /// LIKE, GLOB, `SIMILAR TO`, and the like, with ESCAPE perhaps.
    Like {
        expr: Box<Self>,
        operator: &'static str,
        pattern: Box<Self>,
        escape: Option<Box<Self>>,
    },
    /// `x = ANY (…)`.
    Quantified {
        expr: Box<Self>,
        operator: &'static str,
        quantifier: &'static str,
        set: Box<Self>,
    },
    Collate(Box<Self>, Ident),
    Suffixed(Box<Self>, Vec<Suffix>),
    Exists(Box<Query>),
    Subquery(Box<Query>),
    /// `ARRAY (SELECT …)`.
    ArrayOf(Box<Query>),
    Brackets(Box<Self>),
    /// `(a, b)`, or `ROW(a)` if `keyword`.
    Row {
        keyword: bool,
        values: Vec<Self>,
    },
    List(Vec<Self>),
    Comprehension(Box<Comprehension>),
    Struct(Vec<(Ident, Self)>),
    Map(Vec<(Self, Self)>),
    /// `lambda x : …`.
    Lambda(Vec<Ident>, Box<Self>),
    /// `name := x`, only as an argument.
    Named(Ident, Box<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InSet {
    List(Vec<Expr>),
    Query(Box<Query>),
    /// Without brackets, a list or a map.
    Expr(Box<Expr>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Star {
    pub(crate) of: Path,
    pub(crate) exclude: Vec<Path>,
    pub(crate) replace: Vec<(Expr, Path)>,
    pub(crate) rename: Vec<(Path, Ident)>,
}

/// `COLUMNS(…)`, or `*COLUMNS(…)` if unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) unpacked: bool,
    pub(crate) which: Expr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) operand: Option<Expr>,
    pub(crate) branches: Vec<(Expr, Expr)>,
    pub(crate) otherwise: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comprehension {
    pub(crate) result: Expr,
    pub(crate) names: Vec<Ident>,
    pub(crate) list: Expr,
    pub(crate) condition: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Suffix {
    Cast(DataType),
    Field(Ident),
    Index(Expr),
    Slice {
        from: Option<Expr>,
        to: SliceEnd,
        step: Option<Expr>,
    },
    /// `.name(…)`: the function with what stands before as its first argument.
    Method(Box<Call>),
}

/// Where a slice ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SliceEnd {
    /// Nothing is written.
    Open,
    /// `-`, which stands for the last element where a step follows.
    Last,
    At(Expr),
}

impl SliceEnd {
    pub(crate) const fn expr(&self) -> Option<&Expr> {
        match self {
            Self::At(expr) => Some(expr),
            Self::Open | Self::Last => None,
        }
    }
}

/// A function's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: Ident,
    /// Whether the name is a keyword of the grammar (COALESCE), which can't be quoted.
    pub(crate) is_keyword: bool,
    pub(crate) distinct: bool,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) order_by: Option<OrderBy>,
    pub(crate) nulls: Option<&'static str>,
    pub(crate) within_group: Option<OrderBy>,
    pub(crate) filter: Option<Expr>,
    pub(crate) over: Option<Over>,
}

impl Call {
    /// A function of these arguments, and nothing else.
    pub(crate) fn plain(name: &str, arguments: Vec<Expr>) -> Self {
        Self {
            name: Ident::new(name),
            is_keyword: false,
            distinct: false,
            arguments,
            order_by: None,
            nulls: None,
            within_group: None,
            filter: None,
            over: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Named(Ident),
    Window(Box<Window>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) base: Option<Ident>,
    pub(crate) partition_by: Vec<Expr>,
    pub(crate) order_by: Option<OrderBy>,
    pub(crate) frame: Option<Frame>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) unit: &'static str,
    pub(crate) start: Bound,
    pub(crate) end: Option<Bound>,
    pub(crate) exclude: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    CurrentRow,
    /// UNBOUNDED, or so many, PRECEDING or FOLLOWING.
    Distance(Option<Box<Expr>>, &'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    /// One of the gate's list, with what stands in its brackets.
    Named {
        name: &'static str,
        numbers: Vec<String>,
    },
    List(Box<Self>),
    Array(Box<Self>, String),
    Struct(&'static str, Vec<(Ident, Self)>),
    Map(Box<Self>, Box<Self>),
    Enum(Vec<String>),
}
