//! Compares 1,000 new columns with 10,000 catalogued ones through the index, and prints Markdown rows.
//!
//! Names are made of few words, so that many share some: 24 subjects, 20 qualifiers and 24 nouns in five spellings. Every second column
//! has a profile with a full sketch.

use std::time::Instant;

use living_core::{
    column_type::ColumnType,
    profile::{Cell, ColumnProfile, ColumnProfiler},
    similarity::{Column, Index, Name, Options, Verdict, columns},
};

const CATALOGUED: usize = 10_000;
const NEW: usize = 1_000;

const SUBJECTS: [&str; 24] = [
    "vessel", "owner", "operator", "port", "flag", "engine", "hull", "gear", "catch", "licence", "crew", "trip",
    "cargo", "customer", "order", "invoice", "patient", "sample", "species", "station", "account", "contract",
    "product", "shipment",
];
const QUALIFIERS: [&str; 20] = [
    "",
    "previous",
    "registered",
    "gross",
    "net",
    "total",
    "primary",
    "national",
    "international",
    "estimated",
    "reported",
    "local",
    "foreign",
    "auxiliary",
    "annual",
    "monthly",
    "verified",
    "original",
    "external",
    "internal",
];
const NOUNS: [&str; 24] = [
    "name",
    "number",
    "date",
    "type",
    "code",
    "status",
    "length",
    "weight",
    "power",
    "value",
    "address",
    "country",
    "material",
    "depth",
    "capacity",
    "rate",
    "category",
    "remarks",
    "position",
    "temperature",
    "volume",
    "duration",
    "authority",
    "reference",
];

/// The `n`th name: one of 11,520 meanings, in one of five spellings.
fn name(n: usize) -> String {
    let subject = SUBJECTS[n % 24];
    let noun = NOUNS[n / 24 % 24];
    let qualifier = QUALIFIERS[n / 576 % 20];
    let words: Vec<&str> = [subject, qualifier, noun].into_iter().filter(|word| !word.is_empty()).collect();
    match n % 5 {
        0 => words.join("_"),
        1 => words.join(" ").to_uppercase(),
        2 => format!("{noun} of {qualifier} {subject}s"),
        3 => words.iter().map(|word| word[..1].to_uppercase() + &word[1..]).collect(),
        _ => format!("{} (m)", words.join(" ")),
    }
}

/// 300 codes, that overlap with those of the next numbers.
fn profile(n: usize) -> Option<ColumnProfile> {
    n.is_multiple_of(2).then(|| {
        let mut profiler = ColumnProfiler::new(&ColumnType::Text);
        (n * 150..n * 150 + 300).for_each(|value| profiler.observe(Cell::Text(&format!("AB{value}"))));
        profiler.finish()
    })
}

fn main() {
    let catalogued: Vec<(Name, Option<ColumnProfile>)> =
        (0..CATALOGUED).map(|n| (Name::new(&name(n)), profile(n))).collect();
    let new: Vec<(Name, Option<ColumnProfile>)> = (0..NEW)
        .map(|n| {
            let n = n * 11 + 3;
            (Name::new(&name(n + 1)), profile(n))
        })
        .collect();

    let start = Instant::now();
    let mut index = Index::new(Options::default());
    for (n, (name, profile)) in catalogued.iter().enumerate() {
        index.insert(n, name.clone(), profile.clone());
    }
    let build = start.elapsed();

    let start = Instant::now();
    let duplicates = |(name, profile): &(Name, Option<ColumnProfile>)| {
        let found = index.find(Column { name, profile: profile.as_ref() });
        found.iter().filter(|found| found.comparison.verdict == Verdict::Duplicate).count()
    };
    let found: usize = new.iter().map(duplicates).sum();
    let lookup = start.elapsed();

    let candidates: usize =
        new.iter().map(|(name, profile)| index.candidate_count(Column { name, profile: profile.as_ref() })).sum();

    let start = Instant::now();
    let mut of_all_pairs = 0;
    for (name, profile) in new.iter().take(NEW / 20) {
        for (other, of_other) in &catalogued {
            let a = Column { name, profile: profile.as_ref() };
            let b = Column { name: other, profile: of_other.as_ref() };
            of_all_pairs += usize::from(columns(a, b).verdict == Verdict::Duplicate);
        }
    }
    let all_pairs = start.elapsed() * 20;
    let of_the_same: usize = new.iter().take(NEW / 20).map(duplicates).sum();

    println!("| step | seconds | comparisons a new column | duplicates found |");
    println!("| --- | ---: | ---: | ---: |");
    println!("| index of {CATALOGUED} columns built | {:.2} | | |", build.as_secs_f64());
    println!("| {NEW} new columns by the index | {:.2} | {} | {found} |", lookup.as_secs_f64(), candidates / NEW);
    println!(
        "| {NEW} new columns by all pairs (from {}) | {:.1} | {CATALOGUED} | |",
        NEW / 20,
        all_pairs.as_secs_f64()
    );
    println!();
    println!(
        "Of the {} compared both ways, the index finds {of_the_same} duplicates, all pairs {of_all_pairs}.",
        NEW / 20
    );
}
