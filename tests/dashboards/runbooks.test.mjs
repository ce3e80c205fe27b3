/** The SQL of the runbooks, as it stands there, on data where everything goes wrong. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { knownData, trouble } from "../../tools/dashboard/known-data.mjs";
import { KnownWarehouse } from "../../tools/dashboard/warehouse.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNBOOKS = readFileSync(`${ROOT}docs/operations/runbooks.md`, "utf8");

/** Statements that have nothing to show of this data. */
const EMPTY = ["FROM typed_fills_given_up", "FROM dead_letters", "SELECT * FROM discovery_runs"];

/** The statements in indented blocks: from SELECT or FROM to the semicolon. */
const statements = [...RUNBOOKS.matchAll(/^ {4}((?:SELECT|FROM)\b[^;]*);$/gm)].map(([, statement]) => statement);
/** Those within a line. */
const inline = [...RUNBOOKS.matchAll(/`((?:SELECT|FROM) [^`]*)`/g)].map(([, statement]) => statement);

/** @type {KnownWarehouse} */
let warehouse;
before(async () => {
  warehouse = new KnownWarehouse();
  await warehouse.start();
  await warehouse.write([...knownData(), ...trouble()]);
});
after(() => warehouse?.stop());

test("every statement is found", () => {
  assert.equal(statements.length, (RUNBOOKS.match(/;$/gm) ?? []).length, "a statement that ends where no other begins");
  assert.equal(statements.length, 16);
  assert.equal(inline.length, 4);
});

for (const statement of [...statements, ...inline]) {
  test(`it runs: ${statement.split("\n")[0]}`, async () => {
    const rows = await warehouse.query(statement);
    assert.equal(rows.length > 0, !EMPTY.some((start) => statement.startsWith(start)), JSON.stringify(rows));
  });
}

test("every script that a runbook names is there", () => {
  const scripts = [...RUNBOOKS.matchAll(/\bscripts\/[\w/-]+/g)].map(([script]) => script);
  assert.ok(scripts.length > 0);
  for (const script of new Set(scripts)) assert.ok(existsSync(`${ROOT}${script}`), script);
});
