/** 200 MB of CSV within a Worker's memory, and into the warehouse. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, startCsv, statusOf } from "./stack.mjs";

const BYTES = 200_000_000;

/** What the Worker may take of a Worker's 128 MB. */
const MEMORY = 64 << 20;

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startCsv({ csv: { max_upload_bytes: 2 * BYTES } });
});
after(() => stack?.stop());

/** Movements of vessels: every row is different, some cells are quoted. */
function movements(bytes) {
  const lines = ["row_id,imo,vessel_name,flag,ts,lat,lon,speed,remarks"];
  let length = lines[0].length + 1;
  for (let n = 0; length < bytes; n++) {
    const line =
      `${n},0${8_000_000 + ((n * 7919) % 20_000)},NORTHERN PEARL ${n % 997},${["PAN", "LBR", "NOR"][n % 3]},` +
      `2024-01-01T00:${String(n % 60).padStart(2, "0")}:00,${((n * 2654435761) % 180_000) / 1000 - 90},` +
      `${((n * 2246822519) % 360_000) / 1000 - 180},${n % 220},"drifting, ""berth"" ${(n * 668265263) % 100_000}"`;
    lines.push(line);
    length += line.length + 1;
  }
  return { text: Buffer.from(lines.join("\n")), rows: lines.length - 1 };
}

test("200 MB become one object in bounded memory, and its rows one commit", async (t) => {
  const { text, rows } = movements(BYTES);
  const { status, body } = await ask(stack, "/uploads/movements/large.csv", { method: "PUT", body: text });
  assert.equal(status, 202, body.detail);
  await stack.waitUntil("its conversion", async () => ["converted", "refused"].includes((await statusOf(stack, "movements/large.csv")).state), {
    timeoutMs: 300_000,
  });
  const { state, reason, outputs } = await statusOf(stack, "movements/large.csv");
  assert.equal(state, "converted", reason);
  assert.equal(outputs.length, 1);
  assert.equal(outputs[0].rows, rows);
  const line = JSON.parse(stack.logs('"converted"').at(-1).message);
  t.diagnostic(`${rows} rows, ${(text.length / 2 ** 20).toFixed(0)} MiB in ${line.milliseconds} ms, ${(line.memory_bytes / 2 ** 20).toFixed(1)} MiB of wasm memory, Parquet of ${(outputs[0].size / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(line.memory_bytes < MEMORY, `${line.memory_bytes} bytes`);
  await stack.waitUntilIdle({ timeoutMs: 600_000 });
  const [load] = await stack.sql.query("SELECT state, reason, row_count FROM loads WHERE key = 'movements/large.csv.parquet' AND state <> 'failed'");
  assert.deepEqual([load.state, load.row_count], ["committed", rows], load.reason);
  assert.equal(await stack.sql.value("SELECT count(DISTINCT data->>'row_id') FROM structured_data WHERE source_table = 'movements'"), rows);
  const sample = await stack.sql.query("SELECT data->>'imo' AS imo, data->>'remarks' AS remarks FROM structured_data WHERE data->>'row_id' = '12345'");
  assert.deepEqual(sample, [{ imo: `0${8_000_000 + ((12345 * 7919) % 20_000)}`, remarks: `drifting, "berth" ${(12345 * 668265263) % 100_000}` }]);
});
