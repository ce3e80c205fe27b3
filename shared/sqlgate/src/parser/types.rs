//! Names of types.

use super::{Parsed, Parser};
use crate::{Code, ast::DataType, lexer::Kind};

/// Types by their names, and as they're printed. Of `duckdb_types()` of 1.5.5 all but those that say nothing about a value (`TYPE`, `OID`),
/// and VARIANT: a cast of nested text to it, 50,000 deep, ends DuckDB's process.
const TYPES: [(&str, &str); 73] = [
    ("bigint", "BIGINT"),
    ("bignum", "BIGNUM"),
    ("binary", "BLOB"),
    ("bit", "BIT"),
    ("bitstring", "BIT"),
    ("blob", "BLOB"),
    ("bool", "BOOLEAN"),
    ("boolean", "BOOLEAN"),
    ("bpchar", "VARCHAR"),
    ("bytea", "BLOB"),
    ("char", "VARCHAR"),
    ("character", "VARCHAR"),
    ("date", "DATE"),
    ("datetime", "TIMESTAMP"),
    ("dec", "DECIMAL"),
    ("decimal", "DECIMAL"),
    ("double", "DOUBLE"),
    ("float", "FLOAT"),
    ("float4", "FLOAT"),
    ("float8", "DOUBLE"),
    ("guid", "UUID"),
    ("hugeint", "HUGEINT"),
    ("int", "INTEGER"),
    ("int1", "TINYINT"),
    ("int128", "HUGEINT"),
    ("int16", "SMALLINT"),
    ("int2", "SMALLINT"),
    ("int32", "INTEGER"),
    ("int4", "INTEGER"),
    ("int64", "BIGINT"),
    ("int8", "BIGINT"),
    ("integer", "INTEGER"),
    ("integral", "INTEGER"),
    ("interval", "INTERVAL"),
    ("json", "JSON"),
    ("logical", "BOOLEAN"),
    ("long", "BIGINT"),
    ("numeric", "DECIMAL"),
    ("nvarchar", "VARCHAR"),
    ("real", "FLOAT"),
    ("short", "SMALLINT"),
    ("signed", "INTEGER"),
    ("smallint", "SMALLINT"),
    ("string", "VARCHAR"),
    ("text", "VARCHAR"),
    ("time", "TIME"),
    ("time_ns", "TIME_NS"),
    ("timestamp", "TIMESTAMP"),
    ("timestamp_ms", "TIMESTAMP_MS"),
    ("timestamp_ns", "TIMESTAMP_NS"),
    ("timestamp_s", "TIMESTAMP_S"),
    ("timestamp_us", "TIMESTAMP"),
    ("timestamptz", "TIMESTAMPTZ"),
    ("timetz", "TIMETZ"),
    ("tinyint", "TINYINT"),
    ("ubigint", "UBIGINT"),
    ("uhugeint", "UHUGEINT"),
    ("uint128", "UHUGEINT"),
    ("uint16", "USMALLINT"),
    ("uint32", "UINTEGER"),
    ("uint64", "UBIGINT"),
    ("uint8", "UTINYINT"),
    ("uinteger", "UINTEGER"),
    ("usmallint", "USMALLINT"),
    ("utinyint", "UTINYINT"),
    ("uuid", "UUID"),
    ("varbinary", "BLOB"),
    ("varchar", "VARCHAR"),
    ("varint", "BIGNUM"),
    ("enum", "ENUM"),
    ("struct", "STRUCT"),
    ("map", "MAP"),
    ("union", "UNION"),
];

impl Parser<'_> {
    pub(super) fn data_type(&mut self) -> Parsed<DataType> {
        self.nested(|parser| {
            let mut data_type = parser.element_type()?;
            // Each list of lists is a level of the tree.
            for _ in 0..MAX_LISTS {
                if parser.take("[") {
                    data_type = if parser.take("]") {
                        DataType::List(Box::new(data_type))
                    } else {
                        let size = parser.number()?;
                        parser.expect("]")?;
                        DataType::Array(Box::new(data_type), size)
                    };
                } else if parser.take_word("array") {
                    data_type = DataType::List(Box::new(data_type));
                } else {
                    return Ok(data_type);
                }
            }
            parser.refuse(Code::Limit, format!("a type has more than {MAX_LISTS} levels of lists"))
        })
    }

    fn element_type(&mut self) -> Parsed<DataType> {
        let at = self.at();
        let (written, name) = match self.peek() {
            Kind::Word(word) | Kind::Quoted(word) => (word.clone(), type_name(word)),
            _ => return self.unexpected("a type"),
        };
        let Some(name) = name else {
            return self.refuse(Code::Type, format!("the type {} is not on the gate's list", super::excerpt(&written)));
        };
        self.next += 1;
        match name {
            "STRUCT" | "UNION" => {
                self.expect("(")?;
                let fields = self.comma_separated(|parser| Ok((parser.label()?, parser.data_type()?)))?;
                self.expect(")")?;
                Ok(DataType::Struct(name, fields))
            }
            "MAP" => {
                self.expect("(")?;
                let key = self.data_type()?;
                self.expect(",")?;
                let value = self.data_type()?;
                self.expect(")")?;
                Ok(DataType::Map(Box::new(key), Box::new(value)))
            }
            "ENUM" => {
                self.expect("(")?;
                let values = self.comma_separated(Self::text)?;
                self.expect(")")?;
                Ok(DataType::Enum(values))
            }
            "DECIMAL" | "VARCHAR" | "TIMESTAMP" | "TIME" | "FLOAT" | "BIT" | "DOUBLE" | "INTERVAL" => {
                self.modified_type(name, &written, at)
            }
            _ => Ok(DataType::Named { name, numbers: Vec::new() }),
        }
    }

    /// A type whose name may have several words, or numbers in brackets.
    fn modified_type(&mut self, name: &'static str, written: &str, at: crate::ast::At) -> Parsed<DataType> {
        if name == "DOUBLE" {
            self.take_word("precision");
        }
        if written.eq_ignore_ascii_case("character") || written.eq_ignore_ascii_case("char") {
            self.take_word("varying");
        }
        let mut numbers = Vec::new();
        if name != "DOUBLE" && name != "INTERVAL" && self.take("(") {
            numbers = self.comma_separated(Self::number)?;
            self.expect(")")?;
        }
        let name = match name {
            "TIMESTAMP" | "TIME" if self.take_words(&["with", "time", "zone"]) => {
                if name == "TIME" {
                    "TIMETZ"
                } else {
                    "TIMESTAMPTZ"
                }
            }
            "TIMESTAMP" | "TIME" => {
                self.take_words(&["without", "time", "zone"]);
                name
            }
            _ => name,
        };
        if !numbers.is_empty() && !matches!(name, "DECIMAL" | "VARCHAR" | "TIMESTAMP") {
            return self.refuse_at(at, Code::Type, format!("the type {name} takes no numbers here"));
        }
        Ok(DataType::Named { name, numbers })
    }

    /// Whether `DATE '2025-01-01'` or its like stands here: a type, and a text at once after it.
    pub(super) fn is_at_typed_literal(&self) -> bool {
        let Kind::Word(word) = self.peek() else { return false };
        let is_plain =
            type_name(word).is_some_and(|name| !matches!(name, "ENUM" | "STRUCT" | "MAP" | "UNION" | "INTERVAL"));
        let after =
            if self.is_word_at(self.next + 1, "with") || self.is_word_at(self.next + 1, "without") { 4 } else { 1 };
        is_plain && matches!(self.kind(self.next + after), Kind::Text(_))
    }

    pub(super) fn text(&mut self) -> Parsed<String> {
        match self.peek() {
            Kind::Text(text) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => self.unexpected("a text"),
        }
    }
}

/// Lists of lists in one type.
const MAX_LISTS: usize = 4;

fn type_name(word: &str) -> Option<&'static str> {
    TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, printed)| *printed)
}
