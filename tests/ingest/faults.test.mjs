/**
 * Every fault that the warehouse knows, at every call of a load, in workerd. Each case lands a second round of annotations, of which a
 * part repeats records of the first. A reader that polls all the time sees none of it or all of it; in the end the rows are exact.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { madeFiles, startIngest } from "./stack.mjs";

const FAULTS = [
  { kind: "fail_before" },
  // The session is over.
  { kind: "status", status: 404 },
  { kind: "status", status: 429, retry_after: 0 },
  { kind: "status", status: 500 },
  { kind: "status", status: 503 },
  { kind: "stall", ms: 60 },
  { kind: "drop_reply" },
  { kind: "status_after", status: 502 },
  { kind: "garbage" },
  { kind: "truncate" },
  { kind: "stall_after", ms: 60 },
];

/** The demo's rounds: 400 records each, of which 150 are in both. */
const [FIRST, BOTH] = [{ records: 400, newest: 0 }, { records: 650, newest: 400 }];

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let files;
before(async () => {
  files = madeFiles();
  stack = await startIngest();
});
after(() => stack?.stop());

let cases = 0;

/** Lands the first round under a name of its own. */
async function landFirstRound() {
  const dataset = `case-${++cases}`;
  await stack.put("argilla-exports", `${dataset}/1.parquet`, files.get("argilla-exports/port-calls/round1.parquet"));
  await stack.waitUntilIdle();
  return dataset;
}

const landSecondRound = (dataset) =>
  stack.put("argilla-exports", `${dataset}/2.parquet`, files.get("argilla-exports/port-calls/round2.parquet"));

async function seen(dataset) {
  const [row] = await stack.sql.query(`
    SELECT count(*) AS records, count(*) FILTER (batch_id = 'round-2') AS newest FROM annotations WHERE dataset = '${dataset}'`);
  return row;
}

/** Looks until told to stop. */
function watch(dataset) {
  let stopped = false;
  const looks = [];
  const watching = (async () => {
    while (!stopped) {
      looks.push(await seen(dataset));
      await sleep(2);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return looks;
    },
  };
}

async function checkExact(dataset, what) {
  assert.deepEqual(await seen(dataset), BOTH, what);
  const commits = await stack.sql.query(`
    SELECT row_count, rejected_count FROM commits WHERE source = '${dataset}' ORDER BY commit_seq`);
  assert.deepEqual(commits, [{ row_count: 400, rejected_count: 0 }, { row_count: 400, rejected_count: 0 }], what);
  const unfinished = await stack.sql.value(`SELECT count(*) FROM quarantine WHERE starts_with(key, '${dataset}/')`);
  assert.equal(unfinished, 0, what);
}

/** The Worker's calls while it loads the second round, each as what a fault has to match to hit just it. */
async function callsOfALoad() {
  const dataset = await landFirstRound();
  await stack.sql.forgetRequests();
  await landSecondRound(dataset);
  await stack.waitUntilIdle();
  const requests = await stack.sql.requests();
  const beginnings = requests.filter(({ sql }) => sql).map(({ sql }) => sql.split(/\s+/).slice(0, 4).join(" "));
  return beginnings.map((text, i) => ({
    name: `call ${i + 1}, ${text}`,
    match: { sql_contains: text, skip: beginnings.slice(0, i).filter((earlier) => earlier === text).length, times: 1 },
  }));
}

test("a fault of any kind at any call loses nothing, doubles nothing, and shows no part of a file", async (t) => {
  const calls = await callsOfALoad();
  assert.ok(calls.length >= 10, JSON.stringify(calls));
  for (const fault of FAULTS) {
    for (const { name, match } of calls) {
      const what = `${fault.kind}${fault.status ? ` ${fault.status}` : ""} at ${name}`;
      const dataset = await landFirstRound();
      await stack.sql.setFaults([{ match, fault }]);
      const watcher = watch(dataset);
      await landSecondRound(dataset);
      await stack.waitUntilIdle();
      const looks = await watcher.stop();
      await stack.sql.clearFaults();
      for (const look of looks) {
        assert.ok([FIRST, BOTH].some((whole) => whole.records === look.records && whole.newest === look.newest), `${what}: ${JSON.stringify(look)}`);
      }
      await checkExact(dataset, what);
      t.diagnostic(what);
    }
  }
});

test("workerd killed while any call is under way loses nothing and doubles nothing", async (t) => {
  const calls = await callsOfALoad();
  for (const kind of ["stall", "stall_after"]) {
    for (const { name, match } of calls) {
      const what = `killed ${kind === "stall" ? "before" : "after"} the warehouse did ${name}`;
      const dataset = await landFirstRound();
      await stack.sql.forgetRequests();
      await stack.sql.setFaults([{ match, fault: { kind, ms: 20_000 } }]);
      await landSecondRound(dataset);
      await stack.waitUntil("the call to be under way", async () => (await stack.sql.requests()).some(({ fault }) => fault));
      // What a stalled call was to do is done by now.
      await sleep(50);
      await stack.killWorkers();
      await stack.sql.clearFaults();
      const look = await seen(dataset);
      assert.ok([FIRST, BOTH].some((whole) => whole.records === look.records && whole.newest === look.newest), `${what}: ${JSON.stringify(look)}`);
      await stack.restartWorkers();
      await stack.waitUntilIdle();
      await checkExact(dataset, what);
      t.diagnostic(what);
    }
  }
});
