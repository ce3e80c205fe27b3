//! The command, as its caller sees it.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_find-similar"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // A command that refuses its arguments doesn't read.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the command ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn file(name: &str, content: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    fs::write(&path, content).expect("a file of the test");
    path.display().to_string()
}

#[test]
fn each_pair_gets_a_line_with_score_verdict_and_reason() {
    let output = run(&[], b"call_sign\tCallSign\r\n\nowner\toperator\n");
    assert!(output.status.success());
    let lines: Vec<Vec<&str>> = text(&output.stdout).lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines[0][..4], ["call_sign", "CallSign", "0.990", "duplicate"]);
    assert_eq!(lines[1][..2], ["owner", "operator"]);
    assert_ne!(lines[1][3], "duplicate");
    assert!(lines.iter().all(|line| line.len() == 5 && !line[4].is_empty()));
}

#[test]
fn a_line_without_a_tab_is_named_with_the_rule_it_breaks() {
    let output = run(&[], b"a\tb\nno tab here\n");
    assert!(!output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 1, "what came before is done");
    let error = text(&output.stderr);
    assert!(error.contains("line 2") && error.contains("no tab here") && error.contains("left<TAB>right"), "{error}");
    assert!(text(&run(&[], b"a\tb\tc\n").stderr).contains("more than one tab"));
    assert!(text(&run(&[], b"a\t\xff\n").stderr).contains("line 1 is not UTF-8"));
}

#[test]
fn columns_of_files_are_matched_by_name_and_values() {
    let left = file("left.csv", "Vessel Name;IMO no;Länge (m)\nA;9074729;10,5\n".as_bytes());
    let right = file("right.csv", b"\xef\xbb\xbfship_name,imo,status\n\"B, C\",9074729,x\n");
    let output = run(&["--files", &left, &right, "--json"], b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let matches: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let columns: Vec<(&str, &str)> = matches
        .iter()
        .map(|m| (m["left_column"].as_str().expect("text"), m["right_column"].as_str().expect("text")))
        .collect();
    assert_eq!(columns, [("Vessel Name", "ship_name"), ("IMO no", "imo")]);
    assert_eq!((&matches[0]["left_file"], &matches[0]["right_file"]), (&"left.csv".into(), &"right.csv".into()));
    assert!(matches.iter().all(|m| m["score"].as_f64() >= Some(0.85) && m["reason"].is_string()));
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let good = file("good.csv", b"a,b\n1,2\n");
    for (name, content, reason) in [
        ("book.xlsx", b"PK\x03\x04".as_slice(), "damaged"),
        ("nothing.csv", b"".as_slice(), "the file is empty"),
        ("broken.parquet", b"PAR1 and no footer".as_slice(), "broken.parquet"),
    ] {
        let bad = file(name, content);
        let output = run(&["--files", &good, &bad], b"");
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(name) && error.contains(reason), "{error}");
    }
    assert!(text(&run(&["--files", &good], b"").stderr).contains("two files or more"));
    assert!(text(&run(&["--levenshtein", "2"], b"").stderr).contains("from 0 to 1"));
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let output = run(&["--embeddings", "http://127.0.0.1:1/v1/embeddings"], b"length\toverall length\n");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("http://127.0.0.1:1/v1/embeddings"), "{}", text(&output.stderr));
}
