//! Values as the MCP endpoint gives them, from their text on the Postgres wire.

use living_postgres::Field;
use serde_json::{Number, Value};

/// OIDs of `pg_type` that announce one type of DuckDB, or several whose values read alike.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const INTERVAL: u32 = 1186;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
}

/// A column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    /// The name is DuckDB's own, and not made from what Postgres calls it.
    is_named: bool,
    tells_values: bool,
}

impl Column {
    /// As the protocol announces it. A type of Postgres may stand for several of DuckDB.
    pub(super) fn announced(field: &Field) -> Self {
        let (name, is_named, tells_values) = match field.oid {
            oid::BOOL => ("BOOLEAN", true, true),
            // TINYINT, UTINYINT.
            oid::INT2 => ("SMALLINT", false, true),
            // USMALLINT.
            oid::INT4 => ("INTEGER", false, true),
            // UINTEGER.
            oid::INT8 => ("BIGINT", false, true),
            oid::FLOAT4 => ("FLOAT", true, true),
            oid::FLOAT8 => ("DOUBLE", true, true),
            oid::NUMERIC if field.modifier >= 0 => return Self::decimal(field.modifier),
            // HUGEINT, UBIGINT, UHUGEINT: numbers where they are small; BIGNUM: text.
            oid::NUMERIC => ("HUGEINT", false, false),
            oid::VARCHAR => ("VARCHAR", true, true),
            oid::BYTEA => ("BLOB", true, true),
            oid::DATE => ("DATE", true, true),
            oid::TIME => ("TIME", false, true),
            oid::TIMESTAMP => ("TIMESTAMP", false, true),
            oid::TIMESTAMPTZ => ("TIMESTAMP WITH TIME ZONE", true, true),
            oid::INTERVAL => ("INTERVAL", true, true),
            oid::UUID => ("UUID", true, true),
            // JSON is text, and lists and structs are not, whatever they are announced as.
            _ => ("VARCHAR", false, false),
        };
        Self { name: name.to_owned(), is_named, tells_values }
    }

    /// Postgres packs width and scale, and adds the length of a header.
    fn decimal(modifier: i32) -> Self {
        let packed = modifier - 4;
        let name = format!("DECIMAL({},{})", (packed >> 16) & 0xffff, packed & 0x7ff);
        Self { name, is_named: true, tells_values: true }
    }

    /// As DuckDB calls it.
    pub(super) fn named(name: String) -> Self {
        Self { name, is_named: true, tells_values: true }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_named(&self) -> bool {
        self.is_named
    }

    /// Whether this tells how values read.
    pub(super) fn tells_values(&self) -> bool {
        self.tells_values
    }

    /// The value of a text: booleans, integers that fit 64 bits, floats, lists, structs, maps and unions as JSON has them; all else as text.
    pub(super) fn read(&self, text: String) -> Value {
        let value = match self.name.as_str() {
            "BOOLEAN" => match text.as_str() {
                "t" | "true" => Some(Value::Bool(true)),
                "f" | "false" => Some(Value::Bool(false)),
                _ => None,
            },
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
            | "UBIGINT" | "UHUGEINT" => integer(&text),
            "FLOAT" => float(&text, |text| text.parse::<f32>().ok().map(f64::from)),
            "DOUBLE" => float(&text, |text| text.parse().ok()),
            "BLOB" => blob(&text),
            name if is_nested(name) => serde_json::from_str(&text).ok(),
            _ => None,
        };
        value.unwrap_or(Value::String(text))
    }
}

fn is_nested(name: &str) -> bool {
    name.ends_with(']') || ["STRUCT(", "MAP(", "UNION("].iter().any(|start| name.starts_with(start))
}

fn integer(text: &str) -> Option<Value> {
    text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

/// JSON has no NaN and no infinities: they are text, as DuckDB spells them.
fn float(text: &str, parse: impl Fn(&str) -> Option<f64>) -> Option<Value> {
    let number = parse(text)?;
    Number::from_f64(number).map(Value::Number).or_else(|| {
        Some(Value::from(match number {
            f64::INFINITY => "inf",
            f64::NEG_INFINITY => "-inf",
            _ => "nan",
        }))
    })
}

/// As DuckDB prints a BLOB, from Postgres' hexadecimal.
fn blob(text: &str) -> Option<Value> {
    let digits = text.strip_prefix("\\x")?;
    if digits.len() % 2 != 0 || !digits.is_ascii() {
        return None;
    }
    let mut printed = String::with_capacity(digits.len());
    for pair in digits.as_bytes().chunks(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        let byte = u8::from_str_radix(pair, 16).ok()?;
        // As the engine's own `Blob::ToString`.
        if matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'\'' | b'"') {
            printed.push(char::from(byte));
        } else {
            printed.push_str("\\x");
            printed.push_str(&pair.to_ascii_uppercase());
        }
    }
    Some(Value::String(printed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn announced(oid: u32, modifier: i32) -> Column {
        Column::announced(&Field { name: "c".into(), oid, modifier })
    }

    #[test]
    fn a_type_that_stands_for_several_is_not_taken_for_one() {
        assert_eq!(announced(1700, ((18 << 16) | 3) + 4).name(), "DECIMAL(18,3)");
        assert!(!announced(1700, -1).tells_values() && !announced(114, -1).tells_values());
        assert!(announced(21, -1).tells_values() && !announced(21, -1).is_named());
        assert!(announced(1043, -1).is_named());
    }

    #[test]
    fn a_value_is_json_where_json_has_it() {
        for (name, text, value) in [
            ("BOOLEAN", "t", json!(true)),
            ("UBIGINT", "18446744073709551615", json!(u64::MAX)),
            ("HUGEINT", "-9223372036854775809", json!("-9223372036854775809")),
            ("DECIMAL(4,1)", "1.5", json!("1.5")),
            ("BIGNUM", "1", json!("1")),
            ("FLOAT", "0.1", json!(f64::from(0.1_f32))),
            ("DOUBLE", "-Infinity", json!("-inf")),
            ("DOUBLE", "NaN", json!("nan")),
            ("JSON", "[1]", json!("[1]")),
            ("INTEGER[]", "[1,null]", json!([1, null])),
            ("STRUCT(a INTEGER)", "{\"a\":1}", json!({ "a": 1 })),
            // Spelled in another way than expected, it's still there.
            ("INTEGER[]", "{1,NULL}", json!("{1,NULL}")),
            ("BLOB", "\\x00ff6122", json!("\\x00\\xFFa\\x22")),
            ("DATE", "2024-01-31", json!("2024-01-31")),
        ] {
            assert_eq!(Column::named(name.into()).read(text.into()), value, "{name} {text}");
        }
    }
}
