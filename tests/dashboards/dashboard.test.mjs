/** Grafana's dashboard: its file is that of its typed source, and each panel shows what the known data holds. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { DASHBOARD_FILE, dashboardText, readPanels } from "../../tools/dashboard/index.mjs";
import {
  BREAKS, DAYS, RANGE, REMOVES, WIDENS, annotatedRows, at, bringsNews, hasDecision, hasDocuments, knownData, newEntityTypes, numberOf, rejectedRows,
  slowness,
} from "../../tools/dashboard/known-data.mjs";
import { KnownWarehouse } from "../../tools/dashboard/warehouse.mjs";

const panels = readPanels();

/** @type {KnownWarehouse} */
let warehouse;
/** What each panel shows, by its title. */
let shown;
before(async () => {
  warehouse = new KnownWarehouse();
  await warehouse.start();
  await warehouse.write(knownData());
  const frames = await warehouse.ask(panels.map(({ query }) => query), RANGE);
  shown = new Map(frames.map((frame, i) => [panels[i].panel.title, frame]));
});
after(() => warehouse?.stop());

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const NUMBERS = DAYS.map((days) => ({ days, n: numberOf(days) }));
const NEWS = NUMBERS.filter(({ n }) => bringsNews(n));

/** Whether a value is what it was when the data was made, or has grown by the time that the test takes. */
const isAbout = (seconds) => (value) => value >= seconds - 1 && value < seconds + 10 * MINUTE;
const monday = (days) => at(days) - ((new Date(at(days)).getUTCDay() + 6) % 7) * DAY * 1000;
const midnight = Math.floor((Date.now() - at(0)) / 1000);

/** By weeks: of the days of the rules that bring something new, the sum of what each brings. */
function byWeek(values) {
  const weeks = new Map();
  for (const { days, n } of NEWS) {
    const sums = weeks.get(monday(days)) ?? values(n).map(() => 0);
    weeks.set(monday(days), sums.map((sum, i) => sum + values(n)[i]));
  }
  return [...weeks].map(([week, sums]) => [week, ...sums]);
}

/** The versions of the days of the rules, from 3 on: two loads that bring news, and a decision. */
function versions() {
  const times = NEWS.flatMap(({ days, n }) => [at(days, "09:00:00"), at(days, "09:10:00"), ...(hasDecision(n) ? [at(days, "15:00:00")] : [])]);
  return times.map((time, i) => [time, 3 + i]);
}

/** At the end of each day: "IMO no." until it was merged, "ships" until it was kept, "Vessel" and what waits since the pause. */
function conflicts() {
  const isOpen = (days) => [days >= 27, days <= 19 && days >= 13, days <= 9, days <= 5].filter(Boolean).length;
  return [30, ...DAYS].map((days) => [at(days - 1), isOpen(days)]);
}

/** The 100 queries of a day are 10, 20 … 1000 ms, times its slowness. */
const overThreeSeconds = (n) => Array.from({ length: 100 }, (_, i) => 10 * (i + 1) * slowness(n)).filter((ms) => ms > 3000).length;

/** Of 700 queries that share a syntax tree: every fourth, from `first` on, of each day. */
function averageOf(first) {
  const day = Array.from({ length: 25 }, (_, i) => 10 * (first + 4 * i));
  const mean = day.reduce((sum, ms) => sum + ms) / 25;
  return NUMBERS.reduce((sum, { n }) => sum + mean * slowness(n), 0) / 28;
}

/** What each panel has to show: its columns and rows. Functions stand for values that grow while the test runs. */
const EXPECTED = {
  "Schema version": { columns: ["version"], rows: [[47]] },
  "Versions in 24 hours": { columns: ["versions"], rows: [[1]] },
  "Conflict queue": { columns: ["waiting"], rows: [[2]] },
  "In quarantine": { columns: ["waiting"], rows: [[3]] },
  "Ingest lag": { columns: ["lag_seconds"], rows: [[isAbout(25 * MINUTE)]] },
  "Discovery lag": { columns: ["lag_seconds"], rows: [[isAbout(10 * MINUTE)]] },
  "Schema versions": { columns: ["time", "version"], rows: versions() },
  "Versions a day": {
    columns: ["time", "by loads", "by decisions"],
    rows: NEWS.map(({ days, n }) => [at(days), 2, Number(hasDecision(n))]),
  },
  "New types a week": { columns: ["time", "entity types", "fields"], rows: byWeek((n) => [newEntityTypes(n), 1]) },
  "Changes by compatibility": {
    columns: ["time", "additive", "widening", "breaking"],
    rows: NEWS.map(({ days, n }) => [
      at(days), newEntityTypes(n) + 1 + Number(hasDecision(n)), Number(n === WIDENS), Number(n === BREAKS || n === REMOVES),
    ]),
  },
  "Conflict queue depth": { columns: ["time", "open"], rows: conflicts() },
  "Health of definitions": {
    columns: ["kind", "stale", "rare", "growing", "conflicted"],
    rows: [["entity types", 1, 1, 1, 1], ["fields", 0, 0, 0, 0]],
  },
  "Stale, rare and conflicted definitions": {
    columns: ["kind", "scope", "name", "occurrences", "last_seen", "health"],
    rows: [
      ["entity_type", "port-calls", "tug", 50, at(120), "stale"],
      ["entity_type", "port-calls", "barge", 3, at(31), "rare"],
      ["entity_type", "port-calls", "Vessel", 2, at(9, "09:00:00"), "conflicted"],
    ],
  },
  "Execution time": {
    columns: ["time", "p50", "p95", "p99"],
    rows: NUMBERS.map(({ days, n }) => [at(days, "10:00:00"), 505 * slowness(n), 950.5 * slowness(n), 990.1 * slowness(n)]),
  },
  "Slow queries by schema version": {
    columns: ["version", "slow"],
    rows: NUMBERS.slice(-20).map(({ n }) => [String(2 + n), overThreeSeconds(n)]),
  },
  "Slowest queries": {
    columns: ["average", "longest", "executions", "failures", "newest_version", "query"],
    // Queries 99 and 100 of each day were given up.
    rows: [[4, 1000, 28, 0], [3, 990, 28, 3], [2, 980, 0, 2], [1, 970, 0, 1]].map(([first, longest, failures, tree]) => [
      averageOf(first), 5 * longest, 700, failures, 29, `FROM annotations SELECT ${tree}`,
    ]),
  },
  "What waits": {
    columns: ["stage", "waiting", "oldest", "lag_seconds"],
    rows: [
      ["discovery", 2, isAround(-10 * MINUTE), isAbout(10 * MINUTE)],
      ["ingest", 2, isAround(-25 * MINUTE), isAbout(25 * MINUTE)],
      ["outbox_mail", 0, null, 0],
      ["outbox_model", 7, at(200), isAbout(midnight + 200 * DAY)],
      ["outbox_slack", 1, isAround(-30 * MINUTE), isAbout(30 * MINUTE)],
      ["quarantine", 3, at(28, "12:00:00"), isAbout(midnight + 28 * DAY - 12 * HOUR)],
      ["review", 2, at(9, "09:00:00"), isAbout(midnight + 9 * DAY - 9 * HOUR)],
    ],
  },
  "Objects in quarantine": {
    columns: ["quarantined_at", "bucket", "key", "reason"],
    rows: [22, 15, 1].map((n) => [
      at(29 - n, "12:00:00"), "vessel-ocr", `bad/${n}.parquet`, "not a Parquet file: it doesn't end with the letters PAR1",
    ]),
  },
  "Rows committed": {
    columns: ["time", "raw_documents", "annotations", "structured_data"],
    // On day 9 a file that was mended was uploaded again.
    rows: NUMBERS.map(({ days, n }) => [at(days), hasDocuments(n) || n === 9 ? 50 : 0, annotatedRows(n), 1000]),
  },
  "Loads by how they ended": {
    columns: ["time", "committed", "quarantined", "failed", "discarded"],
    rows: NUMBERS.map(({ days, n }) => [
      at(days), 2 + Number(hasDocuments(n) || n === 9), Number(n % 7 === 1), Number(n % 9 === 4), Number(n === 14 || days === 10),
    ]),
  },
  "From upload to commit": {
    columns: ["time", "p50", "p95"],
    // Two minutes and five, and on some days one.
    rows: NUMBERS.map(({ days, n }) => (hasDocuments(n) || n === 9 ? [at(days), 120, 282] : [at(days), 210, 291])),
  },
  "Set aside": { columns: ["time", "rows set aside"], rows: NUMBERS.map(({ days, n }) => [at(days), rejectedRows(n)]) },
};

function isAround(seconds) {
  return (value) => Math.abs(value - (Date.now() + seconds * 1000)) < 10 * MINUTE * 1000;
}

test("the file is that of its typed source", async () => {
  assert.equal(readFileSync(DASHBOARD_FILE, "utf8"), await dashboardText(), "run scripts/dashboard");
});

test("each panel is expected to show something, and nothing else is", () => {
  assert.deepEqual([...shown.keys()].sort(), Object.keys(EXPECTED).sort());
  assert.equal(shown.size, panels.length, "titles are unique");
});

test("what the plugin couldn't show is refused", async () => {
  const TIME_SERIES = 0;
  const TABLE = 1;
  for (const [rawSql, format, reason] of [
    ["SELECT sum(version) AS total FROM living_schema.main.schema_snapshots", TIME_SERIES, /series are a time and numbers/],
    ["SELECT created_at AS time, version FROM living_schema.main.schema_snapshots ORDER BY time DESC", TIME_SERIES, /must grow/],
    ["SELECT CAST(1 AS UINTEGER) AS one", TABLE, /no converter for UINTEGER/],
    ["SELECT version FROM schema_snapshots", TABLE, /schema_snapshots does not exist/],
    ["SELECT $__interval AS width", TABLE, /a macro or a variable is left: \$__interval/],
  ]) {
    await assert.rejects(warehouse.ask([{ id: "panel", rawSql, format }], RANGE), reason, rawSql);
  }
});

test("panels have numbers of their own and don't overlap", () => {
  const taken = new Map();
  for (const { panel: { id, title, gridPos: { x, y, w, h } } } of panels) {
    assert.ok(x + w <= 24, `${title} is wider than the dashboard`);
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        const place = `${column}, ${row}`;
        assert.ok(!taken.has(place), `${title} lies over ${taken.get(place)} at ${place}`);
        taken.set(place, title);
      }
    }
    assert.equal(panels.filter(({ panel }) => panel.id === id).length, 1, `the number of ${title}`);
  }
});

for (const [title, { columns, rows }] of Object.entries(EXPECTED)) {
  test(`"${title}" shows what the known data holds`, () => {
    const frame = shown.get(title);
    assert.deepEqual(frame.columns.map(({ name }) => name), columns);
    assert.equal(frame.rows.length, rows.length, JSON.stringify(frame.rows));
    rows.forEach((row, i) => row.forEach((expected, j) => assertValue(frame.rows[i][j], expected, `row ${i}, ${columns[j]}: ${frame.rows[i][j]}`)));
  });
}

function assertValue(actual, expected, where) {
  if (typeof expected === "function") assert.ok(expected(actual), where);
  else if (typeof expected === "number" && !Number.isInteger(expected)) assert.ok(Math.abs(actual - expected) < 1e-6, `${where}, not ${expected}`);
  else assert.equal(actual, expected, where);
}
