/**
 * What the stack is made of, read from the same files that a deployment uses: wrangler.toml and notifications.json.
 */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { unstable_getMiniflareWorkerOptions as miniflareWorkerOptions, unstable_readConfig as readWranglerConfig } from "wrangler";

import { parseRules } from "./notifications.mjs";

/**
 * How a Worker consumes a queue; names, units and meaning are those of wrangler.toml.
 *
 * @typedef {object} ConsumerSettings
 * @property {string} worker Environment of the Worker that consumes.
 * @property {number} maxBatchSize Messages of a batch at most, 1 to 100.
 * @property {number} maxBatchTimeout Seconds that an incomplete batch waits, 0 to 60.
 * @property {number} maxRetries Deliveries of a message after the first, 0 to 100.
 * @property {number} retryDelay Seconds before a retry that names no delay of its own.
 * @property {number} maxConcurrency Batches under way at once.
 * @property {string} [deadLetterQueue] Where a message goes that ran out of retries; without one it's dropped.
 */

/**
 * @typedef {object} WorkerConfig
 * @property {string} environment Name of the environment in wrangler.toml, by which the stack calls the Worker.
 * @property {string} name The Worker's name as deployed.
 * @property {string} main Absolute path of the built entry module.
 * @property {object} options Miniflare's options for bindings, variables and dates, without modules and queues.
 * @property {Record<string, string>} producers Queue by binding name.
 * @property {string[]} crons
 */

/**
 * @typedef {object} StackConfig
 * @property {WorkerConfig[]} workers
 * @property {string[]} buckets Every bucket that a Worker or a rule names.
 * @property {Map<string, ConsumerSettings>} consumers By queue.
 * @property {import("./notifications.mjs").Rule[]} rules
 */

/** The platform's values where wrangler.toml names none. */
const CONSUMER_DEFAULTS = {
  maxBatchSize: 10,
  maxBatchTimeout: 5,
  maxRetries: 3,
  retryDelay: 0,
  // The platform adds consumers by itself, up to 250. A few at once have the same races on a small machine.
  maxConcurrency: 5,
};

/**
 * Reads the configuration of the Workers and the rules of their buckets.
 *
 * @param {object} files
 * @param {string} files.wranglerConfig Path of wrangler.toml.
 * @param {string} files.notifications Path of notifications.json.
 * @param {string[]} [environments] Only these; all that the file defines by default.
 * @returns {StackConfig}
 * @throws {Error} if a Worker isn't built, two consume one queue, or a file breaks its rules.
 */
export function readStackConfig({ wranglerConfig, notifications }, environments) {
  const defined = readWranglerConfig({ config: wranglerConfig }).definedEnvironments ?? [];
  const chosen = environments ?? defined;
  const workers = chosen.map((environment) => {
    if (!defined.includes(environment)) {
      throw new Error(`${wranglerConfig} has no environment "${environment}"; it has ${defined.join(", ")}`);
    }
    return readWorker(wranglerConfig, environment);
  });
  const rules = parseRules(readFileSync(notifications, "utf8"), notifications);
  const buckets = new Set([...workers.flatMap(bucketsOf), ...rules.map((rule) => rule.bucket)]);
  return { workers, buckets: [...buckets].sort(), consumers: consumersOf(wranglerConfig, chosen), rules };
}

/** @returns {WorkerConfig} */
function readWorker(wranglerConfig, environment) {
  const { name, main, triggers } = readWranglerConfig({ config: wranglerConfig, env: environment });
  if (!main || !existsSync(main)) {
    const shown = main ? path.relative(process.cwd(), main) : "its main module";
    throw new Error(`the Worker "${environment}" isn't built: ${shown} isn't there; run scripts/build-workers ${environment}`);
  }
  const { workerOptions } = miniflareWorkerOptions(wranglerConfig, environment);
  const { modulesRules, queueProducers, queueConsumers, cronTriggers, ...options } = workerOptions;
  const producers = Object.entries(queueProducers ?? {}).map(([binding, { queueName }]) => [binding, queueName]);
  return { environment, name, main, options, producers: Object.fromEntries(producers), crons: triggers.crons ?? [] };
}

/** @param {WorkerConfig} worker */
function bucketsOf(worker) {
  return Object.values(worker.options.r2Buckets ?? {}).map((bucket) => bucket.id);
}

function consumersOf(wranglerConfig, environments) {
  /** @type {Map<string, ConsumerSettings>} */
  const consumers = new Map();
  for (const environment of environments) {
    for (const consumer of readWranglerConfig({ config: wranglerConfig, env: environment }).queues.consumers ?? []) {
      const other = consumers.get(consumer.queue);
      if (other) {
        throw new Error(`the queue "${consumer.queue}" has two consumers, ${other.worker} and ${environment}; it may have one`);
      }
      consumers.set(consumer.queue, {
        worker: environment,
        maxBatchSize: consumer.max_batch_size ?? CONSUMER_DEFAULTS.maxBatchSize,
        maxBatchTimeout: consumer.max_batch_timeout ?? CONSUMER_DEFAULTS.maxBatchTimeout,
        maxRetries: consumer.max_retries ?? CONSUMER_DEFAULTS.maxRetries,
        retryDelay: consumer.retry_delay ?? CONSUMER_DEFAULTS.retryDelay,
        maxConcurrency: consumer.max_concurrency ?? CONSUMER_DEFAULTS.maxConcurrency,
        deadLetterQueue: consumer.dead_letter_queue,
      });
    }
  }
  return consumers;
}
