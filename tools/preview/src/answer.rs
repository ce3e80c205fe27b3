//! One file's answer.

use std::{
    fs::File,
    io::{Read, Seek},
    panic::catch_unwind,
    path::Path,
};

use living_tables::{
    Kind, MAX_UNPACKED, Preview,
    csv::{Outcome, Survey},
    workbook,
};
use serde::Serialize;

/// Bytes of a text that are read at once.
const CHUNK: usize = 256 << 10;

#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Read {
        file: &'a str,
        #[serde(flatten)]
        preview: Preview,
    },
    Refused {
        file: &'a str,
        error: String,
    },
}

/// What would be read of the file, as JSON.
pub(crate) fn of(path: &Path) -> String {
    let file = path.to_string_lossy();
    let outcome = catch_unwind(|| read(path)).unwrap_or_else(|_| Err("damaged: the reader gave up".to_owned()));
    let answer = match outcome {
        Ok(preview) => Answer::Read { file: &file, preview },
        Err(error) => Answer::Refused { file: &file, error },
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

fn read(path: &Path) -> Result<Preview, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut file = File::open(path).map_err(text)?;
    let mut head = Vec::new();
    file.by_ref().take(1024).read_to_end(&mut head).map_err(text)?;
    let kind = Kind::of(&head).map_err(|error| error.to_string())?;
    file.rewind().map_err(text)?;
    let preview = match kind {
        Kind::Workbook(kind) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(text)?;
            workbook::preview(&bytes, kind, MAX_UNPACKED).map_err(|error| error.to_string())?
        }
        Kind::Text => survey(file)?,
    };
    Ok(preview.named_after(&path.file_name().unwrap_or_default().to_string_lossy()))
}

fn survey(mut file: File) -> Result<Preview, String> {
    let mut survey = Survey::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        loop {
            let read = file.read(&mut chunk).map_err(|error| error.to_string())?;
            if read == 0 {
                break;
            }
            survey.push(chunk.get(..read).unwrap_or_default()).map_err(|error| error.to_string())?;
        }
        match survey.finish().map_err(|error| error.to_string())? {
            Outcome::Done(_, preview) => return Ok(preview),
            Outcome::Again(other) => survey = other,
        }
        file.rewind().map_err(|error| error.to_string())?;
    }
}
