/** The command: what it prints without an account, and what it refuses. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";

const COMMAND = fileURLToPath(new URL("../../tools/deploy/index.mjs", import.meta.url));

/** Runs it with these variables and no others. */
async function run(parameters, variables = {}) {
  const child = spawn(process.execPath, [COMMAND, ...parameters], { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...variables } });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
  return { code, stdout, stderr };
}

test("the plan needs no account and no token, names what is missing, and shows no secret", async () => {
  const secret = "s".repeat(40);
  const { code, stdout, stderr } = await run(["--env", "staging", "--dry-run"], { ADMIN_TOKEN: secret });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^staging: \d+ steps\. This is the plan; nothing is done/);
  assert.match(stdout, /warehouse +schema in living_schema_staging[^]*bucket +staging-vessel-ocr[^]*queue +staging-landed-dead \(dead letters\)[^]*worker +staging-living-schema-api \(cron 30 5 \* \* \*; bound to/);
  assert.match(stdout, /wrangler r2 bucket notification create staging-vessel-ocr --queue staging-landed --event-types object-create object-delete --suffix \.parquet/);
  assert.match(stdout, /ingest +MOTHERDUCK_TOKEN +INGEST_MOTHERDUCK_TOKEN, MOTHERDUCK_TOKEN +MISSING/);
  assert.match(stdout, /ocr +ADMIN_TOKEN_HASH +OCR_ADMIN_TOKEN, ADMIN_TOKEN +set/);
  assert.match(stdout, /ARGILLA_URL of argilla-sync \(environments\/staging\.toml\)/);
  assert.ok(!stdout.includes(secret));
});

test("it refuses to begin without what it needs, and names all of it", async () => {
  const { code, stdout, stderr } = await run(["--env", "staging"]);
  assert.deepEqual([code, stdout], [1, ""]);
  for (const missing of ["MOTHERDUCK_TOKEN of ingest", "ARGILLA_URL", "API_TOKEN", "ADMIN_TOKEN"]) assert.ok(stderr.includes(missing), stderr);
});

test("mistakes in its arguments are named", async () => {
  assert.match((await run([])).stderr, /^error: --env NAME is missing; there are production, staging/);
  assert.match((await run(["--env", "nope", "--dry-run"])).stderr, /^error: there is no environment "nope"/);
  assert.match((await run(["--env", "staging", "--smoke", "--url", "ingest"])).stderr, /^error: --url ingest: it has to be WORKER=URL/);
  assert.match((await run(["--env", "staging", "--smoke", "--url", "ingest=https://ingest.example"], { API_TOKEN: "x" })).stderr, /^error: no address of csv, /);
});
