//! What a file is, by its bytes.

use crate::Error;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// CSV, TSV or alike.
    Text,
    Workbook(WorkbookKind),
}

/// How a workbook is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkbookKind {
    /// A ZIP archive: XLSX, XLSM, XLSB or ODS. Or no workbook; its parts say.
    Archive,
    /// A compound file: XLS, or an encrypted XLSX.
    Compound,
}

/// What is no table, by its first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1", "an Arrow file"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
];

/// What is no table, by how its text begins.
const DOCUMENTS: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<table", "an HTML page"),
    ("<?xml", "an XML document"),
];

impl Kind {
    /// What a file is that begins with `head`: a kilobyte is enough.
    ///
    /// # Errors
    /// What the file is instead of a table.
    pub fn of(head: &[u8]) -> Result<Self, Error> {
        if head.is_empty() {
            return Err(Error::Empty);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK\x07\x08") {
            return Ok(Self::Workbook(WorkbookKind::Archive));
        }
        if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Ok(Self::Workbook(WorkbookKind::Compound));
        }
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(Error::NotATable { what });
        }
        // BOF records of the workbooks before Excel 5, which are no compound files.
        if matches!(head, [0x09, 0x00 | 0x02 | 0x04, 0x04 | 0x06 | 0x08, 0x00, ..]) {
            return Err(Error::NotATable { what: "a workbook of Excel 4 or older" });
        }
        Ok(Self::Text)
    }
}

/// What a text is that is no table.
pub(crate) fn document(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    if let Some((_, what)) =
        DOCUMENTS.iter().find(|(tag, _)| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
    {
        return Some(what);
    }
    let object = start.strip_prefix('[').map_or(start, str::trim_start);
    let key = object.strip_prefix('{').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'))?;
    let (_, after) = key.split_once('"')?;
    after.trim_start().starts_with(':').then_some("JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_is_named() {
        assert_eq!(Kind::of(b""), Err(Error::Empty));
        assert_eq!(Kind::of(b"a,b"), Ok(Kind::Text));
        assert_eq!(Kind::of(b"%PDF-1.7"), Err(Error::NotATable { what: "a PDF" }));
        assert_eq!(Kind::of(b"PK\x03\x04rest"), Ok(Kind::Workbook(WorkbookKind::Archive)));
        assert_eq!(document(" <HTML lang=en>"), Some("an HTML page"));
        assert_eq!(document("[ {\"a\" : 1}]"), Some("JSON"));
        assert_eq!(document("{\"a\",\"b\"}"), None);
        assert_eq!(document("[x],[y]"), None);
    }
}
