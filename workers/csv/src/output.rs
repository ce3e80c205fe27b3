//! Where the Parquet of an upload goes.

use std::{collections::HashSet, fmt::Write};

use living_kit::Target;
use sha2::{Digest, Sha256};

use crate::config::Route;

/// Longest key that we make, in bytes; R2 takes 1,024.
const MAX_KEY: usize = 1000;

/// Custom metadata of an output: the upload that it's of, as bucket and key.
pub(crate) const SOURCE: &str = "source";
/// The content of that upload.
pub(crate) const SOURCE_ETAG: &str = "source-etag";
/// What made it.
pub(crate) const BUILD: &str = "build";

/// The source table of an upload.
#[must_use]
pub(crate) fn source_table(route: &Route, key: &str) -> String {
    if let Some(table) = &route.source_table {
        return table.clone();
    }
    let below = below(route, key);
    match below.split_once('/') {
        Some((folder, _)) => folder.to_owned(),
        None => below.rsplit_once('.').map_or(below, |(stem, _)| stem).to_owned(),
    }
}

/// The keys of an upload's outputs: one for each sheet, by the sheets' names; `None` for the only table of a text.
#[must_use]
pub(crate) fn keys(route: &Route, key: &str, sheets: &[Option<&str>]) -> Vec<String> {
    let table = source_table(route, key);
    let below = below(route, key);
    // What is in the table's own folder isn't to be in another one of the same name.
    let name = match &route.source_table {
        None => below.strip_prefix(&table).and_then(|rest| rest.strip_prefix('/')).unwrap_or(below),
        Some(_) => below,
    };
    let mut taken = HashSet::new();
    let output = |sheet: Option<&str>| {
        let stem = match sheet {
            None => format!("{}{table}/{name}", route.output_prefix),
            Some(sheet) => format!("{}{table}/{name}.{}", route.output_prefix, part(sheet)),
        };
        let mut key = shortened(&format!("{stem}.parquet"));
        let mut number = 1;
        while !taken.insert(key.clone()) {
            number += 1;
            key = shortened(&format!("{stem}~{number}.parquet"));
        }
        key
    };
    sheets.iter().copied().map(output).collect()
}

/// The object of an output.
#[must_use]
pub(crate) fn target(route: &Route, output: &str, source: &str, etag: &str, build: &str) -> Target {
    Target::parquet(&route.output_bucket, output).with(SOURCE, source).with(SOURCE_ETAG, etag).with(BUILD, build)
}

/// An object's bucket and key in one, as a header can carry it: in visible ASCII, the rest percent-encoded.
#[must_use]
pub(crate) fn source(bucket: &str, key: &str) -> String {
    let mut source = format!("{bucket}/");
    for byte in key.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            source.push(char::from(byte));
        } else {
            let _ = write!(source, "%{byte:02X}");
        }
    }
    source
}

/// The key of the record of an upload, beside the outputs. No rule of notifications takes it, as it doesn't end with `.parquet`.
#[must_use]
pub(crate) fn record_key(route: &Route, bucket: &str, key: &str) -> String {
    shortened(&format!("{}{key}.json", records_prefix(route, bucket)))
}

/// What the keys of the records of a bucket's uploads begin with.
#[must_use]
pub(crate) fn records_prefix(route: &Route, bucket: &str) -> String {
    format!("{}.uploads/{bucket}/", route.output_prefix)
}

fn below<'k>(route: &Route, key: &'k str) -> &'k str {
    key.strip_prefix(route.prefix.as_str()).unwrap_or(key).trim_start_matches('/')
}

/// A sheet's name as part of a key: no slash, no control character.
fn part(sheet: &str) -> String {
    sheet.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect()
}

/// A key that R2 takes: a long one is cut before its end, and has a hash of the whole there.
fn shortened(key: &str) -> String {
    if key.len() <= MAX_KEY {
        return key.to_owned();
    }
    let (stem, ending) = key.rsplit_once('.').unwrap_or((key, ""));
    let mut hash = String::new();
    for byte in Sha256::digest(key.as_bytes()).iter().take(16) {
        let _ = write!(hash, "{byte:02x}");
    }
    let room = MAX_KEY - hash.len() - ending.len() - 2;
    format!("{}~{hash}.{ending}", &stem[..stem.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(more: &str) -> Route {
        serde_json::from_str(&format!(r#"{{"bucket":"u","output_bucket":"o"{more}}}"#)).unwrap()
    }

    #[test]
    fn the_source_table_is_that_of_the_route_or_the_folder_or_the_name() {
        let plain = route("");
        assert_eq!(source_table(&plain, "iccat/2026/01.csv"), "iccat");
        assert_eq!(source_table(&plain, "iccat.v2.csv"), "iccat.v2");
        assert_eq!(source_table(&route(r#","prefix":"in/""#), "in/iccat/01.csv"), "iccat");
        assert_eq!(source_table(&route(r#","source_table":"fleet""#), "iccat/01.csv"), "fleet");
    }

    #[test]
    fn the_first_folder_of_an_output_is_its_source_table() {
        let plain = route("");
        assert_eq!(keys(&plain, "iccat/2026/01.csv", &[None]), ["iccat/2026/01.csv.parquet"]);
        assert_eq!(keys(&plain, "iccat.csv", &[None]), ["iccat/iccat.csv.parquet"]);
        let fleet = route(r#","prefix":"in/","output_prefix":"out/","source_table":"fleet""#);
        assert_eq!(keys(&fleet, "in/a/01.csv", &[None]), ["out/fleet/a/01.csv.parquet"]);
    }

    #[test]
    fn each_sheet_has_a_key_of_its_own() {
        let sheets = [Some("Fleet"), Some("a/b"), Some("a_b")];
        assert_eq!(
            keys(&route(""), "reg/book.xlsx", &sheets),
            ["reg/book.xlsx.Fleet.parquet", "reg/book.xlsx.a_b.parquet", "reg/book.xlsx.a_b~2.parquet"]
        );
    }

    #[test]
    fn long_keys_are_cut_and_stay_apart() {
        let (one, other) = ("é".repeat(510) + "1", "é".repeat(510) + "2");
        let key = |name: &str| keys(&route(""), &format!("t/{name}"), &[None]).remove(0);
        assert_ne!(key(&one), key(&other));
        assert!(key(&one).len() <= MAX_KEY && key(&one).ends_with(".parquet"), "{}", key(&one));
    }
}
