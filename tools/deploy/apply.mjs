/**
 * Takes the steps of a plan. Each looks whether it's done, and does what is missing; Workers are deployed each time, which changes
 * nothing where nothing changed. So whatever was interrupted, the next run goes on with it.
 */

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { ACTIONS } from "../local-stack/notifications.mjs";
import { wranglerConfig } from "./plan.mjs";
import { Wrangler, wranglerProgram } from "./wrangler.mjs";

/**
 * @typedef {object} Context
 * @property {string} root Folder of the repository.
 * @property {string} folder Where what a deployment makes is kept: configuration and addresses. No secret is among it.
 * @property {import("./environment.mjs").Deployment} deployment
 * @property {import("./secrets.mjs").SecretPlan[]} secrets
 * @property {import("./plan.mjs").Step[]} steps
 * @property {Record<string, string | undefined>} env Of the programs that it runs.
 * @property {import("./wrangler.mjs").Ask} [wrangler] In wrangler's place.
 * @property {(command: string[]) => Promise<void>} [setUpWarehouse] In place of running the step's command.
 * @property {(line: string) => void} log
 */

/** Where wrangler's configuration is, in a folder of `Context`. */
export const CONFIG_FILE = "wrangler.json";

/** The project's own wrangler, below the repository's root. */
export const WRANGLER = "scripts/bin/wrangler";

/** Where the Workers' addresses are kept, for the smoke test. */
const ADDRESSES_FILE = "addresses.json";

/**
 * What is missing before a deployment can begin: needed secrets that neither a setting nor the Worker has, and the token by which the
 * warehouse's schema is applied, which can't be read back.
 *
 * @param {Context} context
 * @returns {Promise<import("./secrets.mjs").SecretPlan[]>}
 */
export async function missingSecrets(context) {
  if (!motherduckToken(context)) return context.secrets.filter(({ secret }) => secret === "MOTHERDUCK_TOKEN");
  const without = context.secrets.filter(({ needed, value }) => needed && value === undefined);
  if (without.length === 0) return [];
  writeConfig(context, new Map());
  const wrangler = wranglerOf(context);
  const workers = [...new Set(without.map(({ worker }) => worker))];
  const kept = new Map(await Promise.all(workers.map(async (worker) => [worker, await wrangler.secrets(worker)])));
  return without.filter(({ worker, secret }) => !kept.get(worker).includes(secret));
}

/**
 * Takes all steps.
 *
 * @param {Context} context
 * @returns {Promise<Record<string, string>>} the Workers' addresses.
 * @throws {Error} of the first step that fails; run again, it goes on there.
 */
export async function applySteps(context) {
  const { steps, log } = context;
  writeConfig(context, new Map());
  const state = { wrangler: wranglerOf(context), addresses: {} };
  for (const [index, step] of steps.entries()) {
    const started = performance.now();
    const outcome = await TAKE[step.kind](step, context, state);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    log(`[${index + 1}/${steps.length}] ${step.kind} ${step.name}: ${outcome} (${seconds} s)`);
  }
  return state.addresses;
}

/**
 * The addresses of the last deployment from here.
 *
 * @param {string} folder As of `Context`.
 * @returns {Record<string, string>} by the Workers' names in wrangler.toml; none if there was none.
 */
export function keptAddresses(folder) {
  try {
    return JSON.parse(readFileSync(path.join(folder, ADDRESSES_FILE), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}

/** How each kind of step is taken. It returns what became of it. */
const TAKE = {
  async warehouse({ command }, context) {
    await (context.setUpWarehouse ?? ((all) => setUpWarehouse(all, context)))(command);
    return "applied";
  },

  async bucket({ name, command }, _, state) {
    state.buckets ??= await state.wrangler.buckets();
    // An account with more buckets than a page has may have it all the same.
    return !state.buckets.has(name) && (await state.wrangler.createBucket(command.slice(1))) ? "created" : "there";
  },

  async queue({ name, command }, _, { wrangler }) {
    if (await wrangler.hasQueue(name)) return "there";
    await wrangler.run(command.slice(1));
    return "created";
  },

  async namespace({ name, command }, context, state) {
    state.ids ??= await state.wrangler.namespaces();
    let outcome = "there";
    if (!state.ids.has(name)) {
      await state.wrangler.run(command.slice(1));
      state.ids = await state.wrangler.namespaces();
      if (!state.ids.has(name)) throw new Error(`the namespace "${name}" was created, and isn't in wrangler's list`);
      outcome = "created";
    }
    writeConfig(context, state.ids);
    return `${outcome}, id ${state.ids.get(name)}`;
  },

  async worker({ command, worker }, context, state) {
    const given = context.secrets.filter(({ worker: of, value }) => of === worker.environment && value !== undefined);
    const report = path.join(context.folder, `deploy-${worker.environment}.jsonl`);
    rmSync(report, { force: true });
    await withUnnamedFile(JSON.stringify(Object.fromEntries(given.map(({ secret, value }) => [secret, value]))), (secretsFile) =>
      state.wrangler.run([...command.slice(1), "--secrets-file", secretsFile], { env: { WRANGLER_OUTPUT_FILE_PATH: report } }),
    );
    const address = addressOf(readFileSync(report, "utf8"));
    if (address) state.addresses[worker.environment] = address;
    writeFileSync(path.join(context.folder, ADDRESSES_FILE), `${JSON.stringify({ ...keptAddresses(context.folder), ...state.addresses }, null, 2)}\n`);
    const secrets = given.length > 0 ? `, with ${given.map(({ secret }) => secret).join(", ")}` : "";
    return `deployed${address ? ` to ${address}` : ""}${secrets}`;
  },

  async rule({ command, rule }, _, { wrangler }) {
    const there = (await wrangler.rules(rule.bucket)) ?? [];
    const wanted = { queue: rule.queue, prefix: rule.prefix ?? "", suffix: rule.suffix ?? "", actions: rule.event_types.flatMap((type) => ACTIONS[type]).sort() };
    if (there.some((other) => JSON.stringify(other) === JSON.stringify(wanted))) return "there";
    await wrangler.run(command.slice(1));
    return "created";
  },
};

/** @param {Context} context */
function wranglerOf({ root, folder, deployment, env, wrangler }) {
  const { account_id } = deployment.shared;
  const { CLOUDFLARE_ACCOUNT_ID: given } = env;
  if (account_id && given && account_id !== given) {
    throw new Error(`CLOUDFLARE_ACCOUNT_ID is ${given}, and environments/${deployment.environment}.toml says ${account_id}`);
  }
  // Some of its commands look at no configuration.
  const ofAccount = { ...env, ...(account_id && { CLOUDFLARE_ACCOUNT_ID: account_id }) };
  return new Wrangler(wrangler ?? wranglerProgram(path.join(root, WRANGLER), { cwd: root, env: ofAccount }), path.join(folder, CONFIG_FILE));
}

/** @param {Context} context */
export function writeConfig({ root, folder, deployment, secrets }, ids) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, CONFIG_FILE), `${JSON.stringify(wranglerConfig(deployment, root, ids, secrets), null, 2)}\n`);
}

/** Any Worker's will do: they have one warehouse. */
function motherduckToken({ secrets }) {
  return secrets.find(({ secret, value }) => secret === "MOTHERDUCK_TOKEN" && value !== undefined)?.value;
}

function setUpWarehouse([program, ...parameters], context) {
  const env = { ...context.env, MOTHERDUCK_TOKEN: motherduckToken(context) };
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(context.root, program), parameters, { env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))));
  });
}

/**
 * Calls `use` with the path of a file with this text. It has no name on disk, so nothing of it is left however this process ends.
 *
 * @template T
 * @param {string} text
 * @param {(file: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withUnnamedFile(text, use) {
  const folder = mkdtempSync(path.join(tmpdir(), "deploy-"));
  const descriptor = openSync(path.join(folder, "secrets"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  try {
    writeSync(descriptor, text);
    return await use(`/proc/${process.pid}/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

/** The address among the targets that `wrangler deploy` reports; others are crons and queues. */
function addressOf(report) {
  const entries = report.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const targets = entries.find(({ type }) => type === "deploy")?.targets ?? [];
  const url = targets.find((target) => target.startsWith("https://"));
  // A domain of the account's own is without a scheme: "schema.example.com (custom domain)".
  const domain = targets.map((target) => /^(\S+) \(custom domain/.exec(target)?.[1]).find(Boolean);
  return domain ? `https://${domain}` : url;
}
