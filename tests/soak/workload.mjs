/** What goes on meanwhile: people and programs that land, replace and delete objects, and others that ask. */

import { setTimeout as sleep } from "node:timers/promises";

import { AwsClient } from "aws4fetch";

import { Random } from "../../tools/local-stack/random.mjs";
import { Contents } from "./contents.mjs";

/** Writers, each of keys of its own: so the order in which a key's contents were put is known. */
const WRITERS = 3;
/** Clients of the API, each with one request at a time. */
const CLIENTS = 2;

/** Milliseconds between a writer's actions, and between a client's requests, at most. */
const WRITER_PAUSE_MS = 1_600;
const CLIENT_PAUSE_MS = 900;

/** How many messages may wait before writers do. */
const BACKLOG = 100;

const TABLES = ["register", "movements", "catches", "permits"];
const SHEETS = ["harbours", "owners"];
const DATASETS = ["port-calls", "radio-logs"];

/** Keys of each kind that a writer has: some are new, most are used again. */
const KEYS = 12;

/** What a writer does, as often as its weight says. `unreadable` has keys of its own: what an earlier content became would stay visible. */
const ACTIONS = [
  { weight: 8, bucket: "vessel-csv", key: (random, own) => `${random.pick(TABLES)}/${own}.parquet`, content: (contents) => contents.table() },
  { weight: 5, bucket: "argilla-exports", key: (random, own) => `${random.pick(DATASETS)}/${own}.parquet`, content: (contents) => contents.annotations() },
  { weight: 4, bucket: "vessel-ocr", key: (random, own) => `logs/${own}.parquet`, content: (contents, key) => contents.pages(key) },
  { weight: 4, bucket: "vessel-uploads", key: (random, own) => `${random.pick(SHEETS)}/${own}.csv`, content: (contents) => contents.spreadsheet() },
  { weight: 1, bucket: "vessel-csv", key: (random, own) => `broken/${own}.parquet`, content: (contents) => contents.unreadable() },
  { weight: 0.5, bucket: "vessel-uploads", key: (random, own) => `broken/${own}.xlsx`, content: (contents) => contents.unreadableWorkbook() },
];

/** How often a key that is there is deleted rather than put again. */
const DELETION = 0.15;

/** What clients ask: of all kinds, and each as the gate takes it. */
const QUERIES = [
  "SELECT source_table, count(*) AS n FROM structured_data GROUP BY ALL ORDER BY ALL",
  "SELECT dataset, label, count(*) AS n FROM entity_mentions GROUP BY ALL ORDER BY n DESC LIMIT 20",
  "SELECT document_id, max(page_number) AS pages FROM raw_documents GROUP BY ALL ORDER BY pages DESC, document_id LIMIT 10",
  "SELECT flag, count(*) AS ships, sum(tonnage) AS tonnage FROM typed.register GROUP BY ALL ORDER BY ALL",
  "SELECT record_id, text FROM annotations WHERE dataset = 'port-calls' ORDER BY record_id LIMIT 50",
  "SELECT source_table, count(*) AS fields FROM field_definitions GROUP BY ALL ORDER BY ALL",
];

/**
 * @typedef {object} Answers
 * @property {number[]} milliseconds Of the queries that were answered.
 * @property {Record<string, number>} refused By HTTP status and the problem's words, or `network`.
 */

export class Workload {
  #stack;
  #world;
  #seed;
  #r2;
  #stopping = false;
  /** @type {Promise<void>[]} */
  #running = [];
  /** Rejects when workerd is killed: what is under way in it may never answer. */
  #killed = Promise.withResolvers();
  /** @type {Answers} */
  answers = { milliseconds: [], refused: {} };

  /**
   * @param {object} parts
   * @param {import("../../tools/local-stack/index.mjs").Stack} parts.stack
   * @param {import("./world.mjs").World} parts.world
   * @param {number} parts.seed
   */
  constructor({ stack, world, seed }) {
    this.#stack = stack;
    this.#world = world;
    this.#seed = seed;
    const { r2AccessKeyId: accessKeyId, r2SecretAccessKey: secretAccessKey } = stack.secrets;
    this.#r2 = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "auto", retries: 0 });
    this.#killed.promise.catch(() => {});
  }

  start() {
    for (let writer = 0; writer < WRITERS; writer++) this.#running.push(this.#write(writer, new Random(this.#seed + writer)));
    for (let client = 0; client < CLIENTS; client++) this.#running.push(this.#ask(new Random(this.#seed + WRITERS + client)));
  }

  /** Ends each writer and client after what it's at. */
  async stop() {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  /** To be called when workerd was killed. */
  wasKilled() {
    const before = this.#killed;
    this.#killed = Promise.withResolvers();
    this.#killed.promise.catch(() => {});
    before.reject(new Error("workerd was killed"));
  }

  /**
   * Does what the world outside would: tries again until it's done.
   *
   * @template T
   * @param {() => Promise<T>} action One that may be done twice.
   * @returns {Promise<T>}
   */
  async insist(action) {
    for (;;) {
      try {
        return await Promise.race([action(), this.#killed.promise]);
      } catch {
        await sleep(50);
      }
    }
  }

  async #write(writer, random) {
    const contents = new Contents(random, `w${writer}`);
    while (!this.#stopping) {
      await sleep(random.next() * WRITER_PAUSE_MS);
      if (["landed", "uploads"].some((queue) => this.#stack.queues.backlog(queue).count > BACKLOG)) continue;
      const { bucket, key: keyOf, content: make } = random.pick(ACTIONS, ({ weight }) => weight);
      const key = keyOf(random, `${writer}-${random.integer(0, KEYS)}`);
      if (this.#world.content(bucket, key) && random.happens(DELETION)) {
        await this.insist(() => this.#store("DELETE", bucket, key));
        this.#world.delete(bucket, key);
      } else {
        const content = make(contents, key);
        await this.insist(() => this.#store("PUT", bucket, key, content.bytes));
        this.#world.put(bucket, key, content);
      }
    }
  }

  /**
   * By R2's S3 interface. (Miniflare's own access to a bucket waits for workerd in a way that stops this process, which for one that is
   * about to be killed may be for ever.)
   */
  async #store(method, bucket, key, body) {
    const response = await this.#r2.fetch(`${this.#stack.addresses.r2}/${bucket}/${key}`, { method, body });
    if (!response.ok) throw new Error(`${method} ${bucket}/${key}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }

  async #ask(random) {
    while (!this.#stopping) {
      await sleep(random.next() * CLIENT_PAUSE_MS);
      const started = performance.now();
      const refusal = await this.#query(random.pick(QUERIES));
      if (!refusal) this.answers.milliseconds.push(performance.now() - started);
      else this.answers.refused[refusal] = (this.answers.refused[refusal] ?? 0) + 1;
    }
  }

  /** @returns {Promise<string | undefined>} why it gave no rows: the HTTP status and the problem's words, or `network`. */
  async #query(sql) {
    try {
      const response = await this.#stack.fetch("schema-api", "/api/query/execute", {
        method: "POST",
        headers: { authorization: `Bearer ${this.#stack.secrets.apiTokens.analyst}`, "content-type": "application/json" },
        body: JSON.stringify({ sql }),
      });
      const text = await response.text();
      return response.ok ? undefined : `${response.status} ${JSON.parse(text).detail.split("\n", 1)[0]}`;
    } catch {
      return "network";
    }
  }
}
