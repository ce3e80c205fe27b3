//! The index finds on real names and columns what comparing all pairs finds. The data isn't part of the repository.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use find_similar::Table;
use living_core::similarity::{Column, Context, Index, Name, Options, Verdict, columns};

/// The folder with `duplicates` and `registers`, if there is one.
fn data() -> Option<PathBuf> {
    let folder =
        env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from).filter(|folder| folder.join("duplicates").is_dir());
    if folder.is_none() {
        eprintln!(
            "skipped: the environment variable LIVING_SCHEMA_DATA names no folder with `duplicates` and `registers`"
        );
    }
    folder
}

/// Checks every column against all others.
fn check(all: &[Column<'_>]) {
    let mut index = Index::new(Options::default());
    for (i, column) in all.iter().enumerate() {
        index.insert(i, column.name.clone(), column.profile.cloned());
    }
    let mut duplicates = 0;
    for &column in all {
        let is_duplicate = |i: &usize| columns(column, all[*i]).verdict == Verdict::Duplicate;
        let expected: BTreeSet<usize> = (0..all.len()).filter(is_duplicate).collect();
        let found: BTreeSet<usize> = index
            .find(column)
            .into_iter()
            .filter(|found| found.comparison.verdict == Verdict::Duplicate)
            .map(|found| found.id)
            .collect();
        let missed: Vec<&str> = expected.difference(&found).map(|&i| all[i].name.text()).collect();
        let why = expected.difference(&found).map(|&i| columns(column, all[i])).next();
        assert!(missed.is_empty(), "the index misses {missed:?} for {:?}: {why:?}", column.name.text());
        // Each is its own, but for those without a name.
        duplicates += expected.len().saturating_sub(1);
    }
    assert!(duplicates > 0, "there is something to find");
}

#[test]
fn of_the_hand_labelled_pairs() {
    let Some(data) = data() else { return };
    let mut reader = csv::Reader::from_path(data.join("duplicates/pairs.csv")).expect("the pairs");
    let texts: BTreeSet<String> = reader
        .records()
        .flat_map(|record| {
            let record = record.expect("a pair");
            [record[0].to_owned(), record[1].to_owned()]
        })
        .collect();
    let names: Vec<Name> = texts.iter().map(|text| Name::new(text)).collect();
    check(&names.iter().map(|name| Column { name, profile: None }).collect::<Vec<_>>());
}

#[test]
fn of_the_columns_of_registers() {
    let Some(data) = data() else { return };
    let mut files: Vec<PathBuf> =
        fs::read_dir(data.join("registers")).expect("the registers").map(|e| e.expect("a file").path()).collect();
    files.retain(|path| path.extension() == Some("csv".as_ref()));
    files.sort();
    let tables: Vec<Table> = files.iter().flat_map(|path| Table::read(path).expect("a register")).collect();
    let names: Vec<Name> = tables.iter().flat_map(names_of).collect();
    let profiles = tables.iter().flat_map(|table| &table.columns).map(|(_, profile)| profile);
    check(
        &names.iter().zip(profiles).map(|(name, profile)| Column { name, profile: Some(profile) }).collect::<Vec<_>>(),
    );
}

fn names_of(table: &Table) -> Vec<Name> {
    let stem = Path::new(&table.file).file_stem().unwrap_or_default().to_string_lossy();
    let context = Context::of_table(&stem, table.columns.iter().map(|(name, _)| name.as_str()));
    table.columns.iter().map(|(name, _)| Name::in_table(name, &context)).collect()
}
