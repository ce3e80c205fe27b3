import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { loadSecrets } from "../../tools/local-stack/secrets.mjs";
import { Warehouse } from "../../tools/local-stack/warehouse.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let folder;
let secrets;
/** @type {Warehouse | undefined} */
let warehouse;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "motherduck-setup-"));
  secrets = loadSecrets(path.join(folder, "secrets.json"));
  warehouse = new Warehouse({
    databaseFile: path.join(folder, "warehouse.duckdb"),
    databaseName: "living_schema",
    secrets,
  });
  await warehouse.start();
});
after(async () => {
  await warehouse?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Runs the script, without what the environment of the tests says of MotherDuck.
 *
 * @param {string[]} parameters
 * @param {Record<string, string>} [variables]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
function setUp(parameters, variables = {}) {
  const { MOTHERDUCK_TOKEN, PULUMI_ESC_ENVIRONMENT, ...inherited } = process.env;
  return new Promise((resolve) => {
    const env = { ...inherited, ...variables };
    execFile(path.join(ROOT, "scripts/motherduck_setup.sh"), parameters, { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

test("it applies the schema to another warehouse, and at the next time changes nothing", async () => {
  const variables = { MOTHERDUCK_TOKEN: secrets.warehouseToken };
  const first = await setUp(["--url", warehouse.url], variables);
  assert.equal(first.code, 0, first.stderr);
  const someOfIt = ["table landing.annotations", "view main.loads", "table main.schema_snapshots", "index landing.annotations_document_id"];
  for (const made of someOfIt) {
    assert.ok(first.stdout.includes(`  + ${made}\n`), `${made} is not in:\n${first.stdout}`);
  }
  assert.match(first.stdout, /\nsample query: schema version 1, commit 0; /);

  const second = await setUp(["--url", warehouse.url, "--database", "living_schema"], variables);
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(second.stdout.match(/^ {2}.*$/gm), Array(8).fill("  nothing changed"));

  const third = await setUp(["--url", warehouse.url, "--no-indexes"], variables);
  assert.equal(third.code, 0, third.stderr);
  assert.doesNotMatch(third.stdout, /indexes\.sql/);
});

test("without a token it says how to give one", async () => {
  for (const variables of [{}, { MOTHERDUCK_TOKEN: "" }]) {
    const { code, stdout, stderr } = await setUp(["--url", warehouse.url], variables);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: there is no token\n +Set MOTHERDUCK_TOKEN, or PULUMI_ESC_ENVIRONMENT /);
  }
});

test("a wrong token is named as the reason, and not shown", async () => {
  const { code, stderr } = await setUp(["--url", warehouse.url], { MOTHERDUCK_TOKEN: "no-such-token" });
  assert.equal(code, 1);
  assert.match(stderr, /not authorised/);
  assert.doesNotMatch(stderr, /no-such-token/);
});

test("an argument that it doesn't know is answered with its usage", async () => {
  const { code, stderr } = await setUp(["--colour"], { MOTHERDUCK_TOKEN: "x" });
  assert.equal(code, 2);
  assert.match(stderr, /--database NAME/);
  assert.doesNotMatch(stderr, /set -euo/);
});
