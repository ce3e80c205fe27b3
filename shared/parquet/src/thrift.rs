//! Just enough of Thrift's compact protocol to look at untrusted structures before the decoder allocates for them.
//! Source: [Thrift compact protocol](https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).

use crate::Error;

/// Deepest nesting of a Parquet structure is 6 (`FileMetaData` down to a statistics field); more is an attack on the stack.
const MAX_DEPTH: u8 = 16;

/// Field types of the compact protocol.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A place in a buffer.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    /// Most elements that one list may have: a decoder allocates for as many as are announced.
    max_elements: u64,
}

/// A field of a struct: its number and its type.
pub(crate) struct FieldHeader {
    pub(crate) id: i16,
    kind: u8,
}

impl FieldHeader {
    pub(crate) fn is_struct(&self) -> bool {
        self.kind == STRUCT
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], max_elements: u64) -> Self {
        Self { rest: bytes, max_elements }
    }

    /// Bytes that are left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let (&first, rest) = self.rest.split_first().ok_or_else(ends_early)?;
        self.rest = rest;
        Ok(first)
    }

    fn skip_bytes(&mut self, count: u64) -> Result<(), Error> {
        let count = usize::try_from(count).map_err(|_| ends_early())?;
        self.rest = self.rest.get(count..).ok_or_else(ends_early)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::damaged("a number in a Thrift structure has more than 10 bytes"))
    }

    /// A signed number.
    pub(crate) fn integer(&mut self) -> Result<i64, Error> {
        let value = self.varint()?;
        #[expect(clippy::cast_possible_wrap, reason = "zigzag: the bits are the value")]
        Ok(((value >> 1) as i64) ^ -((value & 1) as i64))
    }

    /// The next field of a struct, after the field `previous` (0 before the first); `None` at the struct's end.
    pub(crate) fn field(&mut self, previous: i16) -> Result<Option<FieldHeader>, Error> {
        let byte = self.byte()?;
        let kind = byte & 0x0f;
        if kind == STOP {
            return Ok(None);
        }
        let delta = i16::from(byte >> 4);
        let id = if delta == 0 {
            i16::try_from(self.integer()?).map_err(|_| Error::damaged("a Thrift field number is out of range"))?
        } else {
            previous.checked_add(delta).ok_or_else(|| Error::damaged("a Thrift field number is out of range"))?
        };
        Ok(Some(FieldHeader { id, kind }))
    }

    /// Passes over the value of a field.
    pub(crate) fn skip(&mut self, field: &FieldHeader) -> Result<(), Error> {
        match field.kind {
            // In a struct a boolean's value is its type.
            TRUE | FALSE => Ok(()),
            kind => self.skip_value(kind, 0),
        }
    }

    fn skip_value(&mut self, kind: u8, depth: u8) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::damaged(format!("a Thrift structure is nested deeper than {MAX_DEPTH} levels")));
        }
        match kind {
            TRUE | FALSE | BYTE => self.skip_bytes(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.skip_bytes(8),
            UUID => self.skip_bytes(16),
            BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | SET => {
                let header = self.byte()?;
                let count = match header >> 4 {
                    15 => self.varint()?,
                    small => u64::from(small),
                };
                self.check_count(count)?;
                (0..count).try_for_each(|_| self.skip_value(header & 0x0f, depth + 1))
            }
            MAP => {
                let count = self.varint()?;
                self.check_count(count)?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.skip_value(kinds >> 4, depth + 1)?;
                    self.skip_value(kinds & 0x0f, depth + 1)
                })
            }
            STRUCT => {
                let mut previous = 0;
                while let Some(field) = self.field(previous)? {
                    previous = field.id;
                    if !matches!(field.kind, TRUE | FALSE) {
                        self.skip_value(field.kind, depth + 1)?;
                    }
                }
                Ok(())
            }
            other => Err(Error::damaged(format!("a Thrift structure has a field of the unknown type {other}"))),
        }
    }

    fn check_count(&self, count: u64) -> Result<(), Error> {
        if count > self.max_elements || count > self.rest.len() as u64 {
            return Err(Error::damaged(format!("a list in a Thrift structure says that it has {count} elements")));
        }
        Ok(())
    }
}

fn ends_early() -> Error {
    Error::damaged("a Thrift structure ends early")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_announces_more_than_there_is_is_refused() {
        // Field 1: a list of 2^31 structs.
        let bytes = [0x19, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x08, 0x00];
        let error = Cursor::new(&bytes, u64::MAX).skip_value(STRUCT, 0).unwrap_err();
        assert!(error.to_string().contains("2147483648 elements"), "{error}");
    }

    #[test]
    fn endless_nesting_ends_with_an_error() {
        let bytes = [0x1c; 10_000];
        assert!(Cursor::new(&bytes, 100).skip_value(STRUCT, 0).is_err());
    }

    #[test]
    fn numbers_are_zigzag() {
        assert_eq!(Cursor::new(&[0x03], 0).integer(), Ok(-2));
        assert_eq!(
            Cursor::new(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 0).integer(),
            Ok(i64::MAX)
        );
        assert!(Cursor::new(&[0xff; 12], 0).integer().is_err());
    }
}
