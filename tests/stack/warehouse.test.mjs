import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startFixture } from "./fixtures/start.mjs";

const command = fileURLToPath(new URL("fixtures/warehouse.mjs", import.meta.url));

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startFixture({ warehouse: { command } });
});
after(() => stack.stop());

const given = async () => (await fetch(stack.warehouse.url)).json();

test("the warehouse gets the stack's tokens, its own file and the way to R2", async () => {
  const { token, readOnlyToken, r2Secret, db, httpfs, pid, port, ...rest } = await given();
  assert.deepEqual([token, readOnlyToken, r2Secret], [
    stack.secrets.warehouseToken,
    stack.secrets.warehouseReadOnlyToken,
    stack.secrets.r2SecretAccessKey,
  ]);
  assert.match(db, /warehouse\.duckdb$/);
  assert.match(httpfs, /httpfs\.duckdb_extension$/);
  assert.deepEqual(rest, {
    "postgres-port": "0",
    "database-name": "living_schema",
    "r2-endpoint": new URL(stack.addresses.r2).host,
    "r2-key-id": stack.secrets.r2AccessKeyId,
    "exit-with-parent": true,
  });
});

test("a Worker gets the warehouse's address and token, and the hash of the admin token", async () => {
  const environment = await (await stack.fetch("puppet", "/environment")).json();
  assert.equal(environment.WAREHOUSE_URL, stack.warehouse.url);
  assert.equal(environment.MOTHERDUCK_TOKEN, stack.secrets.warehouseToken);
  assert.match(environment.ADMIN_TOKEN_HASH, /^[0-9a-f]{64}$/);
});

test("after a kill it starts again at the same address", async () => {
  const { pid } = await given();
  const { url } = stack.warehouse;
  await stack.warehouse.kill();
  await assert.rejects(given());
  await stack.warehouse.start();
  assert.equal(stack.warehouse.url, url);
  assert.notEqual((await given()).pid, pid);
});

test("a warehouse that doesn't come up is an error with what it wrote", async () => {
  await assert.rejects(startFixture({ warehouse: { command, args: ["--fail"] } }), /ended with 3 before it was ready\nthis database is broken/);
  await assert.rejects(startFixture({ warehouse: { command: "/nowhere/local-warehouse" } }), /isn't built: \/nowhere\/local-warehouse/);
});

test("a query while the warehouse is down fails, and the next one is answered", async () => {
  const real = await startFixture({ warehouse: true });
  try {
    await real.warehouse.kill();
    await assert.rejects(real.sql.value("SELECT 1"));
    await real.warehouse.start();
    assert.equal(await real.sql.value("SELECT 1"), 1);
    await real.warehouse.lose();
    await real.warehouse.start();
    await assert.rejects(real.sql.value("SELECT count(*) FROM commits"), /does not exist/);
  } finally {
    await real.stop();
  }
});
