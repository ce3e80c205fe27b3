//! `r2://` on an S3 server in memory.

use std::path::PathBuf;

use local_warehouse::{Config, R2, StartError};
use memory_s3::MemoryS3;
use serde_json::json;

use crate::client::{Client, config, start_with};

/// The extension's file: `DUCKDB_HTTPFS`, or where the project's set-up puts it.
fn httpfs() -> PathBuf {
    std::env::var_os("DUCKDB_HTTPFS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.toolchain/duckdb/httpfs.duckdb_extension"),
        PathBuf::from,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_files_are_read_from_the_bucket_by_key_and_by_pattern() {
    assert!(httpfs().exists(), "no httpfs extension at {}: set DUCKDB_HTTPFS", httpfs().display());
    let objects = MemoryS3::default();
    let endpoint = objects.serve().await.unwrap();
    let r2 = R2 { endpoint, key_id: "id".to_owned(), secret: "it's".to_owned() };
    let warehouse = start_with(Config { httpfs: Some(httpfs()), r2: Some(r2), ..config() }).await;
    let client = Client::connect(&warehouse).await;
    for part in 0..2 {
        client
            .run(&format!(
                "COPY (SELECT range AS a, 'part {part}' AS b FROM range(50_000)) TO 'r2://lake/in/part{part}.parquet'"
            ))
            .await;
    }
    assert_eq!(objects.names(), ["lake/in/part0.parquet", "lake/in/part1.parquet"]);

    let one = client.rows("SELECT count(*), sum(a), min(b) FROM read_parquet('r2://lake/in/part0.parquet')").await;
    assert_eq!(one, json!([[50_000, 1_249_975_000, "part 0"]]));
    let all =
        client.rows("SELECT count(*), count(DISTINCT filename) FROM read_parquet('r2://lake/in/*.parquet')").await;
    assert_eq!(all, json!([[100_000, 2]]));
    client.run("CREATE TABLE t AS FROM read_parquet('r2://lake/in/part1.parquet')").await;
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[50_000]]));

    let missing = client.query("FROM read_parquet('r2://lake/none.parquet')").await;
    assert!(missing["error"].as_str().unwrap().contains("404"), "{missing}");
    for elsewhere in ["http://127.0.0.1:9/x.parquet", "s3://lake/in/part0.parquet", "/etc/passwd"] {
        let refused = client.query(&format!("FROM read_parquet('{elsewhere}')")).await;
        assert_eq!(refused["errorType"], "PermissionException", "{refused}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_without_the_extension_is_a_clear_mistake() {
    let r2 = R2 { endpoint: "127.0.0.1:9".to_owned(), key_id: "id".to_owned(), secret: "secret".to_owned() };
    let refused = local_warehouse::LocalWarehouse::start(Config { r2: Some(r2), ..config() }).await;
    assert!(matches!(refused, Err(StartError::R2WithoutHttpfs)), "{refused:?}");
}

#[tokio::test]
async fn a_missing_extension_file_is_named() {
    let httpfs = Some(PathBuf::from("/nowhere/httpfs.duckdb_extension"));
    let refused = local_warehouse::LocalWarehouse::start(Config { httpfs, ..config() }).await.unwrap_err();
    assert!(refused.to_string().contains("/nowhere/httpfs.duckdb_extension"), "{refused}");
}
