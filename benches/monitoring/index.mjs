/**
 * `scripts/bench monitoring [ROWS]`: what the views cost that dashboards and alerts read, each beside one plain read of the table that it
 * stands on, in one run. Prints Markdown.
 *
 * ROWS queries were asked and as many objects landed (1,000,000), one in a thousand of which is in quarantine; a tenth as many entity types are
 * catalogued, one in a hundred of them flagged, by 3,000 versions.
 */

import { machine, markdownTable, median } from "../report.mjs";
import { KnownWarehouse } from "../../tools/dashboard/warehouse.mjs";

const ROWS = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(ROWS) || ROWS < 1000) {
  console.error(`error: "${process.argv[2]}" is no number of rows, which is 1000 at least`);
  process.exit(2);
}
const VERSIONS = 3000;
/** Measurements of each, of which the median counts. */
const ROUNDS = 5;

const load = "CAST('018f0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0') AS UUID)";
/** Loads come two a minute, the last one now. */
const since = (seconds) => `utc_now() - to_seconds((${ROWS} - i) * 30 + ${seconds})`;
const totals = `'{"responses":5,"suggestions":0,"records":3,"documents":"","examples":["a"],"first_seen":1700000000000000,"last_seen":1790000000000000}'`;

/** What fills the tables, as Workers would have left them. */
const FILL = {
  queries: `
    INSERT INTO query_executions
    SELECT uuid(), ${since(0)}, 'ann', 'FROM annotations SELECT ' || i % 1000, md5(CAST(i % 1000 AS VARCHAR)), 'live', i * ${VERSIONS} // ${ROWS}, i, NULL, NULL,
      i * 7919 % 5000, i % 5 = 0, 10, false, NULL, CASE WHEN i % 50 = 0 THEN 'time_limit' END
    FROM range(${ROWS}) AS t(i)`,
  attempts: `
    INSERT INTO load_ledger
    SELECT ${load}, ${since(0)}, 'started', 'vessel-csv', 'fleet/' || i || '.parquet', 'e', ${since(10)}, 1000, 'structured_data', NULL
    FROM range(${ROWS}) AS t(i)`,
  quarantine: `
    INSERT INTO load_ledger
    SELECT ${load}, ${since(-5)}, 'quarantined', 'vessel-csv', 'fleet/' || i || '.parquet', 'e', ${since(10)}, 1000, 'structured_data', 'not a Parquet file'
    FROM range(0, ${ROWS}, 1000) AS t(i)`,
  commits: `
    INSERT INTO commits
    SELECT i + 1, 'load', ${load}, 'vessel-csv', 'fleet/' || i || '.parquet', 'e', ${since(10)}, 'structured_data', 'fleet', 'batch', 1, NULL, NULL, 10, 0, 'push',
      ${since(-5)}, NULL
    FROM range(${ROWS}) AS t(i) WHERE i % 1000 <> 0`,
  catalog: `
    INSERT INTO catalog_log
    SELECT i * 10 + 2, 1, 'entity_type', 'port-calls', 'entities', 'label ' || i, true, true, status, NULL, true, NULL, NULL, NULL, status = 'flagged', ${totals},
      '{"status":"' || status || '","totals":' || ${totals} || ',"similar":{"item":{},"score":0.9,"reason":"same words"}}', NULL, NULL
    FROM (SELECT i, CASE WHEN i % 100 = 0 THEN 'flagged' ELSE 'approved' END AS status FROM range(${ROWS / 10 - 1}) AS t(i))`,
  versions: `
    INSERT INTO schema_snapshots
    SELECT version, version - 1, utc_now() - to_hours(${VERSIONS} - version), 'hash', '{}',
      (SELECT to_json(list({'change': 'added', 'compatibility': 'additive', 'kind': 'entity_type', 'name': 'label ' || x})) FROM range(20) AS t(x)), version,
      '[{"load_id":"x"}]'
    FROM range(2, ${VERSIONS}) AS t(version)`,
};

const attempts = "SELECT count(*) FROM load_ledger WHERE state = 'quarantined' AND reason <> ''";
const commits = "SELECT max(committed_at) FROM commits";
const items = "SELECT count(*) FROM catalog_items_at(9223372036854775807) WHERE status = 'flagged'";
const all = (view) => [view, `FROM ${view}`];

/** What is in quarantine, by the view of all attempts. */
const QUARANTINE_OF_LOADS = `
  SELECT count(*) FROM (FROM loads QUALIFY row_number() OVER (PARTITION BY bucket, key ORDER BY uploaded_at DESC, started_at DESC) = 1) AS q
  WHERE state = 'quarantined'
    AND NOT EXISTS (FROM loads AS l WHERE l.bucket = q.bucket AND l.key = q.key AND l.etag = q.etag AND l.state = 'committed')`;

/** What is asked, and the plain read beside it. */
const QUESTIONS = [
  ["schema_churn, all days", "SELECT count(*), max(versions), max(new_entity_types) FROM schema_churn", "SELECT sum(json_array_length(diff)) FROM schema_snapshots"],
  ["slow_queries, all days", "SELECT count(*), max(p99_ms) FROM slow_queries", "SELECT avg(milliseconds), max(sql_text) FROM query_executions"],
  ["slow_queries, a week", "SELECT count(*), max(p99_ms) FROM slow_queries WHERE day >= utc_now() - INTERVAL 7 DAY", "SELECT avg(milliseconds), max(sql_text) FROM query_executions"],
  ["entity_health", "SELECT count(*), sum(CAST(is_stale AS INTEGER)), sum(CAST(is_growing AS INTEGER)) FROM entity_health", items],
  [...all("ingest_lag"), attempts],
  [...all("quarantine_depth"), attempts],
  ["the same out of loads", QUARANTINE_OF_LOADS, attempts],
  [...all("discovery_lag"), commits],
  [...all("review_depth"), items],
  [...all("outbox_depth"), items],
  [...all("pipeline_health"), attempts],
];

const warehouse = new KnownWarehouse();
await warehouse.start();
try {
  for (const [what, statement] of Object.entries(FILL)) {
    console.error(`  making ${what}`);
    await warehouse.write([statement]);
  }
  const rows = [];
  for (const [name, ...statements] of QUESTIONS) {
    const [view, plain] = await medians(statements);
    console.error(`  ${name}: ${view.toFixed(0)} ms, ${plain.toFixed(0)} ms`);
    rows.push([name, view.toFixed(0), plain.toFixed(0), (view / plain).toFixed(1)]);
  }
  console.log(`\n${machine()}; \`scripts/bench monitoring ${ROWS}\`\n`);
  console.log(markdownTable(["view", "view, ms", "plain read, ms", "view ÷ plain read"], rows));
} finally {
  await warehouse.stop();
}

/** The statements in turns, and the median time of each in milliseconds. The first turn warms up. */
async function medians(statements) {
  const times = statements.map(() => []);
  for (let turn = 0; turn <= ROUNDS; turn++) {
    for (const [i, statement] of statements.entries()) {
      const start = performance.now();
      await warehouse.query(statement);
      if (turn > 0) times[i].push(performance.now() - start);
    }
  }
  return times.map(median);
}
