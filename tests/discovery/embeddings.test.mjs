/** A service of embeddings beside discovery in workerd: it decides what is in doubt, and whatever else it does stops nothing. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { KEY, startEmbeddings } from "../../tools/stand-ins/embeddings.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let service;
before(async () => {
  service = await startEmbeddings();
  service.meanings.set("overall length", "length");
  stack = await startStack({
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0, retryDelay: 0 } },
    variables: { discovery: { EMBEDDINGS_URL: service.url, EMBEDDINGS_MODEL: "stand-in", EMBEDDINGS_API_KEY: KEY } },
  });
});
after(async () => {
  await stack?.stop();
  await service?.stop();
});

/** A table of one column with two values: too few to say anything of names. */
function table(column) {
  const folder = mkdtempSync(path.join(tmpdir(), "table-"));
  try {
    const file = path.join(folder, "table.parquet");
    const write = "import sys, pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.table({sys.argv[1]: [1.5, 2.5]}), sys.argv[2])";
    execFileSync("python", ["-c", write, column, file]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let tables = 0;

/** Lands a column in a table of its own, whose name says nothing of it. */
async function land(column) {
  tables += 1;
  await stack.put("vessel-csv", `register${tables}/1.parquet`, table(column));
  await stack.waitUntilIdle();
}

const flagged = () => stack.sql.query("SELECT name, reason FROM entity_conflicts ORDER BY name");
const records = () => stack.sql.query("SELECT model, CAST(cosines AS VARCHAR) AS cosines FROM commit_embeddings ORDER BY commit_seq");

test("a name in doubt that means the same is flagged, and what was said of it is kept", async () => {
  await land("length");
  assert.equal(service.taken.length, 0);
  await land("overall_length");
  const [{ name, reason }] = await flagged();
  assert.equal(name, "overall_length");
  assert.match(reason, /alike by 1\.00 \(embedding\)/);
  assert.deepEqual(await records(), [{ model: "stand-in", cosines: '[{"a":"length","b":"overall length","cosine":1.0}]' }]);
  assert.deepEqual(service.taken, [{ model: "stand-in", input: ["length", "overall length"] }]);
});

const FAULTS = {
  hull: { kind: "refuse" },
  deck: { kind: "status", status: 500 },
  keel: { kind: "rubbish" },
  total: { kind: "drop" },
  moulded: { kind: "stall" },
};

for (const [kind, fault] of Object.entries(FAULTS)) {
  test(`a service that does this stops nothing: ${JSON.stringify(fault)}`, async () => {
    const [before, version] = [await flagged(), await stack.sql.value("SELECT max(version) FROM schema_snapshots")];
    await service.meet(fault);
    await land(`${kind}_length`);
    await service.recover();
    assert.equal(await stack.sql.value("SELECT max(version) FROM schema_snapshots"), version + 1);
    assert.deepEqual(await flagged(), before);
    assert.equal((await records()).at(-1).cosines, "[]");
    assert.ok(stack.logs("no_embeddings").length > 0);
  });
}

test("once it answers again it is asked again", async () => {
  const taken = service.taken.length;
  await land("beam_length");
  assert.ok(service.taken.length > taken);
  assert.equal((await flagged()).length, 1);
});
