/** Environments: what they make of wrangler.toml, and which mistakes are named before anything is deployed. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { experimental_readRawConfig as readRawConfig } from "wrangler";

import { composeDeployment, environments, readDeployment } from "../../tools/deploy/environment.mjs";
import { planSteps, wranglerConfig } from "../../tools/deploy/plan.mjs";
import { parseRules } from "../../tools/local-stack/notifications.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const base = () => structuredClone(readRawConfig({ config: path.join(ROOT, "wrangler.toml") }).rawConfig);
const rules = () => parseRules(readFileSync(path.join(ROOT, "notifications.json"), "utf8"), "notifications.json");
const compose = (own, changed = {}) => composeDeployment({ environment: "x", file: "environments/x.toml", own, base: base(), rules: rules(), ...changed });
const worker = (deployment, name) => deployment.workers.find(({ environment }) => environment === name).config;

test("there are staging and production, and nothing of one has the name of something of the other", () => {
  assert.deepEqual(environments(ROOT), ["production", "staging"]);
  const names = ({ workers, buckets, queues, namespaces, warehouse }) => [...workers.map(({ name }) => name), ...buckets, ...queues, ...namespaces, warehouse.database];
  const [production, staging] = environments(ROOT).map((name) => names(readDeployment(ROOT, name)));
  assert.deepEqual(staging.filter((name) => production.includes(name)), []);
  const limits = ["production", "staging"].map((name) => worker(readDeployment(ROOT, name), "schema-api").ratelimits[0].namespace_id);
  assert.notEqual(...limits);
});

test("production's Workers are those of wrangler.toml, but for the ids of namespaces", () => {
  const { workers, shared } = readDeployment(ROOT, "production");
  const { env, ...top } = base();
  assert.deepEqual(shared, top);
  for (const { environment, config } of workers) {
    const { kv_namespaces, ...rest } = env[environment];
    const { kv_namespaces: titled, ...own } = config;
    assert.deepEqual(own, { ...rest, queues: { consumers: [], producers: [], ...rest.queues } }, environment);
    assert.equal(titled?.length, kv_namespaces?.length);
  }
});

test("a prefix goes before every name, in settings too, and a bucket's binding follows it", () => {
  const deployment = compose({ prefix: "try-" });
  assert.deepEqual(worker(deployment, "csv").r2_buckets, [
    { binding: "TRY_VESSEL_UPLOADS", bucket_name: "try-vessel-uploads" },
    { binding: "TRY_VESSEL_CSV", bucket_name: "try-vessel-csv" },
  ]);
  assert.deepEqual(worker(deployment, "csv").vars.CSV.routes, [{ bucket: "try-vessel-uploads", output_bucket: "try-vessel-csv" }]);
  assert.deepEqual([worker(deployment, "ocr").vars.OCR, worker(deployment, "argilla-sync").vars.ARGILLA_SYNC.bucket], [{ documents_bucket: "try-vessel-documents", pages_bucket: "try-vessel-ocr" }, "try-argilla-exports"]);
  // The ends of these names tell Workers what a queue is for.
  assert.deepEqual(worker(deployment, "ingest").queues.consumers.map(({ queue, dead_letter_queue }) => [queue, dead_letter_queue]), [["try-landed", "try-landed-dead"], ["try-landed-dead", undefined]]);
  assert.deepEqual(worker(deployment, "schema-api").services.map(({ service }) => service), ["try-living-schema-discovery", "try-living-schema-csv"]);
  assert.ok(deployment.rules.every(({ bucket, queue }) => bucket.startsWith("try-") && queue.startsWith("try-")));
});

test("a Worker that is left out takes its queues, buckets, rules and bindings with it", () => {
  const deployment = compose({ without: ["csv", "argilla-sync"] });
  assert.deepEqual(deployment.workers.map(({ environment }) => environment), ["ingest", "discovery", "schema-api", "ocr"]);
  assert.ok(!deployment.queues.includes("uploads") && !deployment.buckets.includes("vessel-uploads") && deployment.buckets.includes("vessel-csv"));
  assert.ok(!deployment.rules.some(({ queue }) => queue === "uploads"));
  assert.deepEqual(worker(deployment, "schema-api").services, [{ binding: "DISCOVERY", service: "living-schema-discovery" }]);
  assert.deepEqual(deployment.namespaces, ["living-schema-SCHEMA_CACHE"]);
});

test("settings are merged over those of wrangler.toml; an address may be an environment's own", () => {
  const deployment = compose({ account_id: "abc", env: { "schema-api": { routes: [{ pattern: "schema.example.com", custom_domain: true }], vars: { ACCESS_SCOPES: { "*": ["read"] } } } } });
  const config = worker(deployment, "schema-api");
  assert.deepEqual([config.vars.ACCESS_SCOPES, config.vars.QUERIES_AT_ONCE, config.routes[0].pattern], [{ "*": ["read"] }, "32", "schema.example.com"]);
  assert.equal(deployment.shared.account_id, "abc");
});

test("a mistake in an environment is named with its place", () => {
  const cases = [
    [{ prefx: "a" }, /^Error: environments\/x.toml: there is no setting "prefx"/],
    [{ prefix: "Staging_" }, /prefix: "Staging_" has something else than lower-case letters/],
    [{ prefix: `${"a".repeat(50)}-` }, /the name ".*" has \d+ characters; it may have 63/],
    [{ without: ["cvs"] }, /wrangler.toml has no Worker "cvs"; it has ingest, csv/],
    [{ env: { ingest: { vars: { WAREHOUSE_DATABSE: "x" } } } }, /env.ingest.vars.WAREHOUSE_DATABSE: wrangler.toml has no such setting/],
    [{ env: { discovery: { vars: { MAX_VERSIONS_PER_DAY: 5 } } } }, /env.discovery.vars.MAX_VERSIONS_PER_DAY: 5 is of another type/],
    [{ env: { ingest: { vars: { WAREHOUSE_DATABASE: "other" } } } }, /WAREHOUSE_DATABASE of ingest is "other", of discovery "living_schema"/],
    [{ without: ["ingest"] }, /argilla-sync: it's bound to|"landed"/],
    [{ env: { csv: { vars: { CSV: { routes: [{ bucket: "vessel-uploads", output_bucket: "vessel-cvs" }] } } } } }, /env.csv: a setting names the bucket "vessel-cvs", which isn't bound/],
  ];
  for (const [own, expected] of cases) assert.throws(() => compose(own), expected, JSON.stringify(own));
  assert.throws(() => readDeployment(ROOT, "prod"), /there is no environment "prod"; there are production, staging/);
});

test("what wrangler.toml and notifications.json disagree on is named", () => {
  const rule = { bucket: "vessel-ocr", queue: "landed", event_types: ["object-create"] };
  assert.throws(() => compose({}, { rules: [{ ...rule, queue: "lnaded" }] }), /notifications.json, rule 1: no Worker consumes the queue "lnaded"; there are argilla-sync/);
  assert.throws(() => compose({}, { rules: [rule, { ...rule, bucket: "elsewhere" }] }), /notifications.json, rule 2: no Worker has the bucket "elsewhere"/);
  const orphaned = base();
  orphaned.env.ingest.queues.producers.push({ queue: "nowhere", binding: "NOWHERE" });
  assert.throws(() => compose({}, { base: orphaned }), /sends to the queue "nowhere", and none consumes it/);
  const doubled = base();
  doubled.env.csv.queues.consumers.push({ queue: "landed" });
  assert.throws(() => compose({}, { base: doubled }), /the queue "landed" has two consumers, ingest and csv/);
  const misnamed = base();
  misnamed.env.ingest.r2_buckets[0].binding = "OCR";
  assert.throws(() => compose({}, { base: misnamed }), /the bucket "vessel-ocr" has to be bound as VESSEL_OCR, not as OCR/);
});

test("the plan makes everything that a Worker or a rule names, and each thing before whoever needs it", () => {
  for (const environment of environments(ROOT)) {
    const deployment = readDeployment(ROOT, environment);
    const steps = planSteps(deployment, "wrangler.json");
    const at = (kind, name) => steps.findIndex((step) => step.kind === kind && step.name === name);
    const before = (kind, name, index) => assert.ok(at(kind, name) >= 0 && at(kind, name) < index, `${kind} ${name}`);
    steps.forEach(({ kind, worker: deployed, rule }, index) => {
      for (const { bucket_name } of deployed?.config.r2_buckets ?? []) before("bucket", bucket_name, index);
      for (const { title } of deployed?.config.kv_namespaces ?? []) before("namespace", title, index);
      for (const { service } of deployed?.config.services ?? []) before("worker", service, index);
      for (const { queue, dead_letter_queue } of deployed?.config.queues.consumers ?? []) [queue, dead_letter_queue].filter(Boolean).forEach((name) => before("queue", name, index));
      for (const { queue } of deployed?.config.queues.producers ?? []) before("queue", queue, index);
      if (kind !== "rule") return;
      before("bucket", rule.bucket, index);
      const consumer = deployment.workers.find(({ config }) => config.queues.consumers.some(({ queue }) => queue === rule.queue));
      before("worker", consumer.name, index);
    });
  }
});

test("wrangler's configuration has absolute paths, ids of namespaces, and the secrets without which it refuses", () => {
  const deployment = readDeployment(ROOT, "staging");
  const secrets = [{ worker: "discovery", secret: "MOTHERDUCK_TOKEN", needed: true }, { worker: "discovery", secret: "SLACK_WEBHOOK_URL", needed: false }];
  const { env } = wranglerConfig(deployment, "/repository", new Map([["staging-living-schema-SCHEMA_CACHE", "abc"]]), secrets);
  assert.equal(env.discovery.main, "/repository/workers/discovery/build/index.js");
  assert.equal(env["schema-api"].assets.directory, "/repository/apps/sqlrooms/build");
  assert.deepEqual(env.discovery.kv_namespaces, [{ binding: "SCHEMA_CACHE", id: "abc" }]);
  assert.deepEqual(env.discovery.secrets, { required: ["MOTHERDUCK_TOKEN"] });
});
