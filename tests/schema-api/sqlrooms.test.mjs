/** SQLRooms' own client, `createHttpDbBridge` of the npm package, against the API in workerd: all six calls. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { tableFromIPC } from "apache-arrow";
import { build } from "esbuild";

import { startStack } from "../../tools/local-stack/index.mjs";
import { madeFiles } from "../ingest/stack.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let createHttpDbBridge;
let bridge;
before(async () => {
  createHttpDbBridge = await loadClient();
  const files = madeFiles();
  stack = await startStack({ queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 } } });
  for (const key of ["flag_register/2026.parquet", "fleet_list/2026.parquet"]) {
    await stack.put("vessel-csv", key, files.get(`vessel-csv/${key}`));
    await stack.waitUntilIdle();
  }
  bridge = connect(stack.secrets.apiTokens.analyst);
});
after(() => stack?.stop());

/** The package is made for bundlers: its modules name each other without endings, which Node doesn't read. */
async function loadClient() {
  const folder = mkdtempSync(path.join(ROOT, "node_modules/.sqlrooms-"));
  try {
    const outfile = path.join(folder, "bridge.mjs");
    await build({
      stdin: { contents: 'export { createHttpDbBridge } from "@sqlrooms/db/bridge";', resolveDir: ROOT },
      bundle: true, format: "esm", platform: "node", external: ["apache-arrow"], outfile, logLevel: "warning",
    });
    return (await import(pathToFileURL(outfile).href)).createHttpDbBridge;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function connect(token) {
  return createHttpDbBridge({ id: "living-schema", baseUrl: stack.addresses.workers["schema-api"], headers: { authorization: `Bearer ${token}` } });
}

test("a connection is tested", async () => {
  assert.equal(await bridge.testConnection("living-schema"), true);
  await assert.rejects(connect("nobody's").testConnection("living-schema"), /401.*bearer token/);
});

test("the catalog has what may be queried, as it is or was", async () => {
  const { databases, schemas, tables } = await bridge.listCatalog("living-schema");
  assert.deepEqual(databases, [{ database: "living_schema" }]);
  assert.deepEqual(schemas.map(({ schema }) => schema), ["main", "typed"]);
  const names = tables.filter(({ schema }) => schema === "typed").map(({ table }) => table);
  assert.deepEqual(names.sort(), ["flag_register", "fleet_list"]);
  const then = await bridge.listCatalog("living-schema@commit:1");
  assert.deepEqual(then.tables.filter(({ schema }) => schema === "typed").map(({ table }) => table), ["flag_register"]);
});

test("a query gives objects, or nothing where nobody wants rows", async () => {
  const sql = 'SELECT count(*) AS n FROM "living_schema"."typed"."flag_register"';
  const run = (queryType) => bridge.executeQuery({ connectionId: "living-schema", sql, queryType });
  assert.deepEqual((await run("json")).jsonData, [{ n: 600 }]);
  assert.equal((await run("exec")).jsonData, undefined);
  const refused = bridge.executeQuery({ connectionId: "living-schema", sql: "DROP TABLE commits", queryType: "exec" });
  await assert.rejects(refused, /422.*DROP is not allowed/);
});

test("rows come as an Arrow table, at the connection's point in time", async () => {
  const sql = "SELECT count(*) AS n FROM structured_data";
  const count = async (connectionId) => Number((await bridge.fetchArrow({ connectionId, sql })).get(0).n);
  const [now, then] = [await count("living-schema"), await count("living-schema@commit:1")];
  assert.ok(then > 0 && now > then);
  const many = bridge.fetchArrow({ connectionId: "living-schema", sql: "SELECT * FROM range(200000)" });
  await assert.rejects(many, /422.*more rows than come in one answer/);
});

test("rows come in frames of as many rows as are asked for", async () => {
  const stream = bridge.fetchArrowStream({ connectionId: "living-schema", sql: "SELECT unnest(range(1000)) AS n", chunkRows: 300, queryId: "one" });
  const sizes = [];
  for await (const payload of stream) sizes.push(tableFromIPC(payload).numRows);
  assert.deepEqual(sizes, [300, 300, 300, 100]);
});

test("a query is cancelled by its id", async () => {
  const sql = "SELECT sum(sin(a.range * b.range)) FROM range(1000000) AS a, range(900) AS b";
  const stream = bridge.fetchArrowStream({ connectionId: "living-schema", sql, queryId: "slow" });
  const next = stream.next();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(await bridge.cancelQuery("slow"), true);
  await assert.rejects(next, /409.*cancelled/);
  assert.equal(await bridge.cancelQuery("another"), false);
});
