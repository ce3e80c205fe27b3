/** What a deployment reads of wrangler's words, held against the pinned wrangler, which asks a stand-in for Cloudflare's API. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { StandIn } from "../../tools/stand-ins/server.mjs";
import { WRANGLER, writeConfig } from "../../tools/deploy/apply.mjs";
import { readDeployment } from "../../tools/deploy/environment.mjs";
import { Wrangler, wranglerProgram } from "../../tools/deploy/wrangler.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ACCOUNT = "0123456789abcdef0123456789abcdef";

/** The API's answers by path; each is a result, or an error with its code. */
const ANSWERS = {
  "/r2/buckets": { buckets: [{ name: "vessel-ocr", creation_date: "2026-11-30T00:00:00.000Z" }, { name: "other", creation_date: "2026-11-30T00:00:00.000Z" }] },
  "/queues?page=1&name=landed": [{ queue_name: "landed", queue_id: "q1", producers: [], consumers: [], producers_total_count: 0, consumers_total_count: 0, created_on: "2026-11-30T00:00:00.000Z" }],
  "/queues?page=1&name=absent": [],
  "/storage/kv/namespaces": [{ id: "a1", title: "living-schema-SCHEMA_CACHE" }],
  "/workers/scripts/living-schema-ingest/secrets": [{ name: "MOTHERDUCK_TOKEN", type: "secret_text" }],
  "/workers/scripts/living-schema-csv/secrets": { code: 10007, message: "This Worker does not exist on your account." },
  "/workers/scripts/living-schema-ocr/secrets": { code: 10000, message: "Authentication error" },
  "/event_notifications/r2/vessel-ocr/configuration": {
    bucketName: "vessel-ocr",
    queues: [{ queueId: "q1", queueName: "landed", rules: [{ suffix: ".parquet", actions: ["PutObject", "DeleteObject"], ruleId: "r1", createdAt: "2026-11-30T00:00:00.000Z" }] }],
  },
  "/event_notifications/r2/other/configuration": { code: 11014, message: "workers.api.error.invalid_r2_event_notification_configuration" },
};

let api;
let folder;
/** @type {Wrangler} */
let wrangler;
before(async () => {
  api = new StandIn("Cloudflare's API", (request) => {
    const asked = request.url.replace(`/accounts/${ACCOUNT}`, "");
    const found = ANSWERS[asked] ?? ANSWERS[asked.split("?")[0]] ?? { code: 7003, message: `no such route: ${asked}` };
    // wrangler reads on until a page is empty.
    const answer = /[?&]page=([2-9]|\d\d)/.test(asked) ? [] : found;
    const body = answer.code
      ? { success: false, errors: [answer], messages: [], result: null }
      : { success: true, errors: [], messages: [], result: answer, result_info: { page: 1, per_page: 100, total_pages: 1, total_count: 1, count: 1 } };
    return { status: answer.code ? 404 : 200, type: "application/json", body: JSON.stringify(body) };
  });
  await api.start();
  folder = mkdtempSync(path.join(tmpdir(), "wrangler-test-"));
  const deployment = readDeployment(ROOT, "production");
  writeConfig({ root: ROOT, folder, deployment, secrets: [] }, new Map());
  const env = { ...process.env, CLOUDFLARE_API_BASE_URL: api.origin, CLOUDFLARE_API_TOKEN: "x".repeat(40), CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
  wrangler = new Wrangler(wranglerProgram(path.join(ROOT, WRANGLER), { cwd: ROOT, env }), path.join(folder, "wrangler.json"));
});
after(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what is there, what isn't, and what nobody knows is told from wrangler's answers", async () => {
  // One process each, which takes two seconds of a core.
  const failing = assert.rejects(wrangler.secrets("ocr"), /^Error: wrangler secret list --env ocr --format json failed:[^]*Authentication error/);
  const answers = await Promise.all([
    wrangler.buckets(),
    wrangler.hasQueue("landed"),
    wrangler.hasQueue("absent"),
    wrangler.namespaces(),
    wrangler.secrets("ingest"),
    wrangler.secrets("csv"),
    wrangler.rules("vessel-ocr"),
    wrangler.rules("other"),
  ]);
  assert.deepEqual(answers, [
    new Set(["vessel-ocr", "other"]),
    true,
    false,
    new Map([["living-schema-SCHEMA_CACHE", "a1"]]),
    ["MOTHERDUCK_TOKEN"],
    [],
    [{ queue: "landed", prefix: "", suffix: ".parquet", actions: ["DeleteObject", "PutObject"] }],
    undefined,
  ]);
  await failing;
});
