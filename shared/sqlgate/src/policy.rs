//! What may be read, and how much it may cost.

/// A relation by its schema and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelationName {
    pub schema: String,
    pub name: String,
}

impl RelationName {
    /// Whether it's of this schema and name, compared as DuckDB does: without the case of ASCII letters.
    pub(crate) fn is(&self, schema: &str, name: &str) -> bool {
        self.schema.eq_ignore_ascii_case(schema) && self.name.eq_ignore_ascii_case(name)
    }
}

impl From<&str> for RelationName {
    /// A relation of the schema `main`.
    fn from(name: &str) -> Self {
        Self { schema: "main".to_owned(), name: name.to_owned() }
    }
}

impl From<(&str, &str)> for RelationName {
    fn from((schema, name): (&str, &str)) -> Self {
        Self { schema: schema.to_owned(), name: name.to_owned() }
    }
}

/// The relations that queries may read, and the limits of what they cost.
#[derive(Clone, Debug)]
pub struct Policy {
    relations: Vec<RelationName>,
    schemas: Vec<String>,
    databases: Vec<String>,
    pub(crate) limits: Limits,
}

impl Policy {
    #[must_use]
    pub fn new<R: Into<RelationName>>(relations: impl IntoIterator<Item = R>) -> Self {
        Self {
            relations: relations.into_iter().map(Into::into).collect(),
            schemas: Vec::new(),
            databases: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Lets relations also be named by this database, `warehouse.main.annotations`. It has to be the one that queries run in.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.databases.push(name.to_owned());
        self
    }

    /// Lets every relation of a schema be read.
    #[must_use]
    pub fn with_schema(mut self, name: &str) -> Self {
        self.schemas.push(name.to_owned());
        self
    }

    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn find(&self, schema: &str, name: &str) -> Option<RelationName> {
        let listed = self.relations.iter().find(|relation| relation.is(schema, name)).cloned();
        listed.or_else(|| {
            let schema = self.schemas.iter().find(|open| open.eq_ignore_ascii_case(schema))?;
            Some(RelationName { schema: schema.clone(), name: name.to_owned() })
        })
    }

    pub(crate) fn is_database(&self, name: &str) -> bool {
        self.databases.iter().any(|database| database.eq_ignore_ascii_case(name))
    }
}

/// What a query may cost, by estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of text. Long lists of values fit; a megabyte of brackets doesn't.
    pub text: usize,
    /// Rows that tables may come to, multiplied with each other.
    pub rows: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text: 64 * 1024, rows: 1e9 }
    }
}
