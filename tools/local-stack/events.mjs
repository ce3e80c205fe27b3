/**
 * R2's event notifications, which Miniflare doesn't have: what happens to an object becomes the platform's message in the queue
 * of the matching rule, whoever did it: a Worker through its binding, a client of the gateway, or a test.
 *
 * Miniflare keeps each bucket's metadata in one SQLite file. Two triggers there write each creation and deletion to an outbox
 * table, in the transaction that makes the change: no change goes without its event and no event without its change, even when
 * workerd is killed in between. This module reads the outbox and remembers how far it came in the transaction that puts the
 * message into its queue. It only ever reads the bucket's file after that, so workerd finds no lock in its way.
 *
 * Alternatives and why not: a binding wrapped in JavaScript or a proxy of R2's internal protocol both lose the event when
 * workerd dies between change and notice; watching the directory misses overwrites.
 */

import { createHash, createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import { queueFor } from "./notifications.mjs";
import { Random } from "./random.mjs";

/** How often the outboxes are looked at; a look at one that didn't change costs microseconds. */
const POLL_INTERVAL_MS = 20;

/** The account in each message. The platform's is 32 hex digits. */
const ACCOUNT = "00000000000000000000000000000000";

/**
 * The platform's message.
 *
 * @typedef {object} BucketEvent
 * @property {string} account
 * @property {import("./notifications.mjs").Action} action
 * @property {string} bucket
 * @property {{ key: string, size?: number, eTag?: string }} object Without size and eTag for a deletion.
 * @property {string} eventTime ISO 8601.
 * @property {{ bucket: string, object: string }} [copySource] For CopyObject.
 */

const OUTBOX = `
  CREATE TABLE IF NOT EXISTS event_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    key TEXT NOT NULL,
    size INTEGER,
    etag TEXT,
    time INTEGER NOT NULL
  );
  CREATE TRIGGER IF NOT EXISTS event_created AFTER INSERT ON _mf_objects BEGIN
    INSERT INTO event_outbox (action, key, size, etag, time) VALUES
      (iif(NEW.blob_id IS NULL, 'CompleteMultipartUpload', 'PutObject'), NEW.key, NEW.size, NEW.etag, NEW.uploaded);
  END;
  CREATE TRIGGER IF NOT EXISTS event_deleted AFTER DELETE ON _mf_objects BEGIN
    INSERT INTO event_outbox (action, key, time) VALUES ('DeleteObject', OLD.key, CAST(unixepoch('subsec') * 1000 AS INTEGER));
  END;
`;

const POSITIONS = `
  CREATE TABLE IF NOT EXISTS event_positions (bucket TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
`;

export class BucketEvents {
  #rules;
  #broker;
  #statements;
  /** @type {Map<string, Outbox>} */
  #outboxes = new Map();
  #timer;
  #holding = false;

  /**
   * @param {object} parts
   * @param {import("node:sqlite").DatabaseSync} parts.database The broker's.
   * @param {import("./queues.mjs").QueueBroker} parts.broker
   * @param {import("./notifications.mjs").Rule[]} parts.rules
   */
  constructor({ database, broker, rules }) {
    database.exec(POSITIONS);
    this.#rules = rules;
    this.#broker = broker;
    this.#statements = {
      position: database.prepare("SELECT seq FROM event_positions WHERE bucket = ?"),
      advance: database.prepare(
        "INSERT INTO event_positions VALUES (?, ?) ON CONFLICT (bucket) DO UPDATE SET seq = excluded.seq",
      ),
    };
  }

  /**
   * Follows buckets that Miniflare keeps under `r2Path`. Each must have been used once, so that its file is there.
   *
   * @param {string} r2Path
   * @param {string[]} buckets
   */
  attach(r2Path, buckets) {
    for (const bucket of buckets) {
      this.#outboxes.set(bucket, new Outbox(bucketFile(r2Path, bucket), bucket, this.#statements.position.get(bucket)?.seq ?? 0));
    }
    this.#timer = setInterval(() => this.#poll(), POLL_INTERVAL_MS).unref();
  }

  /** Lets go of the buckets' files. */
  detach() {
    clearInterval(this.#timer);
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#outboxes.clear();
  }

  /** Keeps events back until `release`. */
  hold() {
    this.#holding = true;
  }

  /**
   * The events that wait, oldest first.
   *
   * @returns {BucketEvent[]}
   */
  held() {
    return [...this.#outboxes.values()].flatMap((outbox) => outbox.pending()).map((entry) => entry.event);
  }

  /**
   * Sends what was kept back, and ends the hold.
   *
   * @param {object} [options]
   * @param {number} [options.copies] How often each is sent: delivery is at least once. 1 by default.
   * @param {number} [options.shuffle] Seed of an order that is not the buckets' own: delivery is unordered.
   */
  release({ copies = 1, shuffle } = {}) {
    this.#holding = false;
    let entries = [...this.#outboxes.values()].flatMap((outbox) => outbox.pending());
    entries = entries.flatMap((entry) => Array(copies).fill(entry));
    this.#send(shuffle === undefined ? entries : new Random(shuffle).shuffled(entries));
  }

  /** Whether no event waits to be sent. */
  get idle() {
    return [...this.#outboxes.values()].every((outbox) => outbox.pending().length === 0);
  }

  /**
   * What is under a key by the bucket's file: told also while workerd is too busy to answer.
   *
   * @param {string} bucket
   * @param {string} key
   * @returns {string | undefined} the object's etag.
   */
  etagOf(bucket, key) {
    return this.#outboxes.get(bucket)?.etagOf(key);
  }

  /**
   * Runs a copy, so that the creation it makes is reported as one. Miniflare's store can't tell a copy from a put; a put of the
   * same key at the same time may be taken for it.
   *
   * @template T
   * @param {string} bucket
   * @param {string} key
   * @param {{ bucket: string, object: string }} source
   * @param {() => Promise<T>} copy
   * @returns {Promise<T>}
   */
  async copying(bucket, key, source, copy) {
    const outbox = this.#outboxes.get(bucket);
    if (!outbox) return copy();
    return outbox.copying(key, source, copy);
  }

  #poll() {
    if (this.#holding) return;
    for (const outbox of this.#outboxes.values()) {
      if (outbox.changed()) this.#send(outbox.pending());
    }
  }

  #send(entries) {
    this.#broker.atomically(() => {
      for (const { event, seq } of entries) {
        const queue = queueFor(this.#rules, event);
        if (queue) this.#broker.send(queue, event);
        this.#statements.advance.run(event.bucket, this.#outboxes.get(event.bucket).advance(seq));
      }
    });
  }
}

/** One bucket's outbox. */
class Outbox {
  #database;
  #bucket;
  /** The last row that was sent. */
  #position;
  #rows;
  #dataVersion;
  #seenVersion = -1;
  #copiesUnderWay = 0;
  /** Copies by the outbox row they made. @type {Map<number, { bucket: string, object: string }>} */
  #copies = new Map();

  constructor(file, bucket, position) {
    if (!existsSync(file)) throw new Error(`Miniflare keeps no metadata of "${bucket}" at ${file}: its layout has changed`);
    const writer = new DatabaseSync(file);
    writer.exec(OUTBOX);
    writer.prepare("DELETE FROM event_outbox WHERE seq <= ?").run(position);
    writer.close();
    this.#database = new DatabaseSync(file, { readOnly: true });
    this.#bucket = bucket;
    this.#rows = this.#database.prepare("SELECT * FROM event_outbox WHERE seq > ? ORDER BY seq");
    this.#dataVersion = this.#database.prepare("PRAGMA data_version");
    this.#position = position;
  }

  close() {
    this.#database.close();
  }

  etagOf(key) {
    return this.#database.prepare("SELECT etag FROM _mf_objects WHERE key = ?").get(key)?.etag;
  }

  /** Whether there may be something new since the last call; not while a copy is under way, whose event isn't whole yet. */
  changed() {
    if (this.#copiesUnderWay > 0) return false;
    const version = this.#dataVersion.get().data_version;
    const changed = version !== this.#seenVersion;
    this.#seenVersion = version;
    return changed;
  }

  /** @returns {{ seq: number, event: BucketEvent }[]} */
  pending() {
    return this.#rows.all(this.#position).map((row) => ({ seq: row.seq, event: this.#event(row) }));
  }

  /**
   * Notes that a row was sent.
   *
   * @param {number} seq
   * @returns {number} the last row that was sent.
   */
  advance(seq) {
    this.#copies.delete(seq);
    this.#position = Math.max(this.#position, seq);
    return this.#position;
  }

  async copying(key, source, copy) {
    const before = this.#rows.all(this.#position).at(-1)?.seq ?? this.#position;
    this.#copiesUnderWay += 1;
    try {
      const result = await copy();
      const row = this.#rows.all(before).find((made) => made.key === key && made.action === "PutObject" && !this.#copies.has(made.seq));
      if (row) this.#copies.set(row.seq, source);
      return result;
    } finally {
      this.#copiesUnderWay -= 1;
      this.#seenVersion = -1;
    }
  }

  #event({ seq, action, key, size, etag, time }) {
    const copySource = this.#copies.get(seq);
    return {
      account: ACCOUNT,
      action: copySource ? "CopyObject" : action,
      bucket: this.#bucket,
      object: action === "DeleteObject" ? { key } : { key, size, eTag: etag },
      eventTime: new Date(time).toISOString(),
      ...(copySource && { copySource }),
    };
  }
}

/** The file of a bucket: Miniflare keeps it in a Durable Object, whose id workerd makes from a class's key and the name. */
function bucketFile(r2Path, bucket) {
  const uniqueKey = "miniflare-R2BucketObject";
  const half = (key, data) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const key = createHash("sha256").update(uniqueKey).digest();
  const nameHalf = half(key, bucket);
  const id = Buffer.concat([nameHalf, half(key, nameHalf)]).toString("hex");
  return path.join(r2Path, uniqueKey, `${id}.sqlite`);
}
