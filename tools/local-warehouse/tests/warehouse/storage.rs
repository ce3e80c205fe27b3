//! Where the data is kept.

use local_warehouse::{Config, DEFAULT_DATABASE_NAME, Storage};
use serde_json::json;

use crate::client::{Client, config, start_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_begins_with_what_its_file_holds_and_leaves_it_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.duckdb");
    let original = start_with(Config { storage: Storage::File(file.clone()), ..config() }).await;
    let client = Client::connect(&original).await;
    client.run("CREATE TABLE t (n INTEGER PRIMARY KEY, since TIMESTAMP DEFAULT now())").await;
    client.run("INSERT INTO t (n) VALUES (1)").await;
    client.run("CREATE VIEW v AS SELECT n * 2 AS twice FROM t").await;
    client.run("CREATE MACRO t_of(x) AS TABLE SELECT n FROM t WHERE n = x").await;
    original.stop().await.unwrap();
    let before = std::fs::read(&file).unwrap();

    for _ in 0..2 {
        let copy = start_with(Config { storage: Storage::CopyOf(file.clone()), ..config() }).await;
        let client = Client::connect(&copy).await;
        client.run("INSERT INTO t (n) VALUES (2)").await;
        assert_eq!(client.query_rw("INSERT INTO t (n) VALUES (2)").await["errorType"], "ConstraintException");
        assert_eq!(client.rows("FROM v ORDER BY ALL").await, json!([[2], [4]]));
        assert_eq!(client.rows("SELECT n, since IS NULL FROM t JOIN t_of(2) USING (n)").await, json!([[2, false]]));
        assert_eq!(
            client.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal").await,
            json!([[DEFAULT_DATABASE_NAME]])
        );
        copy.stop().await.unwrap();
    }
    assert!(before == std::fs::read(&file).unwrap(), "the file is only read");
}
