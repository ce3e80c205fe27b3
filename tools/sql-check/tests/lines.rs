//! The command answers each line with a line.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

#[test]
fn each_line_is_answered_and_a_malformed_one_ends_nothing() {
    let answers = answers(
        &[],
        &[
            r#"{"sql": "FROM annotations", "id": 1}"#,
            "no JSON",
            "",
            r#"["FROM annotations"]"#,
            r#"{"sql": 1}"#,
            "\u{fffd}{",
            r#"{"sql": "SELECT 1;\nDROP TABLE annotations"}"#,
            r#"{"sql": "SELECT 1"}"#,
        ],
    );
    let allowed: Vec<_> = answers.iter().map(|answer| answer["allowed"] == true).collect();
    assert_eq!(allowed, [true, false, false, false, false, false, false, true]);
    assert_eq!(answers[0], json!({ "allowed": true }));
    assert_eq!(
        answers[6],
        json!({ "allowed": false, "reason": "line 2, column 1: only one statement is allowed at a time", "line": 2, "column": 1 })
    );
    assert!(answers[1]["reason"].as_str().unwrap().starts_with("the line is no object"));
}

#[test]
fn the_relations_can_be_named() {
    let lines = [r#"{"sql": "FROM wh.typed.register"}"#, r#"{"sql": "FROM annotations"}"#];
    let answers = answers(&["--relation", "typed.register", "--database", "wh"], &lines);
    assert_eq!(answers[0]["allowed"], true);
    assert_eq!(answers[1]["allowed"], false);
}

#[test]
fn an_unknown_option_is_an_error() {
    assert_eq!(run(&["--tables"], "").status.code(), Some(2));
}

fn answers(options: &[&str], lines: &[&str]) -> Vec<Value> {
    let output = run(options, &(lines.join("\n") + "\n"));
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run(options: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sql-check"));
    command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
