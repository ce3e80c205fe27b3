//! Decodes a Parquet file to the JSON text that push sends, and nothing else: `PUT /` takes the file, `GET /` decodes it once and
//! answers `{rows, bytes, memory}` (bytes of text; bytes of wasm memory).

use std::cell::RefCell;

use bytes::Bytes;
use living_core::sql::ColumnArrays;
use living_parquet::{FIRST_READ, Limits, Opened, RowReader, Step, open};
use worker::{Context, Env, Error, Method, Request, Response, Result, event};

/// Rows of one text, as in a statement of push.
const CHUNK_ROWS: usize = 10_000;

thread_local! {
    static FILE: RefCell<Bytes> = RefCell::default();
}

#[event(fetch)]
async fn fetch(mut request: Request, _env: Env, _context: Context) -> Result<Response> {
    if request.method() == Method::Put {
        let bytes = request.bytes().await?.into();
        FILE.set(bytes);
        return Response::empty();
    }
    let (rows, bytes) = FILE.with_borrow(decode).map_err(|error| Error::from(error.to_string()))?;
    let memory = living_kit::memory_bytes().unwrap_or_default();
    Response::ok(format!("{{\"rows\":{rows},\"bytes\":{bytes},\"memory\":{memory}}}"))
}

fn decode(file: &Bytes) -> std::result::Result<(u64, usize), living_parquet::Error> {
    let limits = Limits::default();
    let size = file.len() as u64;
    let mut tail = FIRST_READ;
    let footer = loop {
        match open(size, slice(file, size.saturating_sub(tail)..size), &limits)? {
            Opened::File(footer) => break footer,
            Opened::NeedsTail(bytes) => tail = bytes,
        }
    };
    let mut arrays = ColumnArrays::new(footer.columns().len());
    let mut reader = RowReader::new(footer, size, limits);
    let mut total = (0, 0);
    loop {
        match reader.next_step()? {
            Step::Read(ranges) => {
                reader.supply(ranges.into_iter().map(|range| file.slice_ref(slice(file, range))).collect())?;
            }
            Step::Rows(rows) => {
                let mut done = 0;
                while done < rows.len() {
                    done += rows.encode(done, &mut arrays, usize::MAX, CHUNK_ROWS)?;
                    total = (total.0 + arrays.rows(), total.1 + arrays.to_json().len());
                    arrays.clear();
                }
            }
            Step::Done => return Ok(total),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ranges lie in a file that is in memory")]
fn slice(file: &Bytes, range: std::ops::Range<u64>) -> &[u8] {
    file.get(range.start as usize..range.end as usize).unwrap_or_default()
}
