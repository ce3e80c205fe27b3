/** The command of scripts/deploy: shows the plan of an environment, carries it out, and holds the result against the smoke test. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { DEMO_FOLDER, PORTS } from "../demo/place.mjs";
import { loadSecrets } from "../local-stack/secrets.mjs";
import { CONFIG_FILE, WRANGLER, applySteps, keptAddresses, missingSecrets, writeConfig } from "./apply.mjs";
import { environments, readDeployment } from "./environment.mjs";
import { planSteps } from "./plan.mjs";
import { SECRETS, adminToken, planSecrets, withMotherduckToken } from "./secrets.mjs";
import { runSmoke } from "./smoke.mjs";
import { Wrangler, wranglerProgram } from "./wrangler.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The token of API_TOKENS that the smoke test sends. */
const API_TOKEN = "API_TOKEN";

const { values: options } = parseArgs({
  options: {
    env: { type: "string" },
    "dry-run": { type: "boolean", default: false },
    bundle: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    "no-smoke": { type: "boolean", default: false },
    local: { type: "boolean", default: false },
    url: { type: "string", multiple: true, default: [] },
  },
});

try {
  if (options.local) await smokeOfDemo();
  else await main(options.env ?? fail(`--env NAME is missing; there are ${environments(ROOT).join(", ")}`));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

function fail(problem) {
  throw new Error(problem);
}

/** @param {string} environment */
async function main(environment) {
  const deployment = readDeployment(ROOT, environment);
  const folder = path.join(ROOT, ".state/deploy", environment);
  const steps = planSteps(deployment, path.relative(ROOT, path.join(folder, CONFIG_FILE)));
  if (options["dry-run"]) {
    showPlan(deployment, steps, planSecrets(deployment, process.env));
    if (options.bundle) await bundle(deployment, folder);
    return;
  }
  const settings = withMotherduckToken(process.env);
  const context = { root: ROOT, folder, deployment, secrets: planSecrets(deployment, settings), steps, env: process.env, log: console.log };
  if (!options.smoke) {
    refuseIncomplete(await missingSecrets(context), [...missingVariables(deployment), ...(options["no-smoke"] ? [] : missingForSmoke(deployment, settings))]);
    await applySteps(context);
  }
  if (!options["no-smoke"]) await smoke(deployment, settings, { ...keptAddresses(folder), ...givenAddresses() });
}

// ---- The plan ---------------------------------------------------------------------------------------------------------

function showPlan(deployment, steps, secrets) {
  const { environment } = deployment;
  console.log(`${environment}: ${steps.length} steps. This is the plan; nothing is done, and nothing was asked of an account.\n`);
  steps.forEach(({ kind, name, command, note }, index) => {
    console.log(`${String(index + 1).padStart(3)}. ${kind.padEnd(9)}  ${name}${note ? ` (${note})` : ""}`);
    console.log(`${"".padStart(16)}${command.map(quoted).join(" ")}`);
  });
  console.log("\nSecrets, which go with each Worker; each is set by an environment variable, the first of these that is there:");
  for (const { worker, secret, needed, settings, value } of secrets) {
    const state = value !== undefined ? "set" : needed ? "MISSING, unless the Worker has it" : "not set: optional";
    console.log(`     ${worker.padEnd(13)} ${secret.padEnd(19)} ${settings.join(", ").padEnd(48)} ${state}`);
  }
  const missing = [...missingVariables(deployment), ...missingForSmoke(deployment, process.env)];
  if (missing.length > 0) console.log(`\nMissing besides:\n${missing.map((line) => `     ${line}`).join("\n")}`);
  console.log("\nEach rule's bucket and queue, each binding, and each bucket that a setting names is made by a step above.");
}

/** An argument as a shell takes it. */
function quoted(argument) {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Settings of wrangler.toml that are empty as they come, and that a Worker doesn't work without. */
function missingVariables({ environment, workers }) {
  const empty = (worker, name, why) => {
    const vars = workers.find((candidate) => candidate.environment === worker)?.config.vars;
    return vars && !vars[name] ? [`${name} of ${worker} (environments/${environment}.toml): ${why}`] : [];
  };
  const api = workers.find((worker) => worker.environment === "schema-api")?.config.vars;
  return [
    ...empty("argilla-sync", "ARGILLA_URL", 'the address of Argilla; or leave the Worker out: without = ["argilla-sync"]'),
    ...(api && api.USE_MOTHERDUCK_SCHEMA !== "true"
      ? empty("schema-api", "POSTGRES", `USE_MOTHERDUCK_SCHEMA is "${api.USE_MOTHERDUCK_SCHEMA}", so PostgreSQL serves queries; or set that to "true"`)
      : []),
  ];
}

function missingForSmoke({ workers }, settings) {
  const without = workers.filter(({ environment }) => "ADMIN_TOKEN_HASH" in SECRETS[environment] && !adminToken(environment, settings));
  return [
    ...(settings[API_TOKEN] ? [] : [`${API_TOKEN}: the smoke test's token of API_TOKENS, with the scopes "read", "query" and "upload"; or --no-smoke`]),
    ...(without.length > 0 ? [`ADMIN_TOKEN: the smoke test asks ${without.map(({ environment }) => environment).join(", ")}; or --no-smoke`] : []),
  ];
}

function refuseIncomplete(secrets, others) {
  const lines = [...new Set(secrets.map(({ worker, secret, settings }) => `${secret} of ${worker}: set ${settings.join(" or ")}`)), ...others];
  if (lines.length > 0) fail(`this is missing, and nothing was done:\n${lines.map((line) => `       ${line}`).join("\n")}`);
}

/** Has wrangler build and check each Worker as it would deploy it. */
async function bundle(deployment, folder) {
  writeConfig({ root: ROOT, folder, deployment, secrets: [] }, new Map());
  const wrangler = new Wrangler(wranglerProgram(path.join(ROOT, WRANGLER), { cwd: ROOT, env: process.env }), path.join(folder, CONFIG_FILE));
  for (const { environment } of deployment.workers) {
    console.log(`\nwrangler deploy --dry-run --env ${environment}`);
    await wrangler.run(["deploy", "--dry-run", "--env", environment], { onOutput: (text) => process.stdout.write(text) });
  }
}

// ---- The smoke test ---------------------------------------------------------------------------------------------------

async function smoke({ environment, workers }, settings, known) {
  const names = workers.map((worker) => worker.environment);
  const without = names.filter((name) => !known[name]);
  if (without.length > 0) fail(`no address of ${without.join(", ")}: nothing was deployed from here, so give each: --url ${without[0]}=https://...`);
  console.log(`\nsmoke test of ${environment}`);
  await runSmoke({
    environment,
    addresses: Object.fromEntries(names.map((name) => [name, known[name]])),
    adminTokens: Object.fromEntries(names.map((name) => [name, adminToken(name, settings)])),
    apiToken: settings[API_TOKEN] ?? fail(`${API_TOKEN} is not set: a token of API_TOKENS with the scopes "read", "query" and "upload"`),
    commit: commitOfThis(),
    log: (line) => console.log(`  ${line}`),
  });
  console.log("  passed");
}

/** The same of the stack that scripts/demo has started here. */
async function smokeOfDemo() {
  const secretsFile = path.join(DEMO_FOLDER, "secrets.json");
  if (!existsSync(secretsFile)) fail("there is no local stack: start one with scripts/demo");
  const { adminToken: token, apiTokens } = loadSecrets(secretsFile);
  const addresses = Object.fromEntries(Object.entries(PORTS.workers).map(([worker, port]) => [worker, `http://127.0.0.1:${port}`]));
  console.log("smoke test of the local stack");
  await runSmoke({
    environment: "local",
    addresses,
    adminTokens: Object.fromEntries(Object.keys(addresses).map((worker) => [worker, token])),
    apiToken: apiTokens.admin,
    commit: commitOfThis(),
    log: (line) => console.log(`  ${line}`),
  });
  console.log("  passed");
}

function givenAddresses() {
  return Object.fromEntries(
    options.url.map((given) => {
      const [, worker, url] = /^([a-z-]+)=(https?:\/\/.+)$/.exec(given) ?? fail(`--url ${given}: it has to be WORKER=URL`);
      return [worker, url];
    }),
  );
}

function commitOfThis() {
  try {
    return execFileSync("git", ["describe", "--always", "--abbrev=40", "--exclude", "*", "--dirty"], { cwd: ROOT, encoding: "utf8" }).trim();
  } catch {
    // Outside of a clone there is none.
    return "unknown";
  }
}
