use living_core::sql::ColumnArrays;
use living_parquet::*;
fn main() {
    for path in std::env::args().skip(1) {
        let name = path.rsplit('/').next().unwrap().to_string();
        let bytes = bytes::Bytes::from(std::fs::read(&path).unwrap());
        let r = std::panic::catch_unwind(|| run(&bytes));
        match r {
            Ok(Ok((rows, text))) => println!("{name}: ok {rows} {}", &text.chars().take(300).collect::<String>()),
            Ok(Err(e)) => println!("{name}: ERR {e}"),
            Err(_) => println!("{name}: PANIC"),
        }
    }
}
fn run(bytes: &bytes::Bytes) -> Result<(u64, String), Error> {
    let size = bytes.len() as u64;
    let limits = Limits::default();
    let Opened::File(file) = open(size, bytes, &limits)? else {
        unreachable!()
    };
    let n = file.columns().len();
    let types: Vec<String> = file.columns().iter().map(|c| c.field.data_type.to_string()).collect();
    let mut reader = RowReader::new(file, size, limits);
    let mut rows = 0;
    let mut head = format!("{types:?} ");
    let mut arrays = ColumnArrays::new(n);
    loop {
        match reader.next_step()? {
            Step::Read(ranges) => {
                let d = ranges
                    .iter()
                    .map(|r| bytes.slice(r.start as usize..r.end as usize))
                    .collect();
                reader.supply(d)?;
            }
            Step::Rows(r) => {
                let mut at = 0;
                while at < r.len() {
                    at += r.encode(at, &mut arrays, 1 << 20, 5000)?;
                    rows += arrays.rows();
                    if head.len() < 400 {
                        for c in arrays.columns_mut() {
                            head.push_str(&c.chars().take(60).collect::<String>());
                            head.push('|');
                        }
                    }
                    arrays.clear();
                }
            }
            Step::Done => return Ok((rows, head)),
        }
    }
}
