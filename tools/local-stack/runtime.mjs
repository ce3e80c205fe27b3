/** The Workers in one workerd process, through Miniflare: they share its R2 and KV, which it keeps in a folder. */

import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";

import { queueBindings } from "./queue-binding.mjs";

// Miniflare's setting for the program to start as workerd.
process.env.MINIFLARE_WORKERD_PATH ??= fileURLToPath(new URL("workerd.sh", import.meta.url));

/** A Worker without code of interest that binds every bucket: how the stack itself reaches R2. */
const STACK_WORKER = "local-stack";

/**
 * @typedef {object} RuntimeOptions
 * @property {import("./config.mjs").StackConfig} config
 * @property {string} storagePath Folder for R2 and KV.
 * @property {string} queueAddress `host:port` of the broker.
 * @property {import("./secrets.mjs").Secrets} secrets
 * @property {Record<string, Record<string, unknown>>} variables By Worker: variables and secrets over those of wrangler.toml.
 * @property {Record<string, number>} ports By Worker; those without one get a free one.
 * @property {(entry: { timestamp: number, level: string, message: string }) => void} onLog
 */

export class Runtime {
  #options;
  /** @type {Miniflare | undefined} */
  #miniflare;
  /** @type {URL | undefined} */
  #url;
  /** By name, as long as workerd runs. @type {Map<string, import("miniflare").ReplaceWorkersTypes<any>>} */
  #workers = new Map();
  /** Ports by Worker: kept over a restart. @type {Record<string, number>} */
  #ports;

  /** @param {RuntimeOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ports = { ...options.ports };
  }

  /** Starts workerd, on what an earlier one left in the storage folder. */
  async start() {
    const miniflare = new Miniflare(convertV4MiniflareOptions(this.#miniflareOptions()));
    this.#url = await miniflare.ready;
    this.#miniflare = miniflare;
    for (const { environment, name } of this.#options.config.workers) {
      this.#ports[environment] = Number((await miniflare.unsafeGetDirectURL(name)).port);
    }
    // Creates the buckets' files.
    await Promise.all(this.#options.config.buckets.map(async (bucket) => (await this.bucket(bucket)).head("-")));
    // The first call of a Worker's method holds this process up until workerd answers, later ones don't. A batch of nothing is that call.
    for (const [queue, { worker }] of this.#options.config.consumers) await (await this.worker(worker)).queue(queue, []);
  }

  /** Kills workerd at once: Miniflare ends it with SIGKILL, so nothing in it gets to finish. */
  async kill() {
    const miniflare = this.#miniflare;
    this.#miniflare = undefined;
    this.#workers.clear();
    this.#url = undefined;
    await miniflare?.dispose();
  }

  /** Miniflare's own address, which has the S3 interface; undefined while workerd is down. */
  get url() {
    return this.#url;
  }

  /** Where Miniflare keeps R2. */
  get r2Path() {
    return path.join(this.#options.storagePath, "r2");
  }

  /**
   * The address at which a Worker answers HTTP.
   *
   * @param {string} environment
   */
  workerUrl(environment) {
    return `http://127.0.0.1:${this.#ports[this.#worker(environment).environment]}`;
  }

  /** @param {string} bucket */
  async bucket(bucket) {
    if (!this.#options.config.buckets.includes(bucket)) {
      throw new Error(`there is no bucket "${bucket}"; there are ${this.#options.config.buckets.join(", ")}`);
    }
    return this.#running().getR2Bucket(bucket, STACK_WORKER);
  }

  /**
   * @param {string} environment
   * @param {string} binding
   */
  async keyValueNamespace(environment, binding) {
    return this.#running().getKVNamespace(binding, this.#worker(environment).name);
  }

  /**
   * A Worker's events: `fetch`, `queue` and `scheduled`.
   *
   * @param {string} environment
   */
  async worker(environment) {
    const { name } = this.#worker(environment);
    const known = this.#workers.get(name) ?? (await this.#running().getWorker(name));
    this.#workers.set(name, known);
    return known;
  }

  #running() {
    if (!this.#miniflare) throw new Error("the Workers are not running: they were killed, or the stack was stopped");
    return this.#miniflare;
  }

  #worker(environment) {
    const { workers } = this.#options.config;
    const worker = workers.find((candidate) => candidate.environment === environment);
    if (!worker) throw new Error(`there is no Worker "${environment}"; there are ${workers.map((w) => w.environment).join(", ")}`);
    return worker;
  }

  #miniflareOptions() {
    const { config, storagePath, queueAddress, secrets, variables, rateLimit, onLog } = this.#options;
    const s3Credentials = { accessKeyId: secrets.r2AccessKeyId, secretAccessKey: secrets.r2SecretAccessKey };
    return {
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: storagePath,
      // No question to the network for request.cf.
      cf: false,
      logRequests: false,
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: onLog,
      workers: [
        ...config.workers.map((worker) => ({
          ...worker.options,
          name: worker.name,
          ...modulesOf(worker.main),
          serviceBindings: present(worker.options.serviceBindings, config.workers),
          ...(rateLimit && { ratelimits: withLimit(worker.options.ratelimits, rateLimit) }),
          bindings: { ...worker.options.bindings, ...changed(variables[worker.environment] ?? {}, worker.options.bindings) },
          unsafeBindings: queueBindings(worker.producers, queueAddress),
          unsafeDirectSockets: [{ host: "127.0.0.1", port: this.#ports[worker.environment] ?? 0 }],
        })),
        {
          name: STACK_WORKER,
          modules: true,
          script: "export default {}",
          compatibilityDate: "2026-07-01",
          r2Buckets: Object.fromEntries(config.buckets.map((bucket) => [bucket, { id: bucket, s3Credentials }])),
        },
      ],
    };
  }
}

/** Service bindings to Workers that the stack has: one may start some of them only. */
function present(bindings = {}, workers) {
  return Object.fromEntries(Object.entries(bindings).filter(([, { name }]) => workers.some((worker) => worker.name === name)));
}

/** Rate limits by binding, with another number of requests. */
function withLimit(configured = {}, limit) {
  return Object.fromEntries(Object.entries(configured).map(([name, settings]) => [name, { ...settings, simple: { ...settings.simple, limit } }]));
}

/** Variables, where a function makes the value from the configured one. */
function changed(variables, configured = {}) {
  const value = ([name, given]) => [name, typeof given === "function" ? given(configured[name]) : given];
  return Object.fromEntries(Object.entries(variables).map(value));
}

/**
 * Miniflare's options for a built Worker: its entry, which worker-build or esbuild has bundled, and the wasm modules beside it.
 *
 * @param {string} main Path of the entry.
 */
export function modulesOf(main) {
  const folder = path.dirname(main);
  const wasm = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  return {
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: main },
      ...wasm.map((name) => ({ type: "CompiledWasm", path: path.join(folder, name) })),
    ],
  };
}
