/** Who gets which secret: held against the Workers' code, wrangler.toml, and the settings of whoever deploys. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { SECRETS, adminToken, planSecrets } from "../../tools/deploy/secrets.mjs";
import { readDeployment } from "../../tools/deploy/environment.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Functions of shared/kit that read a secret for a Worker which calls them. */
const KIT = {
  "warehouse(": ["MOTHERDUCK_TOKEN"],
  "admit_admin(": ["ADMIN_TOKEN_HASH"],
  "admit(": ["API_TOKENS"],
  "model(": ["MODEL_API_KEY"],
  "PostgresSettings::": ["POSTGRES_PASSWORD"],
};

function sources(folder) {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true }).filter((name) => name.endsWith(".rs"));
  return files.map((name) => readFileSync(path.join(ROOT, folder, name), "utf8")).join("\n");
}

const secretNames = [...new Set(Object.values(SECRETS).flatMap(Object.keys))];

test("a Worker's code reads the secrets that it gets, and none that it doesn't", () => {
  // What kit reads is under a name of the table above.
  const inKit = secretNames.filter((name) => sources("shared/kit/src").includes(`"${name}"`));
  assert.deepEqual(inKit.sort(), Object.values(KIT).flat().sort());
  for (const worker of readdirSync(path.join(ROOT, "workers"))) {
    const code = sources(`workers/${worker}/src`);
    const named = secretNames.filter((name) => !inKit.includes(name) && code.includes(`"${name}"`));
    const called = Object.entries(KIT).filter(([call]) => new RegExp(`\\b${call.replace(/[(]/g, "\\(")}`).test(code)).flatMap(([, secrets]) => secrets);
    assert.deepEqual([...new Set([...named, ...called])].sort(), Object.keys(SECRETS[worker]).sort(), worker);
  }
});

test("wrangler.toml's comments name the same", () => {
  const text = readFileSync(path.join(ROOT, "wrangler.toml"), "utf8");
  for (const worker of Object.keys(SECRETS)) {
    const [, comment] = new RegExp(`# Secrets, by scripts/deploy or \`wrangler secret put NAME -e ${worker}\`:\n((?:#.*\n)+)`).exec(text) ?? [];
    assert.ok(comment, `wrangler.toml has no list of the secrets of ${worker}`);
    assert.deepEqual([...comment.matchAll(/^# ([A-Z_]+) /gm)].map(([, name]) => name).sort(), Object.keys(SECRETS[worker]).sort(), worker);
  }
});

const plan = (settings, change = () => {}) => {
  const deployment = readDeployment(ROOT, "production");
  change(Object.fromEntries(deployment.workers.map(({ environment, config }) => [environment, config.vars])));
  return planSecrets(deployment, settings);
};

test("a secret is only asked for by settings that need it", () => {
  const of = (change) => plan({}, change).filter(({ secret }) => /^(MODEL|MAIL|OCR|POSTGRES|EMBEDDINGS)/.test(secret)).map(({ worker, secret, needed }) => `${worker} ${secret}${needed ? "" : " (optional)"}`);
  assert.deepEqual(of(() => {}), []);
  const changed = of((vars) => {
    vars.discovery.MAIL_PROVIDER = "resend";
    vars.discovery.EMBEDDINGS_URL = "https://embeddings.example.com";
    vars["schema-api"].MODEL_PROVIDER = "anthropic";
    vars["schema-api"].POSTGRES = "db.example.com:5432";
    vars["argilla-sync"].WRITE_POSTGRES = "true";
    vars.ocr.OCR_PROVIDER = "service";
  });
  assert.deepEqual(changed, [
    "discovery MAIL_API_KEY", "discovery EMBEDDINGS_API_KEY (optional)", "schema-api POSTGRES_PASSWORD", "schema-api MODEL_API_KEY",
    "argilla-sync POSTGRES_PASSWORD", "ocr OCR_TOKEN (optional)",
  ]);
});

test("a setting with a Worker's name is for that Worker alone", () => {
  const given = plan({ MOTHERDUCK_TOKEN: "all", SCHEMA_API_MOTHERDUCK_TOKEN: "its own" }).filter(({ secret }) => secret === "MOTHERDUCK_TOKEN");
  assert.deepEqual(given.map(({ worker, value }) => [worker, value]), [["ingest", "all"], ["discovery", "all"], ["schema-api", "its own"]]);
  const [old, young] = ["o".repeat(32), "y".repeat(32)];
  assert.equal(adminToken("ingest", { ADMIN_TOKEN: ` ${young} ${old}` }), young);
  assert.equal(adminToken("ingest", {}), undefined);
});

test("a setting that makes no sense is named, and its value isn't", () => {
  const cases = [
    [{ ADMIN_TOKEN: "short" }, /^Error: ADMIN_TOKEN: token 1 has fewer than 32 characters/],
    [{ OCR_ADMIN_TOKEN: `${"a".repeat(32)} short` }, /^Error: OCR_ADMIN_TOKEN: token 2 has fewer/],
    [{ API_TOKENS: "secret" }, /^Error: API_TOKENS: it's no JSON$/],
    [{ API_TOKENS: "{}" }, /^Error: API_TOKENS: it's no list$/],
    [{ API_TOKENS: JSON.stringify([{ name: "ann", hash: "secret", scopes: [] }]) }, /^Error: API_TOKENS: entry 1 has to have a name, the SHA-256/],
  ];
  for (const [settings, expected] of cases) {
    assert.throws(() => plan(settings), (error) => expected.test(error) && !/secret|short/.test(error.message));
  }
});
