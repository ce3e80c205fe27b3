//! The command on a database and questions of its own, without a model and with one that knows some answers.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, json};

fn file(database: &str, name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(database).join(name)
}

/// Runs the command on the databases, put together.
fn run(databases: &[&str], options: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eval-nl2sql"));
    for database in databases {
        command.arg("--fixture").arg(file(database, "fixture.sql")).arg(file(database, "questions.jsonl"));
    }
    command.args(options).env_remove("MODEL_PROVIDER").envs(environment.iter().copied()).output().unwrap()
}

fn printed(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The share of questions, in percent, in a line of the table.
fn share(text: &str, line: &str) -> f64 {
    let line = text.lines().find(|known| known.starts_with(line)).unwrap_or_else(|| panic!("{text}"));
    line.split('|').nth(3).unwrap().split('%').next().unwrap().trim().parse().unwrap()
}

#[test]
fn contexts_hold_what_questions_need() {
    for database in ["harbour", "clinic"] {
        let output = run(&[database], &["--missing"], &[]);
        let text = printed(&output);
        assert!(share(text, "| 1000 | all |") >= 90.0, "{text}");
        assert!(share(text, "| 2000 | all |") >= 96.0, "{text}");
        assert!(text.contains("No model is configured"));
    }
}

#[test]
fn they_do_where_names_alone_dont_fit() {
    let output = run(&["harbour", "clinic"], &["--missing"], &[]);
    let text = printed(&output);
    assert!(share(text, "| 2000 | all |") >= 90.0, "{text}");
    assert!(share(text, "| 4000 | all |") >= 94.0, "{text}");
}

#[test]
fn a_context_can_be_looked_at() {
    let output = run(&["harbour"], &["--tokens", "400", "--context", "4"], &[]);
    let text = printed(&output);
    assert!(text.contains("## port_calls") && text.contains("'CANX'"), "{text}");
}

/// A stand-in for a model: answers the first question, the second wrongly, and nothing else.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let prompt: Value = serde_json::from_slice(&body).unwrap();
            let content = prompt["messages"][1]["content"].as_str().unwrap();
            let sql = if content.contains("Maltese") {
                json!("SELECT count(*) AS ships FROM ships WHERE flag ILIKE 'malta'")
            } else if content.contains("tugs are out of service") {
                json!("SELECT tug_name FROM tugs")
            } else {
                Value::Null
            };
            let answer = json!({ "sql": sql, "explanation": "as the stand-in knows" }).to_string();
            let choice =
                json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": answer } });
            let body = json!({ "object": "chat.completion", "choices": [choice] }).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    url
}

#[test]
fn answers_of_a_model_are_held_against_the_gold_queries_rows() {
    let url = serve();
    let environment =
        [("MODEL_PROVIDER", "openai"), ("MODEL_URL", url.as_str()), ("MODEL_NAME", "m"), ("MODEL_API_KEY", "k")];
    let output = run(&["harbour"], &["--tokens", "1000"], &environment);
    let text = printed(&output);
    assert!(text.contains("| all | 3.3 % (1 of 30) |"), "{text}");
    assert!(text.contains("h-02: other rows: SELECT tug_name FROM tugs"), "{text}");
    assert!(text.contains("h-03: the model finds no query: as the stand-in knows"), "{text}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eval-nl2sql"));
    let output = command.args(["--fixture", "no.sql", "no.jsonl"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no.jsonl"));
    let unknown = Command::new(env!("CARGO_BIN_EXE_eval-nl2sql")).arg("--tables").output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}
