//! Mangled spreadsheets against their readers.

use std::{
    fs,
    io::{Cursor, Read, Write},
    path::Path,
};

use cfb::CompoundFile;
use fuzzing::{Chance, mangle};
use living_tables::{
    Error, Kind,
    csv::{Outcome, Rows, Survey},
    workbook,
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A file to begin with.
#[derive(Debug, Clone)]
pub struct Seed {
    /// `text`, `xlsx`, `xlsb`, `ods` or `xls`.
    pub family: String,
    pub bytes: Vec<u8>,
}

/// Texts of our own, and the files of the collections where they are.
#[must_use]
pub fn seeds(data: Option<&Path>) -> Vec<Seed> {
    let texts: [&[u8]; 6] = [
        b"id,name\n1,\"a \"\"b\"\"\"\n2,c\n",
        b"# by hand\nid;kW\n007;1,5\n008;2,5\n",
        b"\xff\xfea\0,\0b\0\n\x001\0,\x002\0",
        b"navire\tann\xe9e\r\nL'\xcele\t1999\r\n",
        b"a,b\n\"x \\\"y\\\"\",1\nz\\, w,2\n",
        b"Dates,Travel,,\n,Air,Rail,Taxi\n1/4/14,1,2,3\n",
    ];
    let mut seeds: Vec<Seed> = texts.map(|text| Seed { family: "text".to_owned(), bytes: text.to_vec() }).into();
    for folder in ["csv", "xlsx"] {
        let Some(entries) = data.and_then(|data| fs::read_dir(data.join(folder)).ok()) else { continue };
        let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.sort();
        for path in paths {
            let family = match path.extension().and_then(|extension| extension.to_str()) {
                Some("csv" | "CSV") => "text",
                Some("xlsx" | "xlsm") => "xlsx",
                Some(other @ ("xlsb" | "ods" | "xls")) => other,
                _ => continue,
            };
            // Large files only make it slow.
            if let Ok(bytes) = fs::read(&path)
                && bytes.len() < 100_000
            {
                seeds.push(Seed { family: family.to_owned(), bytes });
            }
        }
    }
    seeds
}

/// What readers trip over.
const TOKENS: [&[u8]; 22] = [
    b"\"",
    b"\\\"",
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"#",
    b"sep=;\n",
    b"\xef\xbb\xbf",
    b"1048577",
    b"-1",
    b"XFE1",
    b"4294967295",
    b"99999999999999999999",
    b"r=\"A1\"",
    b"t=\"s\"",
    b"table:number-columns-repeated=\"1048576\"",
    b"\xff\xff\xff\xff",
    b"<",
];

/// A file that is somewhat different from one of the seeds.
pub fn mutant(seeds: &[Seed], chance: &mut Chance) -> Vec<u8> {
    let Some(seed) = seeds.get(chance.below(seeds.len())) else { return Vec::new() };
    // Of an archive mostly the parts are mangled, as little else comes past its checksums, and of a compound file its stream.
    if chance.below(10) > 0
        && let Some(bytes) = mangled_parts(&seed.bytes, chance).or_else(|| mangled_stream(&seed.bytes, chance))
    {
        return bytes;
    }
    let mut bytes = seed.bytes.clone();
    mangle(&mut bytes, &TOKENS, chance);
    bytes
}

/// The archive with one or two of its parts mangled.
fn mangled_parts(bytes: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    if !bytes.starts_with(b"PK") {
        return None;
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).ok()?;
        let name = part.name().ok()?.into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).ok()?;
        parts.push((name, content));
    }
    for _ in 0..=chance.below(2) {
        let at = chance.below(parts.len().max(1));
        mangle(&mut parts.get_mut(at)?.1, &TOKENS, chance);
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        writer.start_file(name, options).ok()?;
        writer.write_all(&content).ok()?;
    }
    writer.finish().ok().map(Cursor::into_inner)
}

/// The compound file with the workbook in it mangled.
fn mangled_stream(bytes: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    let mut file = CompoundFile::open(Cursor::new(bytes)).ok()?;
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name))?;
    let mut workbook = Vec::new();
    file.open_stream(name).ok()?.read_to_end(&mut workbook).ok()?;
    mangle(&mut workbook, &TOKENS, chance);
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    file.create_stream(name).ok()?.write_all(&workbook).ok()?;
    Some(file.into_inner().into_inner())
}

/// Reads a file as a Worker would. Says whether it was read or refused.
///
/// # Errors
/// The rows aren't those that the survey counted.
pub fn read(bytes: &[u8]) -> Result<bool, String> {
    match Kind::of(bytes) {
        Err(_) => Ok(false),
        Ok(Kind::Workbook(kind)) => Ok(workbook::preview(bytes, kind, 64 << 20).is_ok()),
        Ok(Kind::Text) => text(bytes),
    }
}

fn text(bytes: &[u8]) -> Result<bool, String> {
    let mut survey = Survey::new();
    loop {
        let outcome = bytes.chunks(1_000).try_for_each(|part| survey.push(part)).and_then(|()| survey.finish());
        match outcome {
            Err(_) => return Ok(false),
            Ok(Outcome::Again(again)) => survey = again,
            Ok(Outcome::Done(format, preview)) => {
                let mut rows = 0;
                let mut take = |_: living_tables::csv::Record| -> Result<(), Error> {
                    rows += 1;
                    Ok(())
                };
                Rows::new(&format).push(bytes, true, &mut take).map_err(|error| error.to_string())?;
                let counted = preview.sheets.first().map_or(0, |sheet| sheet.rows);
                return if rows == counted {
                    Ok(true)
                } else {
                    Err(format!("{rows} rows, and {counted} were counted"))
                };
            }
        }
    }
}
