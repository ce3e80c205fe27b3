/**
 * The whole system on one machine: the Workers of wrangler.toml in workerd with R2, queues, KV and cron, the local warehouse,
 * R2's S3 interface, and the events that the platform would send. `scripts/demo` and the tests share it.
 *
 * ```js
 * const stack = await startStack();
 * await stack.put("vessel-csv", "registers/2026.parquet", bytes);
 * await stack.waitUntilIdle();
 * await stack.stop();
 * ```
 *
 * State lies in one folder, which the next start can go on with. Nothing listens on anything but 127.0.0.1.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Cron } from "croner";

import { readStackConfig } from "./config.mjs";
import { BucketEvents } from "./events.mjs";
import { serveGateway } from "./gateway.mjs";
import { serveBroker } from "./queue-server.mjs";
import { QueueBroker } from "./queues.mjs";
import { Runtime } from "./runtime.mjs";
import { apiTokenHashes, loadSecrets, tokenHash } from "./secrets.mjs";
import { waitUntil } from "./wait.mjs";
import { Warehouse } from "./warehouse.mjs";
import { WarehouseClient } from "./warehouse-client.mjs";

export { waitUntil } from "./wait.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Folder of all local state, relative to the repository's root. */
export const STATE_FOLDER = path.join(ROOT, ".state");

/** Lines of the Workers' logs that are kept. */
const KEPT_LOG_LINES = 10_000;

/** What makes the warehouse's schema, in this order. */
export const SCHEMA = [
  "schema_v1.sql", "schema_catalog.sql", "typed.sql", "reports.sql", "outbox.sql", "queries.sql", "monitoring.sql", "--optional", "indexes.sql",
].map((name) => (name.startsWith("--") ? name : path.join(ROOT, "sql/motherduck", name)));

/** How the Workers reach the warehouse, unless a stack says otherwise: `mcp` or `postgres`. The same tests run over both. */
const TRANSPORT = process.env.LIVING_SCHEMA_TRANSPORT ?? "mcp";

/** Name of the warehouse's database, as wrangler.toml's WAREHOUSE_DATABASE has it. */
export const DATABASE_NAME = "living_schema";

/**
 * @typedef {object} StackOptions
 * @property {string} [stateFolder] Where state is kept. By default a new folder in .state/, removed by `stop`.
 * @property {string} [wranglerConfig] By default wrangler.toml.
 * @property {string} [notifications] By default notifications.json.
 * @property {string[]} [workers] Only these environments of wrangler.toml.
 * @property {string[]} [buckets] Further buckets, which no Worker binds.
 * @property {Record<string, Record<string, unknown>>} [variables] By Worker: variables and secrets over those of wrangler.toml. A
 *   function gets the configured value and returns another.
 * @property {number} [rateLimit] Requests within a rate limit's period, over that of wrangler.toml.
 * @property {Record<string, Partial<import("./config.mjs").ConsumerSettings>>} [queues] By queue: settings of its consumer over
 *   those of wrangler.toml, to make a test short or harsh.
 * @property {{ gateway?: number, warehouse?: number, workers?: Record<string, number> }} [ports] Free ones by default.
 * @property {boolean} [crons] Run the Workers' crons when they are due; by hand only, by default.
 * @property {boolean | { command?: string, args?: string[] }} [warehouse] False leaves it out; an object names another program,
 *   or further arguments. The schema is applied, unless it's another program.
 * @property {(entry: LogEntry) => void} [onLog] Called for each line that a Worker logs.
 */

/** @typedef {{ timestamp: number, level: string, message: string }} LogEntry */

/**
 * Starts a stack, and waits until all of it answers.
 *
 * @param {StackOptions} [options]
 * @returns {Promise<Stack>}
 * @throws {Error} that says what isn't built, or which part didn't start.
 */
export async function startStack(options = {}) {
  const stack = new Stack(options);
  try {
    await stack.start();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}

export class Stack {
  #options;
  #config;
  #stateFolder;
  #temporary;
  #secrets;
  #database;
  #broker;
  #events;
  #runtime;
  #queueServer;
  #gateway;
  /** @type {Warehouse | undefined} */
  #warehouse;
  /** @type {WarehouseClient | undefined} */
  #client;
  /** @type {Cron[]} */
  #crons = [];
  /** @type {LogEntry[]} */
  #logs = [];

  /**
   * Prefer `startStack`.
   *
   * @param {StackOptions} options
   */
  constructor(options) {
    this.#options = options;
    const { wranglerConfig = path.join(ROOT, "wrangler.toml"), notifications = path.join(ROOT, "notifications.json") } = options;
    this.#config = readStackConfig({ wranglerConfig, notifications }, options.workers);
    this.#config.buckets.push(...(options.buckets ?? []));
    for (const [queue, settings] of Object.entries(options.queues ?? {})) {
      const consumer = this.#config.consumers.get(queue);
      if (!consumer) throw new Error(`no Worker consumes the queue "${queue}", so it has no settings`);
      Object.assign(consumer, settings);
    }

    mkdirSync(STATE_FOLDER, { recursive: true });
    this.#temporary = options.stateFolder === undefined;
    this.#stateFolder = options.stateFolder ?? mkdtempSync(path.join(STATE_FOLDER, "stack-"));
    mkdirSync(this.#stateFolder, { recursive: true });
    this.#secrets = loadSecrets(path.join(this.#stateFolder, "secrets.json"));
    this.#database = new DatabaseSync(path.join(this.#stateFolder, "queues.sqlite"));
    // What a killed process had committed is there; only a power cut may lose the last of it.
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#broker = new QueueBroker({
      database: this.#database,
      consumers: this.#config.consumers,
      deliver: async (worker, queue, messages) => (await this.#runtime.worker(worker)).queue(queue, messages),
    });
    this.#events = new BucketEvents({ database: this.#database, broker: this.#broker, rules: this.#config.rules });
  }

  /** Starts the parts in the order in which they need each other. */
  async start() {
    const { ports = {}, warehouse = true, variables = {} } = this.#options;
    this.#queueServer = await serveBroker(this.#broker);
    this.#gateway = await serveGateway({
      port: ports.gateway ?? 0,
      accessKeyId: this.#secrets.r2AccessKeyId,
      secretAccessKey: this.#secrets.r2SecretAccessKey,
      upstream: () => this.#runtime?.url,
      events: this.#events,
    });
    if (warehouse) {
      this.#warehouse = new Warehouse({
        databaseFile: path.join(this.#stateFolder, "warehouse.duckdb"),
        databaseName: DATABASE_NAME,
        port: ports.warehouse,
        r2Endpoint: this.#gateway.endpoint,
        secrets: this.#secrets,
        ...(typeof warehouse === "object" && warehouse),
      });
      await this.#warehouse.start();
      if (!warehouse.command) await this.setUpWarehouse();
      this.#client = new WarehouseClient({ url: this.#warehouse.url, token: this.#secrets.warehouseToken, database: DATABASE_NAME });
    }
    const local = {
      MOTHERDUCK_TOKEN: this.#secrets.warehouseToken,
      ADMIN_TOKEN_HASH: tokenHash(this.#secrets.adminToken),
      DISCOVERY_TOKEN: this.#secrets.adminToken,
      INGEST_TOKEN: this.#secrets.adminToken,
      API_TOKENS: apiTokenHashes(this.#secrets),
      ...(this.#warehouse && {
        WAREHOUSE_TRANSPORT: TRANSPORT,
        WAREHOUSE_URL: this.#warehouse.url,
        WAREHOUSE_POSTGRES: this.#warehouse.postgres,
        WAREHOUSE_DATABASE: DATABASE_NAME,
      }),
      USE_MOTHERDUCK_SCHEMA: "true",
    };
    this.#runtime = new Runtime({
      config: this.#config,
      storagePath: path.join(this.#stateFolder, "workers"),
      queueAddress: this.#queueServer.address,
      secrets: this.#secrets,
      variables: Object.fromEntries(this.#config.workers.map(({ environment }) => [environment, { ...local, ...variables[environment] }])),
      rateLimit: this.#options.rateLimit,
      ports: ports.workers ?? {},
      onLog: (entry) => this.#log(entry),
    });
    await this.restartWorkers();
    if (this.#options.crons) this.#startCrons();
  }

  /** Applies the warehouse's schema, by the program behind scripts/motherduck_setup.sh. It can be done any number of times. */
  async setUpWarehouse() {
    await this.warehouse.setUp(SCHEMA);
  }

  /** Stops every part, and removes the state if it was temporary. May be called at any time, more than once. */
  async stop() {
    for (const cron of this.#crons) cron.stop();
    await this.killWorkers();
    await this.#client?.close();
    await this.#warehouse?.stop();
    await this.#gateway?.close();
    this.#queueServer?.close();
    if (this.#database.isOpen) this.#database.close();
    if (this.#temporary) rmSync(this.#stateFolder, { recursive: true, force: true });
  }

  /**
   * Kills workerd as a crash would: at once, with all Workers and R2 in it. Deliveries under way have failed, and come again
   * after `restartWorkers`. Sends that had returned and objects that had been put are kept.
   */
  async killWorkers() {
    this.#broker.stop();
    this.#events.detach();
    await this.#runtime?.kill();
    await this.#broker.settled();
  }

  /** Starts the Workers again after `killWorkers`, on the same state and ports. */
  async restartWorkers() {
    await this.#runtime.start();
    this.#events.attach(this.#runtime.r2Path, this.#config.buckets);
    this.#broker.start();
  }

  // ---- Addresses and secrets ------------------------------------------------------------------------------------------

  /** Addresses, and where the secrets are; none of them is secret itself. */
  get addresses() {
    return {
      workers: Object.fromEntries(this.#config.workers.map(({ environment }) => [environment, this.#runtime.workerUrl(environment)])),
      r2: `http://${this.#gateway.endpoint}`,
      warehouse: this.#warehouse?.url,
      secretsFile: path.join(this.#stateFolder, "secrets.json"),
    };
  }

  /** @returns {import("./secrets.mjs").Secrets} */
  get secrets() {
    return this.#secrets;
  }

  // ---- Objects --------------------------------------------------------------------------------------------------------

  /**
   * Puts an object, as an upload would.
   *
   * @param {string} bucket
   * @param {string} key
   * @param {string | Uint8Array} body
   * @param {object} [options] R2's put options, such as `customMetadata`.
   * @returns {Promise<{ etag: string, size: number }>}
   */
  async put(bucket, key, body, options) {
    const { etag, size } = await (await this.#runtime.bucket(bucket)).put(key, body, options);
    return { etag, size };
  }

  /**
   * @param {string} bucket
   * @param {string} key
   * @returns {Promise<Buffer | undefined>} the object's bytes.
   */
  async get(bucket, key) {
    const object = await (await this.#runtime.bucket(bucket)).get(key);
    return object ? buffer(object.body) : undefined;
  }

  /**
   * @param {string} bucket
   * @param {string} key
   * @returns {Promise<{ key: string, size: number, etag: string, customMetadata: Record<string, string> } | undefined>}
   */
  async head(bucket, key) {
    const object = await (await this.#runtime.bucket(bucket)).head(key);
    if (!object) return undefined;
    const { size, etag, customMetadata } = object;
    return { key, size, etag, customMetadata };
  }

  /**
   * @param {string} bucket
   * @param {string | string[]} keys
   */
  async delete(bucket, keys) {
    await (await this.#runtime.bucket(bucket)).delete(keys);
  }

  /**
   * @param {string} bucket
   * @param {string} [prefix]
   * @returns {Promise<string[]>} all keys, in order.
   */
  async list(bucket, prefix) {
    const r2 = await this.#runtime.bucket(bucket);
    const keys = [];
    for (let cursor, more = true; more; ) {
      const page = await r2.list({ prefix, cursor });
      keys.push(...page.objects.map((object) => object.key));
      more = page.truncated;
      cursor = page.cursor;
    }
    return keys;
  }

  // ---- Events, queues, Workers ----------------------------------------------------------------------------------------

  /** R2's event notifications: `hold`, `held`, `release`. */
  get events() {
    return this.#events;
  }

  /** Queues: `send`, `messages`, `drain`, `counts`, `pause`, `resume`. */
  get queues() {
    return this.#broker;
  }

  /** The local warehouse's process: `url`, `stop`, `kill`, `start`. */
  get warehouse() {
    if (!this.#warehouse) throw new Error("this stack was started without a warehouse");
    return this.#warehouse;
  }

  /** A client of the warehouse: `query`, `value`, `write`, and its faults. */
  get sql() {
    if (!this.#client) throw new Error("this stack was started without a warehouse");
    return this.#client;
  }

  /**
   * Sends a Worker a request, over HTTP.
   *
   * @param {string} worker
   * @param {string} pathAndQuery
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(worker, pathAndQuery, init) {
    return fetch(new URL(pathAndQuery, this.#runtime.workerUrl(worker)), init);
  }

  /**
   * Runs a Worker's scheduled handler.
   *
   * @param {string} worker
   * @param {object} [options]
   * @param {string} [options.cron] By default the first that wrangler.toml names.
   * @param {Date} [options.scheduledTime] By default now.
   * @returns {Promise<{ outcome: string }>}
   */
  async runCron(worker, { cron, scheduledTime } = {}) {
    const configured = this.#config.workers.find(({ environment }) => environment === worker)?.crons[0];
    return (await this.#runtime.worker(worker)).scheduled({ cron: cron ?? configured, scheduledTime });
  }

  /**
   * A KV namespace of a Worker.
   *
   * @param {string} worker
   * @param {string} binding
   */
  async keyValueNamespace(worker, binding) {
    return this.#runtime.keyValueNamespace(worker, binding);
  }

  // ---- Observing ------------------------------------------------------------------------------------------------------

  /**
   * What the Workers have logged, oldest first.
   *
   * @param {string} [containing] Only messages with this text.
   * @returns {LogEntry[]}
   */
  logs(containing = "") {
    return this.#logs.filter(({ message }) => message.includes(containing));
  }

  /**
   * Waits until `probe` returns something truthy; a time-out's message has the state of the queues and the last of the logs.
   *
   * @template T
   * @param {string} what
   * @param {() => T | Promise<T>} probe
   * @param {{ timeoutMs?: number }} [options]
   * @returns {Promise<T>}
   */
  async waitUntil(what, probe, options) {
    return waitUntil(what, probe, { ...options, describe: () => this.#describe() });
  }

  /** Waits until every event is sent and every message of a queue that has a consumer is dealt with. */
  async waitUntilIdle(options) {
    await this.waitUntil("events and queues to be dealt with", () => this.#events.idle && this.#broker.idle, options);
  }

  #log(entry) {
    this.#logs.push(entry);
    if (this.#logs.length > KEPT_LOG_LINES) this.#logs.shift();
    this.#options.onLog?.(entry);
  }

  #describe() {
    const lines = this.#logs.slice(-20).map(({ level, message }) => `log ${level}: ${message}`);
    return [this.#broker.describe(), ...lines, ...(this.#warehouse?.errorLines.slice(-5) ?? [])].join("\n");
  }

  #startCrons() {
    for (const { environment, crons } of this.#config.workers) {
      for (const cron of crons) {
        // As on the platform, in UTC, and one run at a time.
        const run = () => this.runCron(environment, { cron });
        this.#crons.push(new Cron(cron, { timezone: "UTC", protect: true, unref: true, catch: true }, run));
      }
    }
  }
}
