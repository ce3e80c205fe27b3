//! Cells that break readers come out as they went in, and no bytes at all end the reader.

#![allow(clippy::unwrap_used, reason = "a test fails where there is nothing")]

use living_tables::{
    Error, Kind,
    csv::{Format, Outcome, Rows, Survey},
    workbook,
};
use proptest::prelude::*;

/// Surveys `bytes`, brought in pieces of `piece` bytes.
fn survey(bytes: &[u8], piece: usize) -> Result<(Format, living_tables::Sheet), Error> {
    let mut survey = Survey::new();
    loop {
        for part in bytes.chunks(piece) {
            survey.push(part)?;
        }
        match survey.finish()? {
            Outcome::Done(format, mut preview) => return Ok((format, preview.sheets.remove(0))),
            Outcome::Again(again) => survey = again,
        }
    }
}

fn rows(bytes: &[u8], piece: usize, format: &Format) -> Result<Vec<Vec<String>>, Error> {
    let mut reader = Rows::new(format);
    let mut rows = Vec::new();
    let mut take = |row: living_tables::csv::Record| {
        rows.push(row.cells().map(str::to_owned).collect());
        Ok(())
    };
    for part in bytes.chunks(piece) {
        reader.push(part, false, &mut take)?;
    }
    reader.push(&[], true, &mut take)?;
    Ok(rows)
}

fn hostile_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 .äλ船-]{0,12}",
        2 => "[a\"',;|\t\n\r ]{0,8}",
        1 => prop::sample::select(vec!["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "007", "1e5", "a\0b", "\u{feff}x", "NULL",
            "#REF!", "\u{202e}evil", "\u{85}", "03/04/2024"]).prop_map(String::from),
        1 => Just("x".repeat(32_767)),
        1 => Just("\"\n".repeat(16_000)),
    ]
}

fn quoted(cells: &[String], delimiter: char) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    cells.join(&delimiter.to_string()) + "\r\n"
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hostile_cells_come_out_as_they_went_in(
        table in (2_usize..6).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(hostile_cell(), width), 1..12)),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        wide in any::<bool>(),
        piece in 1_usize..5_000,
    ) {
        let width = table[0].len();
        let header: Vec<String> = (0..width).map(|column| format!("name {}", char::from(b'a' + u8::try_from(column).unwrap()))).collect();
        // Enough rows that are plain: what cells are apart by has to show somewhere.
        let plain: Vec<Vec<String>> = (0..3 * table.len()).map(|row| (0..width).map(|column| format!("v{row}-{column}")).collect()).collect();
        let all: Vec<Vec<String>> = plain.into_iter().chain(table).collect();
        let text: String = std::iter::once(&header).chain(&all).map(|row| quoted(row, delimiter)).collect();
        let bytes = if wide { utf16(&text) } else { text.into_bytes() };

        let (format, sheet) = survey(&bytes, piece).unwrap();
        let expected: Vec<Vec<String>> = all.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        prop_assert_eq!(char::from(format.dialect().delimiter), delimiter);
        prop_assert_eq!(&sheet.header, &header);
        prop_assert_eq!(sheet.rows, expected.len() as u64);
        prop_assert_eq!(rows(&bytes, piece, &format).unwrap(), expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_pieces_make_no_difference(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..600), "[ab,;\"\\\\\r\n\t#=1\\.é'-]{0,400}".prop_map(String::into_bytes)],
        piece in 1_usize..50,
    ) {
        let whole = survey(&bytes, usize::MAX);
        let pieces = survey(&bytes, piece);
        prop_assert_eq!(&whole, &pieces);
        if let Ok((format, sheet)) = whole {
            prop_assert_eq!(rows(&bytes, piece, &format).unwrap().len() as u64, sheet.rows);
        }
        if let Ok(Kind::Workbook(kind)) = Kind::of(&bytes) {
            let _refused = workbook::preview(&bytes, kind, 1 << 20);
        }
    }
}

#[test]
fn a_quote_that_is_never_closed_is_refused_with_its_place() {
    let text = format!("a,b\n1,2\n3,\"{}", "x".repeat(3 << 20));
    let error = survey(text.as_bytes(), 65_536).unwrap_err();
    assert_eq!(error, Error::CellTooLong { record: 3, column: 2, limit: living_tables::MAX_CELL_BYTES });
}

#[test]
fn a_late_byte_that_is_no_utf8_changes_the_encoding_of_the_whole() {
    let mut bytes = b"navire,port\n".to_vec();
    for _ in 0..40_000 {
        bytes.extend(b"Belle Poule,Brest\n");
    }
    bytes.extend(b"\xc9toile,Saint-Malo \xe0 quai\n");
    let (format, sheet) = survey(&bytes, 10_000).unwrap();
    assert_eq!(format.encoding(), "windows-1252");
    assert_eq!(sheet.rows, 40_001);
    assert_eq!(rows(&bytes, 10_000, &format).unwrap()[40_000], ["Étoile", "Saint-Malo à quai"]);
}

#[test]
fn more_columns_than_excel_has_are_refused() {
    let text = format!("{}\n{}\n", "a,".repeat(16_384), "1,".repeat(16_384));
    let error = survey(text.as_bytes(), 65_536).unwrap_err();
    assert_eq!(error, Error::TooManyColumns { record: 1, limit: living_tables::MAX_COLUMNS });
}
