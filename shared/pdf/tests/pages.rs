//! Pages made by hand: what they say, in which order, and when an engine has to be asked.

use std::fmt::Write;

use living_pdf::{Document, Error, MAX_OPERATORS, Page, TextLayer, Why, check_size};
use proptest::prelude::*;

/// Objects that any page may use: three fonts, of which the file tells the characters of two.
const SHARED: &str = "3 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> endobj
4 0 obj << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [5 0 R] >> endobj
5 0 obj << /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 >> endobj
6 0 obj << /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [0.1 0 0 0.1 0 0] /FirstChar 97 /LastChar 98 /Widths [5 5]
 /Encoding << /Differences [97 /A /B] >> /CharProcs << >> >> endobj
";

/// A PDF with these contents as pages, and further objects.
fn pdf(contents: &[&str], objects: &str) -> Vec<u8> {
    let kids = (0..contents.len()).fold(String::new(), |mut kids, n| {
        let _ = write!(kids, "{} 0 R ", 100 + 2 * n);
        kids
    });
    let mut text = format!(
        "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Count {} /Kids [{kids}] >> endobj\n{SHARED}{objects}\n",
        contents.len()
    );
    for (n, content) in contents.iter().enumerate() {
        let number = 100 + 2 * n;
        let _ = write!(
            text,
            "{number} 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {} 0 R /Annots [20 0 R] \
             /Resources << /Font << /F 3 0 R /U 4 0 R /T 6 0 R >> /XObject << /X 10 0 R /Y 11 0 R /I 12 0 R >> >> >> endobj\n\
             {} 0 obj << /Length {} >> stream\n{content}\nendstream endobj\n",
            number + 1,
            number + 1,
            content.len()
        );
    }
    text.push_str("trailer << /Root 1 0 R >>\n");
    text.into_bytes()
}

fn read_with(content: &str, objects: &str) -> Result<Page, Error> {
    let document = Document::open(pdf(&[content], objects)).unwrap();
    document.reader().read(1)
}

fn read(content: &str) -> Page {
    read_with(content, "").unwrap()
}

fn text(content: &str) -> String {
    match read(content) {
        Page::Text(layer) => layer.text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_operator_that_shows_text_does() {
    let content = "BT /F 10 Tf 12 TL 50 700 Td (one) Tj T* [(t) 20 (wo) -400 (words)] TJ (three) ' 1 0 (four) \" ET";
    assert_eq!(text(content), "one\ntwo words\nthree\nfour");
    assert_eq!(text("BT /F 10 Tf 50 700 Td (a) Tj 0 -30 TD (b) Tj 1 0 0 1 50 600 Tm (c) Tj ET"), "a\n\nb\n\nc");
}

#[test]
fn escapes_encodings_and_ligatures_are_characters() {
    assert_eq!(text(r"BT /F 10 Tf 50 700 Td (\(Dr\351\)) Tj <4142> Tj ET"), "(Dré)AB");
    assert_eq!(text("BT /T 10 Tf 50 700 Td (ab) Tj ET"), "AB", "a Type 3 font whose glyphs have names");
}

#[test]
fn spacing_by_operators_makes_no_words_and_gaps_do() {
    assert_eq!(text("BT /F 10 Tf 1 Tc 50 700 Td (spread) Tj ET"), "spread");
    assert_eq!(text("BT /F 10 Tf 50 700 Td (a) Tj 30 0 Td (b) Tj ET"), "a b");
    assert_eq!(text("q 10 0 0 10 0 0 cm BT /F 1 Tf 5 70 Td (a) Tj 3 0 Td (b) Tj ET Q"), "a b", "in any scale");
    assert_eq!(text("BT /F 10 Tf 0 1 -1 0 300 100 Tm (up) Tj 0 -12 Td (next) Tj ET"), "up\nnext", "and direction");
}

#[test]
fn forms_and_what_is_filled_into_them_are_text() {
    let objects = "10 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Matrix [1 0 0 1 50 600] /Resources << /Font << /F 3 0 R >> >> /Length 30 >> stream\n\
        BT /F 9 Tf (in a form) Tj ET\nendstream endobj\n\
        20 0 obj << /Type /Annot /Subtype /Widget /Rect [50 500 150 520] /AP << /N 21 0 R >> >> endobj\n\
        21 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 99 20] /Resources << /Font << /F 3 0 R >> >> /Length 30 >> stream\n\
        BT /F 9 Tf (filled in) Tj ET\nendstream endobj\n";
    let Page::Text(layer) = read_with("BT /F 9 Tf 50 700 Td (page) Tj ET /X Do", objects).unwrap() else { panic!() };
    assert_eq!(layer.text, "page\n\nin a form\n\nfilled in");
    let hidden = objects.replace("/Subtype /Widget", "/Subtype /Widget /F 2");
    let Page::Text(layer) = read_with("BT /F 9 Tf 50 700 Td (page) Tj ET", &hidden).unwrap() else { panic!() };
    assert_eq!(layer.text, "page");
}

const IMAGE: &str = "12 0 obj << /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 \
    /Filter /DCTDecode /Length 4 >> stream\njpeg\nendstream endobj\n";

#[test]
fn a_page_that_draws_without_text_is_for_an_engine_and_an_empty_one_is_blank() {
    let no_text = Page::Picture { why: Why::NoText };
    assert_eq!(read_with("q 600 0 0 800 0 0 cm /I Do Q", IMAGE).unwrap(), no_text);
    assert_eq!(read("0 0 99 99 re f"), no_text);
    assert_eq!(read("BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"), no_text);
    for blank in ["", "q Q", "0 0 99 99 re n", "BT /F 9 Tf ( ) Tj ET"] {
        assert_eq!(read(blank), Page::Blank, "{blank}");
    }
}

#[test]
fn a_layer_that_does_not_say_its_characters_is_no_text() {
    let page = read("BT /U 9 Tf 50 700 Td <00010002> Tj /F 9 Tf (ab) Tj ET");
    assert_eq!(page, Page::Picture { why: Why::Unmapped { unmapped: 2, glyphs: 4 } });
    let Page::Text(TextLayer { text, confidence }) = read("BT /U 9 Tf 50 700 Td <0001> Tj /F 9 Tf (abcdefghi) Tj ET")
    else {
        panic!()
    };
    assert_eq!((text.as_str(), confidence), ("\u{fffd}abcdefghi", Some(0.9)));
}

#[test]
fn text_on_a_scan_is_a_stamp_if_it_is_little_and_a_layer_if_it_is_invisible() {
    let scan = "q 600 0 0 800 0 0 cm /I Do Q BT /F 9 Tf 50 700 Td";
    let stamp = read_with(&format!("{scan} (Downloaded) Tj ET"), IMAGE).unwrap();
    assert_eq!(stamp, Page::Picture { why: Why::Stamp { glyphs: 10 } });
    let layer = read_with(&format!("{scan} 3 Tr (recognised) Tj ET"), IMAGE).unwrap();
    assert_eq!(layer, Page::Text(TextLayer { text: "recognised".into(), confidence: None }));
    let words = "(many words) Tj ".repeat(30);
    assert!(matches!(read_with(&format!("{scan} {words} ET"), IMAGE).unwrap(), Page::Text(_)));
}

/// Forms that each draw the next one, so many times.
fn forms(count: u32, times: usize) -> String {
    let body = "/X Do ".repeat(times);
    (10..10 + count).fold(String::new(), |mut forms, number| {
        let _ = write!(
            forms,
            "{number} 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {} 0 R >> >> \
             /Length {} >> stream\n{body}\nendstream endobj\n",
            number + 1,
            body.len()
        );
        forms
    })
}

#[test]
fn forms_without_an_end_and_pages_without_measure_are_stopped() {
    let endless = "10 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 10 0 R >> >> /Length 6 >> stream\n/X Do \nendstream endobj\n";
    assert_eq!(read_with("/X Do", endless), Ok(Page::Blank), "a form isn't drawn within itself");
    assert_eq!(read_with("/X Do", &forms(30, 1)), Err(Error::TooDeep { page: 1 }));
    assert_eq!(read_with("/X Do", &forms(10, 20)), Err(Error::TooManyOperators { page: 1 }));
    let many = "q Q ".repeat(MAX_OPERATORS as usize / 2 + 1);
    assert_eq!(read_with(&many, ""), Err(Error::TooManyOperators { page: 1 }));
    let long = format!(
        "BT /F 9 Tf {} ET",
        "(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx) Tj ".repeat(20_000)
    );
    assert_eq!(read_with(&long, ""), Err(Error::TooMuchText { page: 1 }));
}

#[test]
fn a_page_as_a_file_of_its_own_says_the_same() {
    let contents =
        ["BT /F 9 Tf 50 700 Td (first) Tj ET", "BT /F 9 Tf 50 700 Td (second) Tj ET q 600 0 0 800 0 0 cm /I Do Q"];
    let document = Document::open(pdf(&contents, IMAGE)).unwrap();
    assert_eq!(document.pages(), 2);
    for page in 1..=2 {
        let alone = Document::open(document.page_file(page).unwrap()).unwrap();
        assert_eq!(alone.pages(), 1);
        assert_eq!(alone.reader().read(1), document.reader().read(page));
    }
    assert_eq!(document.page_jpeg(2).unwrap().as_deref(), Some(b"jpeg".as_slice()));
    assert_eq!(document.page_jpeg(1), Ok(None));
    for page in [0, 3, u32::MAX] {
        assert_eq!(document.reader().read(page), Err(Error::NoSuchPage { page, pages: 2 }));
        assert_eq!(document.page_file(page), Err(Error::NoSuchPage { page, pages: 2 }));
    }
}

#[test]
fn a_page_whose_objects_no_writer_can_write_stays_where_it_is() {
    let page_file = |objects: &str| Document::open(pdf(&["BT ET"], objects)).unwrap().page_file(1);
    let unextractable = Err(Error::Unextractable { page: 1 });
    assert!(page_file("10 0 obj << /A [<< /B 1 >>] >> endobj").is_ok());
    // A stream in another object, found by scripts/fuzz.
    let stream = "<< /Length 1 >> stream\na\nendstream";
    assert_eq!(page_file(&format!("10 0 obj << /A [{stream}] >> endobj")), unextractable);
    assert_eq!(page_file(&format!("10 0 obj << /A 13 0 R >> endobj 13 0 obj << /B {stream} >> endobj")), unextractable);
    for (open, close) in [("[", "]"), ("<< /A ", ">>")] {
        let nested =
            |depth| page_file(&format!("10 0 obj << /A {}{} >> endobj", open.repeat(depth), close.repeat(depth)));
        // Deeper than some dozens the parser takes it for nothing.
        assert!(nested(20).is_ok() && nested(20_000).is_ok());
    }
}

#[test]
fn what_is_no_pdf_is_named() {
    let refused = |bytes: &[u8]| Document::open(bytes.to_vec()).unwrap_err();
    assert_eq!(refused(b""), Error::Empty);
    assert_eq!(refused(b"a,b\n"), Error::NotAPdf);
    assert_eq!(refused(b"%PDF-1.7\n"), Error::Damaged);
    assert_eq!(check_size(33 << 20), Err(Error::TooLarge { size: 33 << 20 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_words_come_back_as_they_were_written(lines in proptest::collection::vec("[A-Za-z0-9][A-Za-z0-9 ,.;:'-]{0,30}", 1..8)) {
        let shown: Vec<String> = lines.iter().map(|line| format!("({line}) Tj T*")).collect();
        let expected: Vec<String> = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        prop_assert_eq!(text(&format!("BT /F 9 Tf 12 TL 50 700 Td {} ET", shown.join(" "))), expected.join("\n"));
    }

    #[test]
    fn any_content_is_read_or_refused(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let content = String::from_utf8_lossy(&content).into_owned();
        if let Ok(document) = Document::open(pdf(&[&content], "")) {
            for page in 1..=document.pages() {
                drop(document.reader().read(page));
            }
        }
    }
}
