//! Every file of the collections meets what a trusted reader says of it: headers and rows, or a refusal.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Where what we read differs on purpose.
const DIFFERENT: &[(&str, &str)] = &[(
    "gov_PLA_6%Talc-1hz.csv",
    "`##Temp.,Time/min,…` right above the rows has a name for each column; the expectation counts it to the comments, and the first row \
     of values as the header",
)];

fn data(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = env::var_os("LIVING_SCHEMA_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join(folder);
    if folder.join("expected.json").is_file() {
        Some(folder)
    } else {
        eprintln!("SKIPPED: LIVING_SCHEMA_DATA has no {}", folder.display());
        None
    }
}

/// Each file's name and what the command says of it.
fn answers(folder: &Path) -> BTreeMap<String, Value> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap() != "expected.json");
    let output = Command::new(env!("CARGO_BIN_EXE_preview")).args(&files).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), files.len());
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).zip(answers).collect()
}

fn cells(header: &Value) -> Vec<String> {
    header.as_array().into_iter().flatten().map(|cell| cell.as_str().unwrap_or_default().trim().to_owned()).collect()
}

fn check(folder: &str, differs: impl Fn(&Value, &Value) -> Option<String>) {
    let Some(folder) = data(folder) else { return };
    let expected: BTreeMap<String, Value> =
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (name, answer) in answers(&folder) {
        let Some(expected) = expected.get(&name) else {
            wrong.push(format!("{name}: there is no expectation"));
            continue;
        };
        let difference = match (expected["expect"].as_str().unwrap(), answer.get("error")) {
            ("ok or error", _) | ("error", Some(_)) => None,
            ("error", None) => Some("is not refused".to_owned()),
            (_, Some(error)) => Some(format!("is refused: {error}")),
            (_, None) => differs(expected, &answer),
        };
        let on_purpose = DIFFERENT.iter().any(|(other, _)| *other == name);
        match (difference, on_purpose) {
            (Some(difference), false) => wrong.push(format!("{name}: {difference}")),
            (None, true) => wrong.push(format!("{name}: meets its expectation, so it needs no exception")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of the files differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn texts_are_read_as_a_trusted_reader_reads_them() {
    for folder in ["csv", "registers"] {
        check(folder, |expected, answer| {
            let sheet = &answer["sheets"][0];
            let header = cells(&sheet["header"]);
            let header_meets = match expected["header_records"].as_u64() {
                Some(0) => header.is_empty(),
                // How names of several records are joined is a matter of taste.
                Some(2..) => header.len() as u64 == expected["columns"].as_u64().unwrap(),
                _ => header == cells(&expected["header"]),
            };
            let rows = &sheet["rows"];
            let rows_meet = *rows == expected["rows"] || *rows == expected["rows_without_those"];
            (!header_meets || !rows_meet)
                .then(|| format!("{rows} rows instead of {}, header {header:?}", expected["rows"]))
        });
    }
}

#[test]
fn workbooks_are_read_as_a_trusted_reader_reads_them() {
    check("xlsx", |expected, answer| {
        let expected = expected["sheets"].as_array().unwrap();
        let sheets = answer["sheets"].as_array().unwrap();
        let names =
            |sheets: &[Value], key: &str| -> Vec<Value> { sheets.iter().map(|sheet| sheet[key].clone()).collect() };
        if names(expected, "sheet") != names(sheets, "name") {
            return Some(format!("sheets {:?}", names(sheets, "name")));
        }
        expected.iter().zip(sheets).find_map(|(expected, sheet)| {
            let without_cells = expected.get("rows").is_none();
            let meets = without_cells
                || (sheet["rows"] == expected["rows"] && cells(&sheet["header"]) == cells(&expected["header"]));
            (!meets).then(|| {
                format!(
                    "sheet {}: {} rows instead of {}, header {:?} instead of {:?}",
                    sheet["name"],
                    sheet["rows"],
                    expected["rows"],
                    cells(&sheet["header"]),
                    cells(&expected["header"])
                )
            })
        })
    });
}
