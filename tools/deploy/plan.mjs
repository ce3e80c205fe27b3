/** The steps of a deployment, in order: each looks first whether it's done, so that all of them can be taken again at any time. */

import path from "node:path";

/**
 * @typedef {object} Step
 * @property {"warehouse" | "bucket" | "queue" | "namespace" | "worker" | "rule"} kind
 * @property {string} name What it makes, as people call it.
 * @property {string[]} command What it runs where it isn't done: a program and its arguments.
 * @property {string} [note] For the plan: what comes with it.
 * @property {import("../local-stack/notifications.mjs").Rule} [rule] Of a rule.
 * @property {import("./environment.mjs").DeployedWorker} [worker] Of a Worker.
 */

/**
 * What has to be there before what needs it: the warehouse's schema, then what Workers are bound to, the Workers, and last what sends
 * them messages.
 *
 * @param {import("./environment.mjs").Deployment} deployment
 * @param {string} configFile Path of the configuration that wrangler gets.
 * @returns {Step[]}
 */
export function planSteps({ workers, buckets, queues, namespaces, rules, warehouse }, configFile) {
  const consumed = new Set(workers.flatMap(({ config }) => (config.queues?.consumers ?? []).map(({ dead_letter_queue }) => dead_letter_queue)));
  return [
    {
      kind: "warehouse",
      name: `schema in ${warehouse.database} at ${warehouse.url}`,
      command: ["scripts/motherduck_setup.sh", "--url", warehouse.url, "--database", warehouse.database],
    },
    ...buckets.map((name) => ({ kind: "bucket", name, command: ["wrangler", "r2", "bucket", "create", name, "--update-config=false"] })),
    ...queues.map((name) => ({ kind: "queue", name, command: ["wrangler", "queues", "create", name], ...(consumed.has(name) && { note: "dead letters" }) })),
    ...namespaces.map((name) => ({ kind: "namespace", name, command: ["wrangler", "kv", "namespace", "create", name, "--update-config=false"] })),
    ...workers.map((worker) => ({
      kind: "worker",
      name: worker.name,
      command: ["wrangler", "deploy", "--config", configFile, "--env", worker.environment],
      note: describeWorker(worker.config),
      worker,
    })),
    ...rules.map((rule) => ({ kind: "rule", name: describeRule(rule), command: ruleCommand(rule), rule })),
  ];
}

/** @param {import("../local-stack/notifications.mjs").Rule} rule */
function ruleCommand({ bucket, queue, event_types, prefix, suffix, description }) {
  return [
    ...["wrangler", "r2", "bucket", "notification", "create", bucket, "--queue", queue, "--event-types", ...event_types],
    ...(prefix ? ["--prefix", prefix] : []),
    ...(suffix ? ["--suffix", suffix] : []),
    ...(description ? ["--description", description] : []),
  ];
}

/** @param {import("../local-stack/notifications.mjs").Rule} rule */
function describeRule({ bucket, queue, event_types, prefix = "", suffix = "" }) {
  return `${bucket}/${prefix}*${suffix} to ${queue} (${event_types.map((type) => type.replace("object-", "")).join(", ")})`;
}

function describeWorker({ triggers, queues, services }) {
  return [
    ...(queues?.consumers?.length ? [`consumes ${queues.consumers.map(({ queue }) => queue).join(", ")}`] : []),
    ...(triggers?.crons?.length ? [`cron ${triggers.crons.join(", ")}`] : []),
    ...(services?.length ? [`bound to ${services.map(({ service }) => service).join(", ")}`] : []),
  ].join("; ");
}

/**
 * The configuration that wrangler gets. It isn't in the repository's folder, so paths are absolute.
 *
 * @param {import("./environment.mjs").Deployment} deployment
 * @param {string} root Folder of the repository.
 * @param {Map<string, string>} ids Of namespaces, by title; without one a namespace has an id of zeros, which only a dry run takes.
 * @param {import("./secrets.mjs").SecretPlan[]} secrets wrangler refuses a Worker that would be without a needed one.
 * @returns {Record<string, any>}
 */
export function wranglerConfig({ workers, shared }, root, ids, secrets) {
  const absolute = (name) => path.resolve(root, name);
  const needed = (environment) => secrets.filter(({ worker, needed: is }) => worker === environment && is).map(({ secret }) => secret);
  const table = ({ environment, config }) => ({
    ...config,
    main: absolute(config.main),
    ...(config.build && { build: { ...config.build, cwd: root } }),
    ...(config.assets && { assets: { ...config.assets, directory: absolute(config.assets.directory) } }),
    ...(config.kv_namespaces && {
      kv_namespaces: config.kv_namespaces.map(({ title, ...namespace }) => (title ? { ...namespace, id: ids.get(title) ?? "0".repeat(32) } : namespace)),
    }),
    ...(secrets.length > 0 && { secrets: { required: needed(environment) } }),
  });
  return { ...shared, env: Object.fromEntries(workers.map((worker) => [worker.environment, table(worker)])) };
}
