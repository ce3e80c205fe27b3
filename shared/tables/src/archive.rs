//! The ZIP archive around a workbook, looked at before anything is read of it: what it is, and what it unpacks to.

use std::io::{BufRead, BufReader, Cursor, Read};

use quick_xml::events::Event;
use zip::ZipArchive;

use crate::{Error, xlsb};

/// What an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    Xlsx,
    Xlsb,
    Ods,
}

pub(crate) fn inspect(bytes: &[u8], limit: u64) -> Result<Contents, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        Error::Damaged(format!("the file begins like a ZIP archive, but can't be read as one: {error}"))
    })?;
    let names: Vec<String> =
        archive.file_names().filter_map(Result::ok).map(|name| name.to_ascii_lowercase()).collect();
    let contents = contents(&names)?;
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(Error::damaged)?;
        let name = part.name().map_err(Error::damaged)?.into_owned();
        if part.encrypted() {
            return Err(Error::Encrypted);
        }
        if !is_read(&name.to_ascii_lowercase()) {
            continue;
        }
        // What an archive says of a part's size is no promise, so it's unpacked once to be counted.
        let size = count(part, left).map_err(|error| Error::Damaged(format!("part {name:?}: {error}")))?;
        left = left.checked_sub(size).ok_or(Error::TooLarge { part: name, limit })?;
    }
    match contents {
        Contents::Ods => all_closed(BufReader::new(archive.by_name("content.xml").map_err(Error::damaged)?))?,
        Contents::Xlsb => xlsb::check(&mut archive)?,
        Contents::Xlsx => {}
    }
    Ok(contents)
}

/// Refuses XML in which an element isn't closed: the reader of ODS would look for the end of a table for ever.
fn all_closed(xml: impl BufRead) -> Result<(), Error> {
    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut buffer = Vec::new();
    let mut open = 0_u64;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| Error::Damaged(format!("content.xml: {error}")))? {
            Event::Start(_) => open += 1,
            Event::End(_) => open = open.saturating_sub(1),
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err(Error::Damaged("content.xml: an element isn't closed".to_owned())),
            _ => {}
        }
    }
}

/// Whether a reader of workbooks opens a part.
fn is_read(name: &str) -> bool {
    [".xml", ".bin", ".rels", ".vml"].iter().any(|end| name.ends_with(end)) || name == "mimetype"
}

/// A part's unpacked size, counted to one more than `limit` at most.
fn count(part: impl Read, limit: u64) -> std::io::Result<u64> {
    std::io::copy(&mut part.take(limit.saturating_add(1)), &mut std::io::sink())
}

/// By the names of the parts, in small letters.
fn contents(names: &[String]) -> Result<Contents, Error> {
    let has = |wanted: &str| names.iter().any(|name| name.trim_start_matches('/') == wanted);
    let ends = |wanted: &str| names.iter().any(|name| name.ends_with(wanted));
    if has("word/document.xml") {
        Err(Error::NotATable { what: "a text document" })
    } else if has("ppt/presentation.xml") {
        Err(Error::NotATable { what: "a presentation" })
    } else if ends("workbook.bin") {
        Ok(Contents::Xlsb)
    } else if has("[content_types].xml") || ends("workbook.xml") {
        Ok(Contents::Xlsx)
    } else if has("mimetype") && has("content.xml") {
        Ok(Contents::Ods)
    } else {
        Err(Error::NotATable { what: "a ZIP archive" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_isnt_closed_is_damage() {
        assert_eq!(all_closed(&b"<a><b/><c>x</c></a>"[..]), Ok(()));
        for xml in ["<a><table>x", "<a><table></a>", "<a>x</tablce></a>", "<a"] {
            assert!(matches!(all_closed(xml.as_bytes()), Err(Error::Damaged(_))), "{xml}");
        }
    }
}
