//! What the reader of XLSB takes for granted, looked at before it reads: of a record that is shorter than it has to be it would end the
//! program.
//!
//! Parts are rows of records: a type and a length, each in bytes of seven bits, then so many bytes
//! ([MS-XLSB](https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/), 2.1.4).

use std::{
    borrow::Cow,
    collections::HashSet,
    io::{BufRead, BufReader, Cursor, Read},
    path::Path,
};

use quick_xml::events::Event;
use zip::ZipArchive;

use crate::Error;

/// Records of which the beginning is read, and how many bytes that is at least (MS-XLSB 2.4), by the beginning of the part's name.
const LEAST: [(&str, &[(u16, usize)]); 3] = [
    ("xl/workbook.bin", &[(WORKBOOK_PROPERTIES, 1), (SHEET, 12), (EXTERNAL_SHEETS, 4)]),
    ("xl/sharedstrings.bin", &[(STRINGS, 8), (STRING, 1)]),
    (
        "xl/worksheets/",
        &[
            (ROW, 4),
            // A cell's column and format, and a value: a packed number, an error, a truth, a number, a text, the place of one.
            (0x02, 12),
            (0x03, 9),
            (0x04, 9),
            (0x05, 16),
            (0x06, 8),
            (SHARED_STRING, 12),
            // The same of a formula.
            (0x08, 8),
            (0x09, 16),
            (0x0a, 9),
            (DIMENSIONS, 16),
        ],
    ),
];

const WORKBOOK_PROPERTIES: u16 = 0x99;
const SHEET: u16 = 0x9c;
const EXTERNAL_SHEETS: u16 = 0x16a;
const NUMBER_FORMATS: u16 = 0x267;
const NUMBER_FORMAT: u16 = 0x2c;
const CELL_FORMATS: u16 = 0x269;
const CELL_FORMAT: u16 = 0x2f;
const STRINGS: u16 = 0x9f;
const STRING: u16 = 0x13;
const ROW: u16 = 0;
const SHARED_STRING: u16 = 7;
const DIMENSIONS: u16 = 0x94;

const STYLES: &str = "xl/styles.bin";

/// The lists in it that are read: the record that begins one with the number of its items, theirs, and how long that is at least.
const LISTS: [(u16, u16, usize); 2] = [(NUMBER_FORMATS, NUMBER_FORMAT, 2), (CELL_FORMATS, CELL_FORMAT, 4)];

const RELATIONSHIPS: &str = "xl/_rels/workbook.bin.rels";

/// Bytes of a record that are looked at: a sheet's relationship has a name of 255 characters at most.
const MOST: usize = 1024;

/// What stands for no relationship.
const NONE: u32 = 0xffff_ffff;

/// Refuses a workbook whose records are too short, or name sheets and texts that aren't there.
pub(crate) fn check(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), Error> {
    let relationships = relationships(archive)?;
    let names: Vec<String> = archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    let mut strings = 0;
    let parts = LEAST.iter().map(|(part, least)| (*part, Some(*least))).chain([(STYLES, None)]);
    for (part, least) in parts {
        for name in names.iter().filter(|name| is_of(part, name)) {
            let records = Records { part: BufReader::new(archive.by_name(name).map_err(Error::damaged)?) };
            let checked = match least {
                Some(least) => check_part(records, least, &relationships, &mut strings),
                None => check_styles(records),
            };
            checked.map_err(|reason| Error::Damaged(format!("part {name:?}: {reason}")))?;
        }
    }
    Ok(())
}

/// Whether records stand in a part that begins so. Beside the sheets are their relationships, which are XML.
fn is_of(part: &str, name: &str) -> bool {
    let is_binary = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
    is_binary && name.to_ascii_lowercase().starts_with(part)
}

/// Looks at the lists among the styles. What the reader doesn't know there it takes apart byte by byte, and so does this.
fn check_styles(mut records: Records<impl BufRead>) -> Result<(), String> {
    while let Ok(kind) = records.kind() {
        let Some((_, item, least)) = LISTS.iter().find(|(of, ..)| *of == kind) else { continue };
        let Ok(Some((_, start))) = records.body() else { return Ok(()) };
        let mut left = number(&start, 0).ok_or_else(|| too_short(kind, start.len(), 4))?;
        while left > 0 {
            let Ok(Some((kind, length, _))) = records.next() else { return Ok(()) };
            if kind == *item {
                left -= 1;
                if length < *least {
                    return Err(too_short(kind, length, *least));
                }
            }
        }
        if kind == CELL_FORMATS {
            return Ok(());
        }
    }
    Ok(())
}

fn too_short(kind: u16, length: usize, least: usize) -> String {
    format!("a record {kind:#x} has {length} bytes, and at least {least} are needed")
}

/// Looks at the records of a part. `strings`: how many texts cells may have in common, as far as their part has been seen.
fn check_part(
    mut records: Records<impl BufRead>,
    least: &[(u16, usize)],
    relationships: &HashSet<String>,
    strings: &mut u32,
) -> Result<(), String> {
    // Where a part ends too soon the reader says so.
    while let Ok(Some((kind, length, start))) = records.next() {
        let Some((_, least)) = least.iter().find(|(of, _)| *of == kind) else { continue };
        if length < *least {
            return Err(too_short(kind, length, *least));
        }
        match kind {
            SHEET => check_sheet(&start, relationships)?,
            STRING => *strings += 1,
            SHARED_STRING if number(&start, 8).is_none_or(|place| place >= *strings) => {
                return Err(format!("a cell has a text that isn't one of the {strings} in common"));
            }
            EXTERNAL_SHEETS if number(&start, 0).is_none_or(|count| count as usize > (length - 4) / 12) => {
                return Err("it names more external sheets than it has".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A sheet's state, its number, and the name of its relationship.
fn check_sheet(start: &[u8], relationships: &HashSet<String>) -> Result<(), String> {
    let count = number(start, 8).filter(|count| *count != NONE);
    let Some(count) = count else { return Ok(()) };
    let end = (count as usize).checked_mul(2).and_then(|bytes| bytes.checked_add(12));
    let name = end.and_then(|end| start.get(12..end)).ok_or("a sheet's relationship is longer than its record")?;
    let name = encoding_rs::UTF_16LE.decode_without_bom_handling(name).0;
    if relationships.contains(&*name) { Ok(()) } else { Err(format!("there is no relationship {name:?}")) }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The names of the workbook's relationships to other parts.
fn relationships(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<HashSet<String>, Error> {
    let mut found = HashSet::new();
    let Ok(part) = archive.by_name(RELATIONSHIPS) else { return Ok(found) };
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) if element.name().as_ref() == "Relationship" => {
                let value = |key: &str| {
                    let mut attributes = element.attributes().map_while(Result::ok);
                    attributes.find(|attribute| attribute.key.as_ref() == key).map(|found| found.value.into_owned())
                };
                found.extend(value("Id").filter(|_| value("Target").is_some()));
            }
            Ok(Event::Eof) => return Ok(found),
            Err(error) => return Err(Error::Damaged(format!("part {RELATIONSHIPS:?}: {error}"))),
            Ok(_) => {}
        }
    }
}

struct Records<R> {
    part: R,
}

impl<R: BufRead> Records<R> {
    /// The next record's type, its length, and its first bytes; `None` at the end.
    fn next(&mut self) -> std::io::Result<Option<(u16, usize, Vec<u8>)>> {
        if self.part.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let kind = self.kind()?;
        Ok(self.body()?.map(|(length, start)| (kind, length, start)))
    }

    fn kind(&mut self) -> std::io::Result<u16> {
        // Fourteen bits.
        self.packed(2).map(|kind| u16::try_from(kind).unwrap_or(u16::MAX))
    }

    /// A record's length and first bytes, after its type; `None` if the part ends before it.
    fn body(&mut self) -> std::io::Result<Option<(usize, Vec<u8>)>> {
        let length = self.packed(4)?;
        let mut start = Vec::new();
        self.part.by_ref().take(length.min(MOST as u64)).read_to_end(&mut start)?;
        let rest = length - start.len() as u64;
        let is_whole = std::io::copy(&mut self.part.by_ref().take(rest), &mut std::io::sink())? == rest;
        Ok(is_whole.then(|| (usize::try_from(length).unwrap_or(usize::MAX), start)))
    }

    /// A number in at most so many bytes, of which each but the last has its highest bit set.
    fn packed(&mut self, most: u32) -> std::io::Result<u64> {
        let mut number = 0;
        for place in 0..most {
            let mut byte = [0];
            self.part.read_exact(&mut byte)?;
            let [byte] = byte;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relationships_are_no_records() {
        assert!(
            is_of("xl/worksheets/", "xl/worksheets/sheet1.bin")
                && is_of("xl/sharedstrings.bin", "xl/sharedStrings.bin")
        );
        assert!(!is_of("xl/worksheets/", "xl/worksheets/_rels/sheet1.bin.rels"));
    }

    #[test]
    fn records_are_read_as_they_are_packed() {
        let mut bytes = vec![0x9c, 0x01, 0x02, 7, 8, 0x13, 0x80, 0x10];
        bytes.extend([5; 2048]);
        let mut records = Records { part: &bytes[..] };
        assert_eq!(records.next().unwrap(), Some((SHEET, 2, vec![7, 8])));
        assert_eq!(records.next().unwrap(), Some((STRING, 2048, vec![5; MOST])));
        assert_eq!(records.next().unwrap(), None);
    }

    #[test]
    fn a_cell_has_a_text_that_is_there() {
        let mut sheet = vec![0x07, 12];
        sheet.extend([0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        let (_, least) = LEAST[2];
        let check =
            |bytes: &[u8], strings: u32| check_part(Records { part: bytes }, least, &HashSet::new(), &mut { strings });
        assert_eq!(check(&sheet, 3), Ok(()));
        assert!(check(&sheet, 2).is_err());
        assert!(check(&[0x05, 3, 1, 2, 3], 0).unwrap_err().contains("at least 16"));
    }

    #[test]
    fn styles_have_the_items_that_they_count() {
        let check = |bytes: &[u8]| check_styles(Records { part: bytes });
        // Number formats: one, of two bytes and more; then cell formats.
        let formats = [0xe7, 0x04, 4, 1, 0, 0, 0, 0x2c, 2, 1, 0];
        assert_eq!(check(&formats), Ok(()));
        assert_eq!(check(&[0x2f, 0, 0xe9, 0x04, 4, 1, 0, 0, 0, 0x2f, 4, 1, 0, 0, 0]), Ok(()));
        assert!(check(&[0xe7, 0x04, 0]).is_err(), "the number of formats is missing");
        assert!(check(&[0xe9, 0x04, 4, 1, 0, 0, 0, 0x2f, 3, 1, 0, 0]).is_err());
    }

    #[test]
    fn a_sheet_names_a_relationship_that_is_there() {
        let known = HashSet::from(["rId1".to_owned()]);
        let sheet = |count: u32, name: &str| {
            let mut record = vec![0; 8];
            record.extend(count.to_le_bytes());
            record.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
            check_sheet(&record, &known)
        };
        assert_eq!(sheet(4, "rId1"), Ok(()));
        assert_eq!(sheet(NONE, ""), Ok(()));
        assert!(sheet(4, "rId2").is_err() && sheet(5, "rId1").is_err() && sheet(u32::MAX - 1, "rId1").is_err());
    }
}
