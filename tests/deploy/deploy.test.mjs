/** A deployment against a stand-in for wrangler: in order, again, and interrupted anywhere. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { CONFIG_FILE, applySteps, keptAddresses, missingSecrets } from "../../tools/deploy/apply.mjs";
import { readDeployment } from "../../tools/deploy/environment.mjs";
import { planSteps } from "../../tools/deploy/plan.mjs";
import { planSecrets } from "../../tools/deploy/secrets.mjs";
import { StandInAccount } from "./wrangler-stand-in.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const SETTINGS = {
  MOTHERDUCK_TOKEN: "token-of-motherduck",
  ADMIN_TOKEN: "a".repeat(32),
  INGEST_ADMIN_TOKEN: `${"n".repeat(32)} ${"o".repeat(32)}`,
  API_TOKENS: JSON.stringify([{ name: "ann", hash: "0".repeat(64), scopes: ["read"] }]),
  ARGILLA_API_KEY: "key-of-argilla",
};

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A deployment to an account of its own, which is empty. */
function start(environment = "staging", settings = SETTINGS) {
  const folder = mkdtempSync(path.join(tmpdir(), "deploy-test-"));
  folders.push(folder);
  const deployment = readDeployment(ROOT, environment);
  const account = new StandInAccount();
  const lines = [];
  const context = {
    root: ROOT,
    folder,
    deployment,
    secrets: planSecrets(deployment, settings),
    steps: planSteps(deployment, path.join(folder, CONFIG_FILE)),
    env: {},
    wrangler: account.ask,
    setUpWarehouse: async (command) => void lines.push(command.join(" ")),
    log: (line) => void lines.push(line),
  };
  return { context, lines, account };
}

/** What an account has, without how it came to be. */
const made = ({ buckets, queues, namespaces, workers, rules }) => structuredClone({ buckets, queues, namespaces, workers, rules });

const hash = (token) => createHash("sha256").update(token).digest("hex");

test("a first deployment makes everything, each thing after what it needs", async () => {
  const { context, lines, account } = start();
  assert.deepEqual(await missingSecrets(context), []);
  const addresses = await applySteps(context);
  const { deployment } = context;
  const { buckets, queues, namespaces, workers, rules } = account;
  assert.deepEqual(buckets.sort(), deployment.buckets);
  assert.deepEqual(queues.sort(), deployment.queues);
  assert.deepEqual(namespaces.map(({ title }) => title), deployment.namespaces);
  assert.deepEqual(Object.keys(workers).sort(), deployment.workers.map(({ name }) => name).sort());
  assert.equal(Object.values(rules).flat().length, deployment.rules.length);
  assert.equal(lines[0], "scripts/motherduck_setup.sh --url https://api.motherduck.com/mcp --database living_schema_staging");

  assert.deepEqual(workers["staging-living-schema-discovery"].kv, workers["staging-living-schema-api"].kv, "one namespace for both");
  assert.deepEqual(workers["staging-living-schema-ingest"].crons, ["17 * * * *"]);
  assert.equal(addresses.ingest, "https://staging-living-schema-ingest.example.workers.dev");
  assert.deepEqual(keptAddresses(context.folder), addresses);
});

test("a Worker gets the secrets that it reads, and no others; two admin tokens are two hashes, and the first is sent", async () => {
  const { context, account } = start();
  await applySteps(context);
  const { workers } = account;
  assert.deepEqual(workers["staging-living-schema-ingest"].secrets, {
    MOTHERDUCK_TOKEN: SETTINGS.MOTHERDUCK_TOKEN,
    ADMIN_TOKEN_HASH: `${hash("n".repeat(32))} ${hash("o".repeat(32))}`,
  });
  assert.deepEqual(workers["staging-living-schema-csv"].secrets, { API_TOKENS: SETTINGS.API_TOKENS });
  assert.deepEqual(workers["staging-living-schema-argilla-sync"].secrets, {
    ARGILLA_API_KEY: SETTINGS.ARGILLA_API_KEY,
    ADMIN_TOKEN_HASH: hash(SETTINGS.ADMIN_TOKEN),
    INGEST_TOKEN: "n".repeat(32),
    DISCOVERY_TOKEN: SETTINGS.ADMIN_TOKEN,
  });
});

test("no secret is among what a deployment prints or leaves in files", async () => {
  const { context, lines } = start();
  await applySteps(context);
  const files = readdirSync(context.folder).map((name) => readFileSync(path.join(context.folder, name), "utf8"));
  for (const value of [SETTINGS.MOTHERDUCK_TOKEN, SETTINGS.ADMIN_TOKEN, "n".repeat(32), SETTINGS.ARGILLA_API_KEY, "0".repeat(64)]) {
    for (const text of [...lines, ...files]) assert.ok(!text.includes(value), text);
  }
});

test("deployed again it makes nothing new", async () => {
  const { context, lines, account } = start();
  await applySteps(context);
  const before = made(account);
  account.calls.length = lines.length = 0;
  await applySteps(context);
  assert.deepEqual(made(account), before);
  const { calls } = account;
  assert.deepEqual(calls.filter((call) => / create /.test(call)), []);
  assert.equal(calls.filter((call) => call.startsWith("deploy ")).length, context.deployment.workers.length);
  assert.equal(lines.filter((line) => /: there/.test(line)).length, context.steps.length - context.deployment.workers.length - 1);
});

test("interrupted at any call, before or after it took effect, the next run ends with what one run makes", async () => {
  const whole = start();
  await applySteps(whole.context);
  for (const [index, call] of whole.account.calls.entries()) {
    for (const late of [false, true]) {
      const { context, account } = start();
      account.dies = { at: index + 1, late };
      // A list of rules that fails is taken for a bucket without rules, as the platform answers then.
      if (call.includes("notification list")) await applySteps(context);
      else await assert.rejects(applySteps(context), /fetch failed/, call);
      await applySteps(context);
      assert.deepEqual(made(account), made(whole.account), `interrupted at ${call}${late ? ", late" : ""}`);
    }
  }
});

test("what is missing is named before anything is done, and what a Worker has already isn't missing", async () => {
  const none = start("staging", {});
  const missing = await missingSecrets(none.context);
  assert.deepEqual([...new Set(missing.map(({ secret }) => secret))], ["MOTHERDUCK_TOKEN"]);
  assert.deepEqual(none.account.calls, []);

  const one = start("staging", { ...SETTINGS, ARGILLA_API_KEY: undefined });
  assert.deepEqual((await missingSecrets(one.context)).map(({ worker, secret, settings }) => [worker, secret, settings]), [
    ["argilla-sync", "ARGILLA_API_KEY", ["ARGILLA_SYNC_ARGILLA_API_KEY", "ARGILLA_API_KEY"]],
  ]);
  assert.deepEqual(made(one.account), made(new StandInAccount()));

  const all = start();
  await applySteps(all.context);
  const again = { ...all.context, secrets: planSecrets(all.context.deployment, { MOTHERDUCK_TOKEN: SETTINGS.MOTHERDUCK_TOKEN }) };
  assert.deepEqual(await missingSecrets(again), []);
  await applySteps(again);
  assert.equal(all.account.workers["staging-living-schema-argilla-sync"].secrets.ARGILLA_API_KEY, SETTINGS.ARGILLA_API_KEY);
});

test("an error has wrangler's words, and what it was asked", async () => {
  const { context, account } = start();
  account.dies = { at: 1, late: false };
  await assert.rejects(applySteps(context), /wrangler r2 bucket list failed:\n[^]*fetch failed/);
});

test("two accounts at once are refused", async () => {
  const { context } = start();
  const deployment = { ...context.deployment, shared: { ...context.deployment.shared, account_id: "a1" } };
  const other = { ...context, deployment, env: { ...context.env, CLOUDFLARE_ACCOUNT_ID: "b2" } };
  await assert.rejects(applySteps(other), /CLOUDFLARE_ACCOUNT_ID is b2, and environments\/staging.toml says a1/);
});
