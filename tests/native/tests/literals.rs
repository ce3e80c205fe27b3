//! What a literal says is what DuckDB reads, for values of every type.

use living_core::sql::{Literal, decimal};
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::Duck;
use proptest::{prelude::*, strategy::ValueTree};
use serde_json::Value;
use uuid::Uuid;

/// DuckDB's range of timestamps, in microseconds: 290309-12-22 (BC) to 294247-01-10.
const MIN_MICROS: i64 = -9_223_372_022_400_000_000;
const MAX_MICROS: i64 = i64::MAX - 1;

/// DuckDB's range of dates, in days.
const MIN_DAYS: i32 = -2_147_483_646;

/// A value with an expression that shows it without going through its literal's type again, and what that has to give.
#[derive(Debug, Clone)]
struct Case {
    literal: String,
    shown: String,
    expected: Value,
}

fn case(literal: &Literal<'_>, shown: impl Fn(&str) -> String, expected: impl Into<Value>) -> Case {
    let literal = literal.to_string();
    Case { shown: shown(&literal), literal, expected: expected.into() }
}

fn as_text(literal: &str) -> String {
    format!("CAST({literal} AS VARCHAR)")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a'\"\\\\\0\n;$-]{0,12}", "[🚢é\u{200b}\u{feff}\u{2028}']{0,6}"]
}

fn cases() -> impl Strategy<Value = Case> {
    let double = prop_oneof![
        any::<f64>(),
        Just(-0.0),
        Just(5e-324),
        Just(f64::MAX),
        (-1000i32..1000).prop_map(|n| f64::from(n) / 10.0)
    ];
    prop_oneof![
        Just(case(&Literal::Null, |l| format!("{l} IS NULL"), true)),
        any::<bool>().prop_map(|v| case(&Literal::Boolean(v), as_text, v.to_string())),
        any::<i64>().prop_map(|v| case(&Literal::Integer(v), as_text, v.to_string())),
        Just(case(&Literal::Integer(i64::MIN), as_text, i64::MIN.to_string())),
        any::<i128>().prop_map(|v| case(&Literal::HugeInt(v), as_text, v.to_string())),
        double.prop_map(|v| {
            // Its bits, by way of the shortest text.
            let shown = |l: &str| format!("CASE WHEN isnan({l}) THEN 'NaN' WHEN isinf({l}) THEN CAST({l} AS VARCHAR) ELSE printf('%.17g', {l}) END");
            let expected = match v {
                v if v.is_nan() => "NaN".to_owned(),
                v if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.to_owned(),
                v => format!("{v}"),
            };
            case(&Literal::Double(v), shown, expected)
        }),
        (any::<i128>(), 0u8..=38).prop_map(|(v, scale)| {
            let v = v % 10i128.pow(38);
            case(&Literal::Decimal { unscaled: v, scale }, as_text, decimal(v, scale.into()))
        }),
        text().prop_map(|v| case(&Literal::Text(&v), |l| format!("hex({l})"), hex(v.as_bytes()))),
        text().prop_map(|v| {
            let json = serde_json::to_string(&v).unwrap();
            case(&Literal::Json(&json), |l| format!("hex({l}->>'$')"), hex(v.as_bytes()))
        }),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|v| case(&Literal::Blob(&v), |l| format!("hex({l})"), hex(&v))),
        any::<u128>().prop_map(|v| case(&Literal::Uuid(Uuid::from_u128(v)), as_text, Uuid::from_u128(v).to_string())),
        (MIN_DAYS..i32::MAX).prop_map(|v| case(&Literal::Date(v), |l| format!("{l} - DATE '1970-01-01'"), v)),
        (0i64..=86_400_000_000).prop_map(|v| {
            case(&Literal::Time(v), |l| format!("hour({l}) * 3600000000 + minute({l}) * 60000000 + microsecond({l})"), v)
        }),
        prop_oneof![MIN_MICROS..=MAX_MICROS, -100_000_000_000_000i64..100_000_000_000_000]
            .prop_map(|v| case(&Literal::Timestamp(v), |l| format!("epoch_us({l})"), v)),
        prop_oneof![MIN_MICROS..=MAX_MICROS, -100_000_000_000_000i64..100_000_000_000_000]
            .prop_map(|v| case(&Literal::Instant(v), |l| format!("epoch_us({l})"), v)),
        Just(case(&Literal::Timestamp(i64::MAX), as_text, "infinity")),
        Just(case(&Literal::Instant(-i64::MAX), as_text, "-infinity")),
        Just(case(&Literal::Date(i32::MAX), as_text, "infinity")),
        (-100_000i32..100_000, any::<i32>(), any::<i64>()).prop_map(|(months, days, micros)| {
            let shown = |l: &str| {
                format!("concat_ws(' ', year({l}) * 12 + month({l}), day({l}), hour({l}) * 3600000000 + minute({l}) * 60000000 + microsecond({l}))")
            };
            case(&Literal::Interval { months, days, micros }, shown, format!("{months} {days} {micros}"))
        }),
        proptest::collection::vec(text(), 0..4).prop_map(|v| {
            let list = Literal::List(v.iter().map(|t| Literal::Text(t)).collect());
            case(&list, |l| format!("CAST(list_transform({l}, lambda x: hex(x)) AS VARCHAR[])::JSON::VARCHAR"), serde_json::to_string(&v.iter().map(|t| hex(t.as_bytes())).collect::<Vec<_>>()).unwrap())
        }),
        (text(), any::<i64>()).prop_map(|(name, v)| {
            // A member has to have a name.
            let name = format!("x{}", name.replace('\0', ""));
            case(&Literal::Struct(vec![(&name, Literal::Integer(v))]), |l| format!("CAST(struct_extract({l}, {}) AS VARCHAR)", Literal::Text(&name)), v.to_string())
        }),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"))
}

fn same(shown: &Value, expected: &Value) -> bool {
    let double = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    shown == expected || matches!((double(shown), double(expected)), (Some(a), Some(b)) if a.to_bits() == b.to_bits())
}

/// Random values, many to a statement.
#[tokio::test]
async fn every_value_survives_the_way_through_sql_text() {
    let duck = Duck::start(ReplyStyle::StatelessJson, &MemoryS3::default()).await;
    let mut runner = proptest::test_runner::TestRunner::default();
    for _ in 0..60 {
        let strategy = proptest::collection::vec(cases(), 40);
        let cases = strategy.new_tree(&mut runner).unwrap().current();
        let select: Vec<&str> = cases.iter().map(|case| case.shown.as_str()).collect();
        let rows = duck.query(&format!("SELECT {}", select.join(", "))).await;
        for (case, shown) in cases.iter().zip(&rows[0]) {
            assert!(same(shown, &case.expected), "{} gives {shown}, not {}", case.literal, case.expected);
        }
    }
}
