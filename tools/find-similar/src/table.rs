//! Files as profiled columns.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use living_core::{
    column_type::{ColumnType, distinct_names},
    profile::{Cell, ColumnProfile, ColumnProfiler},
};
use living_parquet::{FIRST_READ, File, Limits, Opened, RowReader, Step};

/// Lines that are looked at for the delimiter.
const SAMPLE_LINES: usize = 20;

/// The columns of a file.
#[derive(Debug)]
pub struct Table {
    /// Base name.
    pub file: String,
    pub columns: Vec<(String, ColumnProfile)>,
}

impl Table {
    /// Reads a Parquet or CSV file, whichever it is by its first bytes.
    ///
    /// # Errors
    /// If it can't be read, or is neither.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut source = fs::File::open(path).map_err(|error| error.to_string())?;
        let mut magic = Vec::new();
        source.by_ref().take(4).read_to_end(&mut magic).map_err(|error| error.to_string())?;
        let columns = match magic.as_slice() {
            b"PAR1" => parquet(&mut source)?,
            b"PK\x03\x04" | [0xd0, 0xcf, 0x11, 0xe0] => {
                return Err("this is a workbook or an archive, and only CSV and Parquet are read".to_owned());
            }
            _ => csv(&fs::read(path).map_err(|error| error.to_string())?)?,
        };
        Ok(Self { file, columns })
    }
}

fn csv(bytes: &[u8]) -> Result<Vec<(String, ColumnProfile)>, String> {
    let text = decode(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(&text)).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?;
    if header.is_empty() {
        return Err("a CSV file begins with a line of column names, and this one is empty".to_owned());
    }
    let names = distinct_names(header.iter().map(str::trim));
    let mut profilers: Vec<ColumnProfiler> = names.iter().map(|_| ColumnProfiler::new(&ColumnType::Text)).collect();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        for (profiler, cell) in profilers.iter_mut().zip(&record) {
            profiler.observe(Cell::Text(cell));
        }
    }
    Ok(names.into_iter().zip(profilers.into_iter().map(ColumnProfiler::finish)).collect())
}

/// Text of a byte order mark's encoding, else UTF-8 if it is that, else Windows-1252: of the encodings without a mark the most common
/// (WHATWG Encoding Standard, the fallback of western locales).
fn decode(bytes: &[u8]) -> String {
    if Encoding::for_bom(bytes).is_some() || str::from_utf8(bytes).is_ok() {
        UTF_8.decode(bytes).0.into_owned()
    } else {
        WINDOWS_1252.decode(bytes).0.into_owned()
    }
}

/// The delimiter that stands as often in every one of the first lines, or in most.
fn delimiter(text: &str) -> u8 {
    let lines: Vec<&str> = text.split(['\n', '\r']).filter(|line| !line.is_empty()).take(SAMPLE_LINES).collect();
    let quality = |delimiter: &u8| {
        let of_line = |line: &&str| count_outside_quotes(line, *delimiter);
        let in_header = lines.first().map_or(0, of_line);
        let as_often = lines.iter().filter(|line| of_line(line) == in_header).count();
        if in_header == 0 { (0, 0) } else { (as_often, in_header) }
    };
    // The last of equals wins: a comma, where nothing tells.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(quality).unwrap_or(b',')
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut is_quoted = false;
    line.bytes()
        .filter(|&byte| {
            is_quoted ^= byte == b'"';
            byte == delimiter && !is_quoted
        })
        .count()
}

fn parquet(source: &mut fs::File) -> Result<Vec<(String, ColumnProfile)>, String> {
    let limits = Limits::default();
    let size = source.metadata().map_err(|error| error.to_string())?.len();
    let file = open(source, size, &limits)?;
    let mut columns: Vec<(String, ColumnProfiler)> = file
        .fields()
        .into_iter()
        .map(|field| {
            let profiler = ColumnProfiler::new(&field.data_type);
            (field.name, profiler)
        })
        .collect();
    let mut reader = RowReader::new(file, size, limits);
    let mut text = String::new();
    loop {
        match reader.next_step().map_err(|error| error.to_string())? {
            Step::Read(ranges) => {
                let bytes = ranges.iter().map(|range| read(source, range)).collect::<Result<_, _>>()?;
                reader.supply(bytes).map_err(|error| error.to_string())?;
            }
            Step::Rows(rows) => {
                let encoders = rows.encoders().map_err(|error| error.to_string())?;
                for (encoder, (name, profiler)) in encoders.iter().zip(&mut columns) {
                    for row in 0..rows.len() {
                        let at = || format!("row {}, column {name:?}", rows.first() + row as u64);
                        let cell = encoder.cell(row, &mut text).map_err(|reason| format!("{}: {reason}", at()))?;
                        profiler.observe(cell);
                    }
                }
            }
            Step::Done => break,
        }
    }
    Ok(columns.into_iter().map(|(name, profiler)| (name, profiler.finish())).collect())
}

fn open(source: &mut fs::File, size: u64, limits: &Limits) -> Result<File, String> {
    let mut wanted = FIRST_READ.min(size);
    loop {
        let tail = read(source, &(size - wanted..size))?;
        match living_parquet::open(size, &tail, limits).map_err(|error| error.to_string())? {
            Opened::File(file) => return Ok(file),
            Opened::NeedsTail(length) => wanted = length,
        }
    }
}

fn read(source: &mut fs::File, range: &Range<u64>) -> Result<Bytes, String> {
    let length = usize::try_from(range.end - range.start).map_err(|error| error.to_string())?;
    let mut bytes = vec![0; length];
    source.seek(SeekFrom::Start(range.start)).map_err(|error| error.to_string())?;
    source.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.into())
}
