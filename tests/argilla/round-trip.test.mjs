/** Real exports, loaded into Argilla by its own client and synced, count by type as the export itself does when it's landed. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { runClient } from "./client.mjs";
import { DATA, startSync, sync, syncs } from "./stack.mjs";

const EXPORTS = { wnut17_round1: 4_038, wnut17_round2_label_drift: 2_574, legal_de_missing_columns: 2_500 };

const skip = DATA && existsSync(path.join(DATA, "argilla")) ? false : "LIVING_SCHEMA_DATA has no folder argilla";

let argilla;
let stack;
before(async () => {
  if (skip) return;
  argilla = await startArgilla();
  stack = await startSync(argilla);
});
after(async () => {
  await stack?.stop();
  await argilla?.stop();
});

const countsOf = (dataset) =>
  stack.sql.query(`SELECT question, origin, label, count(*) AS n FROM entity_mentions WHERE dataset = '${dataset}' GROUP BY ALL ORDER BY ALL`);

for (const [name, rows] of Object.entries(EXPORTS)) {
  test(`${name}: ${rows} records`, { skip }, async () => {
    const file = path.join(DATA, "argilla", `${name}.parquet`);
    await stack.put("argilla-exports", `${name}-exported/export.parquet`, readFileSync(file));
    assert.equal((await runClient(argilla, "load", { file, workspace: "ws", dataset: name })).records, rows);
    for (const time of ["once", "twice"]) {
      await sync(stack, { dataset: name });
      const counted = await stack.sql.query(`SELECT count(*) AS n, count(DISTINCT record_id) AS ids FROM annotations WHERE dataset = '${name}'`);
      assert.deepEqual(counted, [{ n: rows, ids: rows }], time);
      const types = await countsOf(name);
      assert.ok(types.length > 0);
      assert.deepEqual(types, await countsOf(`${name}-exported`), time);
    }
    const { scans } = (await syncs(stack)).find(({ source }) => source.name === name);
    assert.deepEqual(scans.map(({ written }) => written), [0, rows]);
  });
}
