//! Values for the parameters of a query.

use std::collections::BTreeMap;

use crate::ast::Expr;

/// A value that a client gives beside the text. It's put into the tree as a literal, as if it stood in the query, so the rules of cost
/// see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Boolean(bool),
    Integer(i64),
    /// Finite.
    Double(f64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(Scalar),
    /// For `IN $list` and `= ANY ($list)`.
    List(Vec<Scalar>),
}

/// What `$1`, `$name` and `?` stand for. `?` is `$1`, `$2`, … in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Of `$1`, `$2`, … in their order.
    #[must_use]
    pub fn positional(values: impl IntoIterator<Item = Value>) -> Self {
        Self(values.into_iter().zip(1..).map(|(value, n): (Value, usize)| (n.to_string(), value)).collect())
    }

    /// By their names, without `$`.
    #[must_use]
    pub fn named(values: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self(values.into_iter().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Bytes of all texts.
    pub(crate) fn size(&self) -> usize {
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Text(text) => text.len(),
            _ => 1,
        };
        let value = |value: &Value| match value {
            Value::Scalar(one) => scalar(one),
            Value::List(scalars) => scalars.iter().map(scalar).sum(),
        };
        self.0.values().map(value).sum()
    }
}

impl Value {
    pub(crate) fn literal(&self) -> Expr {
        match self {
            Self::Scalar(scalar) => scalar.literal(),
            Self::List(scalars) => Expr::List(scalars.iter().map(Scalar::literal).collect()),
        }
    }
}

impl Scalar {
    fn literal(&self) -> Expr {
        match self {
            Self::Null => Expr::Constant("NULL"),
            Self::Boolean(true) => Expr::Constant("TRUE"),
            Self::Boolean(false) => Expr::Constant("FALSE"),
            Self::Integer(number) => signed(*number < 0, number.unsigned_abs().to_string()),
            // As `{:?}` writes it, it's the shortest number that is read back as this one, and never without a point or an exponent.
            Self::Double(number) => signed(number.is_sign_negative(), format!("{:?}", number.abs())),
            Self::Text(text) => Expr::Text(text.clone()),
        }
    }
}

/// Negative numbers stand in brackets: a sign by itself binds looser than what may stand around a parameter.
fn signed(is_negative: bool, digits: String) -> Expr {
    let number = Expr::Number(digits);
    if is_negative { Expr::Brackets(Box::new(Expr::Prefix("-", Box::new(number)))) } else { number }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }
}
