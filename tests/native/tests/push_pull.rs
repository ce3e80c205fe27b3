//! Pushed or pulled, the rows are the same: by column type with random values, and for every file of parquet-testing.

use std::{path::PathBuf, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float16Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, MapArray, StringArray,
    StructArray, Time32MillisecondArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Fields};
use bytes::Bytes;
use living_core::sql::{ColumnArrays, Staging};
use living_parquet::{Error, File, Limits, Opened, RowReader, Step};
use living_warehouse::ErrorClass;
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::{Duck, data, write};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

struct Peers {
    duck: Duck,
    objects: MemoryS3,
}

impl Peers {
    async fn start() -> Self {
        let objects = MemoryS3::default();
        Self { duck: Duck::start(ReplyStyle::StatelessJson, &objects).await, objects }
    }

    /// Pushes all rows of a file into the table `pushed`, as JSON objects. Gives the file.
    async fn push(&self, bytes: &Bytes) -> Result<File, Error> {
        let size = bytes.len() as u64;
        let Opened::File(file) = living_parquet::open(size, bytes, &Limits::default())? else {
            panic!("the whole file was given");
        };
        let staging = Staging::new(file.fields());
        let mut arrays = ColumnArrays::new(file.columns().len());
        let mut reader = RowReader::new(file.clone(), size, Limits::default());
        self.duck.write("CREATE OR REPLACE TABLE pushed (row_no BIGINT, row JSON)").await;
        loop {
            match reader.next_step()? {
                Step::Read(ranges) => {
                    let slice = |r: &std::ops::Range<u64>| {
                        bytes.slice(usize::try_from(r.start).unwrap()..usize::try_from(r.end).unwrap())
                    };
                    reader.supply(ranges.iter().map(slice).collect())?;
                }
                Step::Rows(rows) => {
                    let mut done = 0;
                    while done < rows.len() {
                        let first = rows.first() + done as u64;
                        done += rows.encode(done, &mut arrays, 1 << 20, 1000)?;
                        self.duck
                            .write(&format!("INSERT INTO pushed {}", select(&staging, &staging.pushed(&arrays, first))))
                            .await;
                        arrays.clear();
                    }
                }
                Step::Done => return Ok(file),
            }
        }
    }

    /// Pulls the same file into `pulled`, and compares. `None` if the warehouse can't or may not read it.
    async fn compare(&self, file: &File, bytes: &Bytes) -> Option<Vec<String>> {
        if file.no_pull().is_some() {
            return None;
        }
        self.objects.put("lake", "x.parquet", bytes.clone());
        let staging = Staging::new(file.fields());
        let relation = staging.pulled("r2://lake/x.parquet").ok()?;
        let create = format!("CREATE OR REPLACE TABLE pulled AS {}", select(&staging, &relation));
        match self.duck.try_write(&create).await {
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Permanent => return None,
            Err(error) => panic!("{error}"),
        }
        let differences = self
            .duck
            .query(
                "SELECT coalesce(a.row_no, b.row_no) AS n, CAST(a.row AS VARCHAR), CAST(b.row AS VARCHAR) \
                 FROM pushed AS a FULL JOIN pulled AS b ON a.row_no = b.row_no \
                 WHERE CAST(a.row AS VARCHAR) IS DISTINCT FROM CAST(b.row AS VARCHAR) ORDER BY n LIMIT 3",
            )
            .await;
        Some(
            differences.iter().map(|row| format!("row {}\n  pushed {}\n  pulled {}", row[0], row[1], row[2])).collect(),
        )
    }
}

fn select(staging: &Staging, relation: &str) -> String {
    let all: Vec<usize> = (0..staging.columns().len()).collect();
    format!("SELECT s.row_no, {} AS row FROM {relation}", staging.json_object(&all))
}

type Optional<T> = Vec<Option<T>>;

const ROWS: usize = 24;

fn some<S: Strategy>(strategy: S) -> impl Strategy<Value = Optional<S::Value>> {
    proptest::collection::vec(proptest::option::weighted(0.85, strategy), ROWS)
}

fn array<A: From<Optional<T>> + arrow_array::Array + 'static, T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = ArrayRef> {
    some(strategy).prop_map(|values| Arc::new(A::from(values)) as ArrayRef)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a'\"\\\\\0\n\t,{}]{0,10}", Just("NaN".to_owned()), Just(String::new())]
}

/// Microseconds that DuckDB can hold as a timestamp.
fn micros() -> impl Strategy<Value = i64> {
    prop_oneof![
        -9_223_372_022_400_000_000i64..i64::MAX,
        -70_000_000_000_000_000i64..5_000_000_000_000_000,
        Just(0),
        Just(i64::MAX)
    ]
}

fn doubles() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-1000i32..1000).prop_map(|n| f64::from(n) / 8.0),
        Just(1e16),
        Just(1e22),
        Just(-0.0),
        Just(f64::NAN),
        Just(f64::INFINITY)
    ]
}

/// A column of each type.
fn columns() -> Vec<(&'static str, BoxedStrategy<ArrayRef>)> {
    let utc = |a: TimestampMicrosecondArray| Arc::new(a.with_timezone("UTC")) as ArrayRef;
    vec![
        ("boolean", array::<BooleanArray, _>(any::<bool>()).boxed()),
        ("int8", array::<Int8Array, _>(any::<i8>()).boxed()),
        ("int16", array::<Int16Array, _>(any::<i16>()).boxed()),
        ("int32", array::<Int32Array, _>(any::<i32>()).boxed()),
        ("int64", array::<Int64Array, _>(any::<i64>()).boxed()),
        ("uint8", array::<UInt8Array, _>(any::<u8>()).boxed()),
        ("uint16", array::<UInt16Array, _>(any::<u16>()).boxed()),
        ("uint32", array::<UInt32Array, _>(any::<u32>()).boxed()),
        ("uint64", array::<UInt64Array, _>(any::<u64>()).boxed()),
        ("float16", array::<Float16Array, _>(any::<u16>().prop_map(half::f16::from_bits)).boxed()),
        (
            "float32",
            array::<Float32Array, _>(prop_oneof![any::<f32>(), Just(0.1), Just(f32::NAN), Just(f32::NEG_INFINITY)])
                .boxed(),
        ),
        ("float64", array::<Float64Array, _>(doubles()).boxed()),
        ("text", array::<StringArray, _>(text()).boxed()),
        (
            "blob",
            some(proptest::collection::vec(any::<u8>(), 0..12))
                .prop_map(|v| Arc::new(v.iter().map(|b| b.as_deref()).collect::<BinaryArray>()) as ArrayRef)
                .boxed(),
        ),
        (
            "fixed",
            some(any::<[u8; 5]>())
                .prop_map(|v| {
                    Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(v.into_iter(), 5).unwrap())
                        as ArrayRef
                })
                .boxed(),
        ),
        (
            "decimal",
            (1u8..=38, 0i8..=38)
                .prop_flat_map(|(precision, scale)| {
                    let scale = scale.min(i8::try_from(precision).unwrap());
                    let limit = 10i128.pow(precision.into());
                    some(any::<i128>()).prop_map(move |v| {
                        let values: Decimal128Array = v.into_iter().map(|n| n.map(|n| n % limit)).collect();
                        Arc::new(values.with_precision_and_scale(precision, scale).unwrap()) as ArrayRef
                    })
                })
                .boxed(),
        ),
        ("date", array::<Date32Array, _>(-2_000_000_000i32..2_000_000_000).boxed()),
        ("time_ms", array::<Time32MillisecondArray, _>(0i32..86_400_000).boxed()),
        ("time_us", array::<Time64MicrosecondArray, _>(0i64..86_400_000_000).boxed()),
        ("timestamp_ms", array::<TimestampMillisecondArray, _>(-200_000_000_000_000i64..200_000_000_000_000).boxed()),
        ("timestamp_us", array::<TimestampMicrosecondArray, _>(micros()).boxed()),
        (
            "timestamp_ns",
            array::<TimestampNanosecondArray, _>(-9_000_000_000_000_000_000i64..9_000_000_000_000_000_000).boxed(),
        ),
        (
            "instant",
            some(-70_000_000_000_000_000i64..5_000_000_000_000_000)
                .prop_map(move |v| utc(TimestampMicrosecondArray::from(v)))
                .boxed(),
        ),
        (
            "list",
            lists(array_of(
                Arc::new(|v: Vec<Option<String>>| Arc::new(StringArray::from(v)) as ArrayRef),
                text().boxed(),
            ))
            .boxed(),
        ),
        (
            "list_double",
            lists(array_of(
                Arc::new(|v: Vec<Option<f64>>| Arc::new(Float64Array::from(v)) as ArrayRef),
                doubles().boxed(),
            ))
            .boxed(),
        ),
        ("struct", structs().boxed()),
        ("list_struct", lists(Arc::new(|n| structs_of(n).boxed())).boxed()),
        (
            "list_list",
            lists(Arc::new(|n| {
                lists_of(
                    n,
                    array_of(
                        Arc::new(|v: Vec<Option<i64>>| Arc::new(Int64Array::from(v)) as ArrayRef),
                        any::<i64>().boxed(),
                    ),
                )
                .boxed()
            }))
            .boxed(),
        ),
        ("map", maps().boxed()),
    ]
}

/// Makes an array of so many items.
type Items = Arc<dyn Fn(usize) -> BoxedStrategy<ArrayRef>>;

fn array_of<T: Clone + std::fmt::Debug + 'static>(
    make: Arc<dyn Fn(Vec<Option<T>>) -> ArrayRef>,
    item: BoxedStrategy<T>,
) -> Items {
    Arc::new(move |n| {
        let make = Arc::clone(&make);
        proptest::collection::vec(proptest::option::weighted(0.8, item.clone()), n).prop_map(move |v| make(v)).boxed()
    })
}

fn lists(items: Items) -> impl Strategy<Value = ArrayRef> {
    lists_of(ROWS, items)
}

fn lists_of(rows: usize, items: Items) -> impl Strategy<Value = ArrayRef> {
    proptest::collection::vec(proptest::option::weighted(0.8, 0usize..4), rows).prop_flat_map(move |lengths| {
        let total = lengths.iter().map(|n| n.unwrap_or(0)).sum();
        items(total).prop_map(move |values| {
            let field = Arc::new(Field::new("item", values.data_type().clone(), true));
            let offsets = arrow_buffer::OffsetBuffer::from_lengths(lengths.iter().map(|n| n.unwrap_or(0)));
            let nulls = lengths.iter().map(Option::is_some).collect::<Vec<_>>().into();
            Arc::new(ListArray::new(field, offsets, values, Some(nulls))) as ArrayRef
        })
    })
}

fn structs() -> impl Strategy<Value = ArrayRef> {
    structs_of(ROWS)
}

fn structs_of(rows: usize) -> impl Strategy<Value = ArrayRef> {
    let names = proptest::collection::vec(proptest::option::of(text()), rows);
    let scores = proptest::collection::vec(proptest::option::of(doubles()), rows);
    let days = proptest::collection::vec(proptest::option::of(0i32..30_000), rows);
    let valid = proptest::collection::vec(proptest::bool::weighted(0.8), rows);
    (names, scores, days, valid).prop_map(|(names, scores, days, valid)| {
        let fields = Fields::from(vec![
            Field::new("it's a \"name\"", DataType::Utf8, true),
            Field::new("score", DataType::Float64, true),
            Field::new("Day", DataType::Date32, true),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(names)),
            Arc::new(Float64Array::from(scores)),
            Arc::new(Date32Array::from(days)),
        ];
        Arc::new(StructArray::new(fields, columns, Some(valid.into()))) as ArrayRef
    })
}

fn maps() -> impl Strategy<Value = ArrayRef> {
    proptest::collection::vec(0usize..4, ROWS).prop_flat_map(|lengths| {
        let total: usize = lengths.iter().sum();
        proptest::collection::vec(proptest::option::of(any::<i32>()), total).prop_map(move |values| {
            // DuckDB refuses a map in which a key repeats.
            let keys: StringArray = (0..values.len()).map(|n| Some(format!("k{n}"))).collect();
            let fields = Fields::from(vec![
                Field::new("key", DataType::Utf8, false),
                Field::new("value", DataType::Int32, true),
            ]);
            let entries =
                StructArray::new(fields.clone(), vec![Arc::new(keys), Arc::new(Int32Array::from(values))], None);
            let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
            let offsets = arrow_buffer::OffsetBuffer::from_lengths(lengths.iter().copied());
            Arc::new(MapArray::new(field, offsets, entries, None, false)) as ArrayRef
        })
    })
}

#[tokio::test]
async fn random_values_of_every_type_are_the_same_rows_pushed_or_pulled() {
    let peers = Peers::start().await;
    let mut runner = TestRunner::default();
    let mut different = vec![];
    for _ in 0..12 {
        let columns: Vec<(&str, ArrayRef)> = columns()
            .into_iter()
            .map(|(name, values)| (name, values.new_tree(&mut runner).unwrap().current()))
            .collect();
        // Each by itself first, so that a failure names one type.
        for (name, values) in &columns {
            let bytes = write(vec![(*name, Arc::clone(values))]);
            let file = peers.push(&bytes).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let differences = peers.compare(&file, &bytes).await.unwrap_or_else(|| panic!("{name} is not pulled"));
            if !differences.is_empty() {
                different.push(format!(
                    "{name}, {}:
{}",
                    file.columns()[0].field.data_type,
                    differences.join(
                        "
"
                    )
                ));
            }
        }
        assert!(different.is_empty(), "{}", different.join("\n"));
        let bytes = write(columns);
        let file = peers.push(&bytes).await.unwrap();
        assert_eq!(peers.compare(&file, &bytes).await, Some(vec![]));
    }
}

#[tokio::test]
async fn columns_whose_names_are_equal_or_differ_in_case_keep_their_values() {
    let peers = Peers::start().await;
    let column = |text: &str| Arc::new(StringArray::from(vec![Some(text)])) as ArrayRef;
    let bytes = write(vec![
        ("a", column("1")),
        ("A", column("2")),
        ("a", column("3")),
        ("a_2", column("4")),
        ("", column("5")),
        ("row_no", column("6")),
    ]);
    let file = peers.push(&bytes).await.unwrap();
    assert_eq!(peers.compare(&file, &bytes).await, Some(vec![]));
    let row = peers.duck.query("SELECT CAST(row AS VARCHAR) FROM pushed").await;
    assert_eq!(row, [[r#"{"a":"1","A":"2","a_3":"3","a_2":"4","":"5","row_no":"6"}"#]]);
}

#[tokio::test]
async fn every_file_of_parquet_testing_that_both_read_has_the_same_rows() {
    let Some(data) = data() else {
        println!("SKIPPED: LIVING_SCHEMA_DATA is not there");
        return;
    };
    let peers = Peers::start().await;
    let (mut same, mut one, mut different) = (0, vec![], vec![]);
    for path in parquet_files(&data.join("parquet-testing")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = Bytes::from(std::fs::read(&path).unwrap());
        let Ok(file) = peers.push(&bytes).await else { continue };
        match peers.compare(&file, &bytes).await {
            Some(differences) if differences.is_empty() => same += 1,
            Some(differences) => different.push(format!("{name}:\n{}", differences.join("\n"))),
            None => one.push(name),
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    println!("{same} files have the same rows; read by push only: {}", one.join(", "));
    assert!(same > 45, "{same}");
}

fn parquet_files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(parquet_files(&path));
        } else if path.extension().is_some_and(|e| e == "parquet") {
            files.push(path);
        }
    }
    files.sort();
    files
}
