/** The API against its own OpenAPI document, by schemathesis: no 5xx, and no answer that the document doesn't have. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { KEY, startModel } from "../../tools/stand-ins/model.mjs";
import { madeFiles } from "../ingest/stack.mjs";

/** What has to hold of every answer. Bodies that the gate or the rules refuse are rightly "valid" by the document, so it isn't asked. */
const CHECKS = [
  "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
  "response_schema_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth",
].join(",");

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let model;
before(async () => {
  const files = madeFiles();
  model = await startModel();
  model.says = JSON.stringify({ sql: "SELECT count(*) FROM annotations", explanation: "All of them.", warnings: [] });
  stack = await startStack({
    rateLimit: 1_000_000,
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 } },
    variables: {
      "schema-api": {
        MODEL_PROVIDER: "openai", MODEL_URL: model.urls.openai, MODEL_NAME: "stand-in", MODEL_API_KEY: KEY, QUESTIONS_PER_DAY: "1000000",
      },
    },
  });
  for (const [bucket, key] of [
    ["argilla-exports", "port-calls/round1.parquet"], ["argilla-exports", "port-calls/round2.parquet"], ["vessel-csv", "flag_register/2026.parquet"],
  ]) {
    await stack.put(bucket, key, files.get(`${bucket}/${key}`));
    await stack.waitUntilIdle();
  }
});
after(async () => {
  await stack?.stop();
  await model?.stop();
});

test("schemathesis finds no 5xx and no undocumented answer", async () => {
  const url = stack.addresses.workers["schema-api"];
  const { code, output } = await run("st", [
    "run", `${url}/openapi.json`, "--header", `Authorization: Bearer ${stack.secrets.apiTokens.admin}`,
    "--checks", CHECKS, "--max-examples", "15", "--seed", "1", "--phases", "examples,coverage,fuzzing",
    "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure", "--no-color",
  ]);
  assert.equal(code, 0, output.slice(-20_000));
});

/** In a folder of its own, as it keeps what it found. */
async function run(command, args) {
  const cwd = mkdtempSync(path.join(tmpdir(), "schemathesis-"));
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  rmSync(cwd, { recursive: true });
  return { code, output };
}
