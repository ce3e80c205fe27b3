/** Workerd is killed again and again while records are read and change: none is lost, none is there twice. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { Annotator, ask, startSync, sync, syncs } from "./stack.mjs";

const KILLS = 8;
const RECORDS = 4_000;

let argilla;
let stack;
before(async () => {
  argilla = await startArgilla();
  stack = await startSync(argilla);
});
after(async () => {
  await stack?.stop();
  await argilla?.stop();
});

async function replay(key) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch("ingest", "/replay", { method: "POST", headers, body: JSON.stringify({ bucket: "argilla-exports", key }) });
  assert.equal(response.status, 200);
}

test("after any number of kills the warehouse has what Argilla has", async () => {
  const annotator = new Annotator(argilla);
  const dataset = await annotator.dataset("killed");
  const records = await annotator.log(dataset, 0, RECORDS);
  for (let kill = 0; kill < KILLS; kill++) {
    await ask(stack, "/sync", { method: "POST" });
    // From before the first page to after the last file.
    await sleep(100 + ((kill * 7919) % 1500));
    await stack.killWorkers();
    await annotator.answer(records[kill * 10]);
    await annotator.call("DELETE", `datasets/${dataset.id}/records?ids=${records[kill * 10 + 5].id}`);
    await annotator.log(dataset, RECORDS + kill, RECORDS + kill + 1);
    await stack.restartWorkers();
  }
  await stack.waitUntil("the scan to be through", async () => {
    // Ingest puts an object aside that it died of twice: somebody has to say that it wasn't the object's fault.
    for (const { key } of await stack.sql.query("SELECT key FROM quarantine")) await replay(key);
    return (await syncs(stack)).every(({ phase }) => phase === "idle");
  }, { timeoutMs: 180_000 });
  await stack.waitUntilIdle({ timeoutMs: 60_000 });
  await sync(stack);
  await sync(stack);

  const rows = await stack.sql.query(`
    SELECT status, count(*) AS n, count(DISTINCT record_id) AS ids FROM annotations WHERE dataset = 'killed' GROUP BY ALL ORDER BY ALL`);
  const there = [...argilla.store.datasets.get(dataset.id).records];
  const completed = there.filter(({ status }) => status === "completed").length;
  // One that was deleted before it was ever written was never known.
  const [deleted, others] = [rows.filter(({ status }) => status === "deleted"), rows.filter(({ status }) => status !== "deleted")];
  assert.ok(deleted.reduce((sum, { n }) => sum + n, 0) <= KILLS);
  assert.deepEqual(others, [{ status: "completed", n: completed, ids: completed }, { status: "pending", n: there.length - completed, ids: there.length - completed }]);
});
