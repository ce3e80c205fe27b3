//! The reader beside poppler's pdftotext, on real files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use living_pdf::{Document, Page};

/// The words of a page by pdftotext, in the order of drawing; `None` if it isn't on this machine.
fn words_of_poppler(file: &Path, page: u32) -> Option<Vec<String>> {
    let page = page.to_string();
    let output = Command::new("pdftotext").args(["-raw", "-f", &page, "-l", &page]).arg(file).arg("-").output().ok()?;
    Some(words(&String::from_utf8_lossy(&output.stdout)))
}

/// Words without the dots that lead to page numbers, which are one word or many.
fn words(text: &str) -> Vec<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches('.'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Words that both have, in order, of all that poppler has: the longest common subsequence.
fn common(left: &[String], right: &[String]) -> usize {
    let mut row = vec![0; right.len() + 1];
    for word in left {
        let mut before = 0;
        for (at, other) in right.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word == other { before + 1 } else { above.max(row[at]) };
            before = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[test]
fn words_are_those_of_pdftotext() {
    let files = env::var_os("PDF_FILES").map(|files| env::split_paths(&files).collect::<Vec<_>>());
    let data = env::var_os("LIVING_SCHEMA_DATA").map(|data| PathBuf::from(data).join("pdf/scotus-transcript-p1.pdf"));
    let files = files.or(data.map(|file| vec![file])).unwrap_or_default();
    for file in files {
        let Ok(bytes) = fs::read(&file) else {
            println!("SKIPPED: {} isn't there", file.display());
            continue;
        };
        let document = Document::open(bytes).unwrap();
        let (mut found, mut all, mut ours) = (0, 0, 0);
        for page in 1..=document.pages() {
            let Some(expected) = words_of_poppler(&file, page) else {
                println!("SKIPPED: pdftotext is not on this machine (Debian: poppler-utils)");
                return;
            };
            let read = match document.reader().read(page).unwrap() {
                Page::Text(layer) => words(&layer.text),
                Page::Blank | Page::Picture { .. } => Vec::new(),
            };
            found += common(&expected, &read);
            all += expected.len();
            ours += read.len();
        }
        println!(
            "{}: {} pages, {all} words of pdftotext, {ours} here, {found} in both",
            file.display(),
            document.pages()
        );
        assert!(found * 100 >= all.max(ours) * 95, "{}", file.display());
    }
}
