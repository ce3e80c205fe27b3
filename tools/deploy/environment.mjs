/**
 * What a deployment consists of: the Workers of wrangler.toml and the rules of notifications.json, as an environment has them.
 *
 * An environment is a file, environments/NAME.toml, with what differs: tables of wrangler.toml, and a prefix for every name that an
 * account knows, so that two environments may share one. A name that Workers read from their settings changes with it.
 */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { experimental_readRawConfig as readRawConfig } from "wrangler";

import { parseRules } from "../local-stack/notifications.mjs";

/** Where the environments are, below the repository's root. */
const FOLDER = "environments";

/** What an environment's file may have, but for `env`. */
const OWN_SETTINGS = ["prefix", "without", "account_id", "env"];

/** What it may say of a Worker that wrangler.toml doesn't: addresses, of which an account has its own. */
const ONLY_OF_ENVIRONMENTS = ["routes", "workers_dev"];

/** The id of a namespace in wrangler.toml: `scripts/deploy` finds the real one by the namespace's title. */
const PLACEHOLDER = /^0{24}/;

/** What the titles of namespaces begin with, after the prefix: an account may have others. */
const TITLE = "living-schema-";

/**
 * @typedef {object} DeployedWorker
 * @property {string} environment Its name in wrangler.toml: "ingest".
 * @property {string} name Its name in the account.
 * @property {Record<string, any>} config Its table, as wrangler gets it; namespaces have their titles instead of ids.
 */

/**
 * @typedef {object} Deployment
 * @property {string} environment "staging", "production", or another that has a file.
 * @property {DeployedWorker[]} workers Each after those that it's bound to.
 * @property {string[]} buckets
 * @property {string[]} queues
 * @property {string[]} namespaces Titles.
 * @property {import("../local-stack/notifications.mjs").Rule[]} rules
 * @property {{ url: string, database: string }} warehouse
 * @property {Record<string, any>} shared What wrangler.toml says of all Workers, and the account if the environment names it.
 */

/**
 * @param {string} root Folder of the repository.
 * @returns {string[]} the environments that there are.
 */
export function environments(root) {
  return readdirSync(path.join(root, FOLDER)).filter((file) => file.endsWith(".toml")).map((file) => path.basename(file, ".toml")).sort();
}

/**
 * Reads and checks an environment.
 *
 * @param {string} root Folder of the repository.
 * @param {string} environment
 * @returns {Deployment}
 * @throws {Error} that names the file, the setting and the rule that it breaks.
 */
export function readDeployment(root, environment) {
  const file = path.join(FOLDER, `${environment}.toml`);
  if (!existsSync(path.join(root, file))) throw new Error(`there is no environment "${environment}"; there are ${environments(root).join(", ")}`);
  const own = readToml(path.join(root, file));
  const base = readToml(path.join(root, "wrangler.toml"));
  const rules = parseRules(readFileSync(path.join(root, "notifications.json"), "utf8"), "notifications.json");
  return composeDeployment({ environment, file, own, base, rules });
}

function readToml(config) {
  // A copy: its tables have no prototype.
  return structuredClone(readRawConfig({ config }).rawConfig);
}

/**
 * @param {object} parts
 * @param {string} parts.environment
 * @param {string} parts.file Name of the environment's file, for messages.
 * @param {Record<string, any>} parts.own What that file says.
 * @param {Record<string, any>} parts.base What wrangler.toml says.
 * @param {import("../local-stack/notifications.mjs").Rule[]} parts.rules
 * @returns {Deployment}
 * @throws {Error} as `readDeployment`.
 */
export function composeDeployment({ environment, file, own, base, rules }) {
  const fail = (problem) => {
    throw new Error(`${file}: ${problem}`);
  };
  const { prefix = "", without = [], account_id, env = {} } = own;
  const unknown = Object.keys(own).find((name) => !OWN_SETTINGS.includes(name));
  if (unknown) fail(`there is no setting "${unknown}"; there are ${OWN_SETTINGS.join(", ")}`);
  // Names of buckets have lower-case letters, digits and hyphens, and queues' and Workers' may have them.
  if (!/^([a-z0-9][a-z0-9-]*)?$/.test(prefix)) fail(`prefix: ${JSON.stringify(prefix)} has something else than lower-case letters, digits and hyphens`);
  const { env: tables, ...shared } = base;
  for (const name of [...without, ...Object.keys(env)]) {
    if (!(name in tables)) fail(`wrangler.toml has no Worker "${name}"; it has ${Object.keys(tables).join(", ")}`);
  }
  for (const [name, table] of Object.entries(env)) checkOverrides(table, tables[name], [`env.${name}`], fail);

  const kept = Object.entries(tables).filter(([name]) => !without.includes(name));
  const merged = kept.map(([name, table]) => [name, merge(table, env[name] ?? {})]);
  const names = new Set(merged.map(([, table]) => table.name));
  const left = Object.values(tables).map((table) => table.name).filter((name) => !names.has(name));
  const buckets = new Set(merged.flatMap(([, { r2_buckets = [] }]) => r2_buckets.map((bucket) => bucket.bucket_name)));
  const workers = merged.map(([name, table]) => {
    const config = withNames(withoutServices(table, left), prefix, buckets);
    return { environment: name, name: config.name, config };
  });

  const deployment = {
    environment,
    workers: inOrder(workers),
    buckets: [...buckets].map((bucket) => prefix + bucket).sort(),
    queues: [...new Set(workers.flatMap(({ config }) => queuesOf(config)))].sort(),
    namespaces: [...new Set(workers.flatMap(({ config }) => (config.kv_namespaces ?? []).map(({ title }) => title).filter(Boolean)))].sort(),
    rules: rules.map((rule) => ({ ...rule, bucket: prefix + rule.bucket, queue: prefix + rule.queue })),
    warehouse: warehouseOf(workers),
    shared: { ...shared, ...(account_id && { account_id }) },
  };
  // A rule of a bucket that no Worker of this environment has is for one that it leaves out.
  deployment.rules = deployment.rules.filter((rule) => left.length === 0 || deployment.buckets.includes(rule.bucket));
  checkDeployment(deployment);
  return deployment;
}

/** An override of something that isn't there is a slip of the pen. */
function checkOverrides(table, known, place, fail) {
  for (const [name, value] of Object.entries(table)) {
    if (place.length === 1 && ONLY_OF_ENVIRONMENTS.includes(name)) continue;
    const at = [...place, name].join(".");
    if (known === undefined || !(name in known)) fail(`${at}: wrangler.toml has no such setting`);
    if (isTable(value) && isTable(known[name])) {
      // A setting that is a table (ACCESS_SCOPES, INGEST) may have other names in it.
      if (place.length === 1) checkOverrides(value, known[name], [...place, name], fail);
    } else if (typeof value !== typeof known[name] || Array.isArray(value) !== Array.isArray(known[name])) {
      fail(`${at}: ${JSON.stringify(value)} is of another type than wrangler.toml's ${JSON.stringify(known[name])}`);
    }
  }
}

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Tables are merged, anything else is replaced. */
function merge(base, over) {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    merged[name] = isTable(value) && isTable(base[name]) ? merge(base[name], value) : value;
  }
  return merged;
}

function withoutServices(table, left) {
  if (!table.services) return table;
  return { ...table, services: table.services.filter(({ service }) => !left.includes(service)) };
}

/** A Worker's table with the prefix before each name that the account knows, and in the settings that name a bucket. */
function withNames(table, prefix, buckets) {
  const queue = (settings) => ({
    ...settings,
    queue: prefix + settings.queue,
    ...(settings.dead_letter_queue && { dead_letter_queue: prefix + settings.dead_letter_queue }),
  });
  return {
    ...table,
    name: prefix + table.name,
    ...(table.vars && { vars: withBuckets(table.vars, prefix, buckets) }),
    ...(table.r2_buckets && { r2_buckets: table.r2_buckets.map((bucket) => withName(bucket, prefix)) }),
    ...(table.services && { services: table.services.map((service) => ({ ...service, service: prefix + service.service })) }),
    ...(table.kv_namespaces && { kv_namespaces: table.kv_namespaces.map((namespace) => withTitle(namespace, prefix)) }),
    ...(table.queues && {
      queues: { consumers: (table.queues.consumers ?? []).map(queue), producers: (table.queues.producers ?? []).map(queue) },
    }),
  };
}

function withName({ binding, bucket_name, ...bucket }, prefix) {
  if (binding !== bindingOf(bucket_name)) throw new Error(`wrangler.toml: the bucket "${bucket_name}" has to be bound as ${bindingOf(bucket_name)}, not as ${binding}`);
  return { ...bucket, binding: bindingOf(prefix + bucket_name), bucket_name: prefix + bucket_name };
}

/** Workers look for a bucket under its own name in capitals (`binding_name` in shared/kit). */
function bindingOf(bucket) {
  return bucket.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

function withBuckets(value, prefix, buckets) {
  if (typeof value === "string") return buckets.has(value) ? prefix + value : value;
  if (Array.isArray(value)) return value.map((item) => withBuckets(item, prefix, buckets));
  if (isTable(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withBuckets(item, prefix, buckets)]));
  return value;
}

/** One binding is one namespace, in whichever Workers it is. */
function withTitle({ id, ...namespace }, prefix) {
  return PLACEHOLDER.test(id) ? { ...namespace, title: `${prefix}${TITLE}${namespace.binding}` } : { ...namespace, id };
}

function queuesOf({ queues: { consumers = [], producers = [] } = {} }) {
  return [...consumers.flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue]), ...producers.map(({ queue }) => queue)].filter(Boolean);
}

/** A Worker can only be bound to one that is there. */
function inOrder(workers) {
  const sorted = [];
  const visit = (worker, path) => {
    if (path.includes(worker)) throw new Error(`wrangler.toml: ${[...path, worker].map(({ environment }) => environment).join(" is bound to ")}`);
    if (sorted.includes(worker)) return;
    for (const { service } of worker.config.services ?? []) {
      const bound = workers.find(({ name }) => name === service);
      if (!bound) throw new Error(`wrangler.toml, env.${worker.environment}: it's bound to "${service}", and there is no such Worker`);
      visit(bound, [...path, worker]);
    }
    sorted.push(worker);
  };
  for (const worker of workers) visit(worker, []);
  return sorted;
}

function warehouseOf(workers) {
  const all = workers.filter(({ config }) => config.vars?.WAREHOUSE_DATABASE !== undefined);
  for (const name of ["WAREHOUSE_URL", "WAREHOUSE_DATABASE"]) {
    const [one, other] = [all[0], all.find(({ config }) => config.vars[name] !== all[0].config.vars[name])];
    if (other) {
      throw new Error(`${name} of ${one.environment} is "${one.config.vars[name]}", of ${other.environment} "${other.config.vars[name]}": Workers share one warehouse`);
    }
  }
  const { WAREHOUSE_URL: url, WAREHOUSE_DATABASE: database } = all[0]?.config.vars ?? {};
  return { url, database };
}

/** What the platform would only refuse, or quietly never do, once half of it is deployed. */
function checkDeployment({ workers, buckets, queues, rules }) {
  const consumers = new Map();
  for (const { environment, config } of workers) {
    for (const { queue } of config.queues?.consumers ?? []) {
      if (consumers.has(queue)) throw new Error(`the queue "${queue}" has two consumers, ${consumers.get(queue)} and ${environment}; it may have one`);
      consumers.set(queue, environment);
    }
    for (const bucket of bucketsOfRoutes(config.vars ?? {})) {
      if (!(config.r2_buckets ?? []).some(({ bucket_name }) => bucket_name === bucket)) {
        throw new Error(`wrangler.toml, env.${environment}: a setting names the bucket "${bucket}", which isn't bound`);
      }
    }
  }
  rules.forEach(({ bucket, queue }, index) => {
    const at = `notifications.json, rule ${index + 1}`;
    if (!buckets.includes(bucket)) throw new Error(`${at}: no Worker has the bucket "${bucket}"`);
    if (!consumers.has(queue)) throw new Error(`${at}: no Worker consumes the queue "${queue}"; there are ${[...consumers.keys()].sort().join(", ")}`);
  });
  for (const queue of queues) {
    if (!consumers.has(queue)) throw new Error(`wrangler.toml: a Worker sends to the queue "${queue}", and none consumes it`);
  }
  for (const name of [...buckets, ...queues, ...workers.map(({ name }) => name)]) {
    // The shortest of the platform's limits, of buckets and of Workers' names in addresses.
    if (name.length > 63) throw new Error(`the name "${name}" has ${name.length} characters; it may have 63`);
  }
}

/** Buckets that settings name: under `bucket`, or a name that ends so. */
function bucketsOfRoutes(value) {
  if (Array.isArray(value)) return value.flatMap(bucketsOfRoutes);
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => (/(^|_)bucket$/.test(name) && typeof item === "string" ? [item] : bucketsOfRoutes(item)));
}
