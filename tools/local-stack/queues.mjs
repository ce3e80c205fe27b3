/**
 * Queues with the platform's rules of delivery, kept in SQLite: a message is there until it's acknowledged, whoever dies.
 *
 * - At least once: a delivery that ends without a result counts as an attempt, and the message comes again.
 * - A message acknowledged by itself stays acknowledged, even when the handler then throws.
 * - Out of retries, a message goes to the dead-letter queue with its id, or is dropped where there is none.
 */

import { randomUUID } from "node:crypto";

/** Bytes of a message's body at most. */
export const MAX_MESSAGE_BYTES = 128 * 1024;
/** Messages of one send, and of one delivery, at most. */
export const MAX_BATCH_MESSAGES = 100;
/** Bytes of one send at most. */
export const MAX_BATCH_BYTES = 256 * 1024;

/** @typedef {"json" | "text" | "bytes" | "v8"} ContentType */

/**
 * What workerd says of a delivery.
 *
 * @typedef {object} DeliveryResult
 * @property {string} outcome "ok", or how the handler ended.
 * @property {boolean} ackAll
 * @property {{ retry: boolean, delaySeconds?: number }} retryBatch
 * @property {string[]} explicitAcks Ids.
 * @property {{ msgId: string, delaySeconds?: number }[]} retryMessages
 */

/**
 * Calls a Worker's queue handler.
 *
 * @callback Deliver
 * @param {string} worker
 * @param {string} queue
 * @param {object[]} messages
 * @returns {Promise<DeliveryResult>}
 */

/**
 * What became of a queue's messages since the broker was made. Retries count once for each time.
 *
 * @typedef {{ sent: number, delivered: number, acknowledged: number, retried: number, deadLettered: number, dropped: number }} Counts
 */

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    queue TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    sent_at INTEGER NOT NULL,      -- milliseconds since the epoch
    available_at INTEGER NOT NULL, -- likewise; not delivered before
    attempts INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, seq);
`;

export class QueueBroker {
  #database;
  #consumers;
  #deliver;
  #statements;
  #running = false;
  /** Rows that a delivery is under way for. @type {Set<number>} */
  #inFlight = new Set();
  /** Batches under way by queue. @type {Map<string, Set<Promise<void>>>} */
  #batches = new Map();
  /** @type {Map<string, NodeJS.Timeout>} */
  #timers = new Map();
  /** Queues to look at before the event loop goes on. @type {Set<string>} */
  #touched = new Set();
  /** @type {Map<string, Counts>} */
  #counts = new Map();
  /** @type {Set<string>} */
  #paused = new Set();

  /**
   * @param {object} parts
   * @param {import("node:sqlite").DatabaseSync} parts.database
   * @param {Map<string, import("./config.mjs").ConsumerSettings>} parts.consumers
   * @param {Deliver} parts.deliver
   */
  constructor({ database, consumers, deliver }) {
    database.exec(SCHEMA);
    this.#database = database;
    this.#consumers = consumers;
    this.#deliver = deliver;
    this.#statements = {
      insert: database.prepare(
        "INSERT INTO messages (id, queue, content_type, body, sent_at, available_at) VALUES (?, ?, ?, ?, ?, ?)",
      ),
      list: database.prepare("SELECT * FROM messages WHERE queue = ? ORDER BY seq"),
      times: database.prepare("SELECT seq, available_at FROM messages WHERE queue = ? ORDER BY seq"),
      bySeq: database.prepare("SELECT * FROM messages WHERE seq = ?"),
      backlog: database.prepare(
        "SELECT count(*) AS count, coalesce(sum(length(body)), 0) AS bytes, coalesce(min(sent_at), 0) AS oldest FROM messages WHERE queue = ?",
      ),
      attempt: database.prepare("UPDATE messages SET attempts = attempts + 1 WHERE seq = ?"),
      postpone: database.prepare("UPDATE messages SET available_at = ? WHERE seq = ?"),
      move: database.prepare("UPDATE messages SET queue = ?, attempts = 0, available_at = ? WHERE seq = ?"),
      delete: database.prepare("DELETE FROM messages WHERE seq = ?"),
    };
  }

  /** Begins to deliver. */
  start() {
    this.#running = true;
    for (const queue of this.#consumers.keys()) this.#schedule(queue);
  }

  /** Delivers nothing more. What is under way goes on; what it leaves unacknowledged comes again after the next start. */
  stop() {
    this.#running = false;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Resolves when no delivery is under way. */
  async settled() {
    await Promise.all([...this.#batches.values()].flatMap((batches) => [...batches]));
  }

  /**
   * Delivers no new batch of a queue until `resume`.
   *
   * @param {string} queue
   */
  pause(queue) {
    this.#paused.add(queue);
  }

  /** @param {string} queue */
  resume(queue) {
    this.#paused.delete(queue);
    this.#schedule(queue);
  }

  /**
   * Puts one message into a queue.
   *
   * @param {string} queue
   * @param {unknown} body Made into JSON, unless `contentType` says that it's bytes already.
   * @param {object} [options]
   * @param {ContentType} [options.contentType] "json" by default.
   * @param {number} [options.delaySeconds]
   */
  send(queue, body, { contentType = "json", delaySeconds = 0 } = {}) {
    this.sendEncoded(queue, [{ contentType, body: encode(contentType, body), delaySeconds }]);
  }

  /**
   * Puts messages into a queue, all or none.
   *
   * @param {string} queue
   * @param {{ contentType: ContentType, body: Uint8Array, delaySeconds?: number }[]} messages
   */
  sendEncoded(queue, messages) {
    this.atomically(() => {
      const now = Date.now();
      for (const { contentType, body, delaySeconds = 0 } of messages) {
        this.#statements.insert.run(randomUUID(), queue, contentType, body, now, now + delaySeconds * 1000);
      }
    });
    this.#countsOf(queue).sent += messages.length;
    this.#schedule(queue);
  }

  /**
   * Runs `action` in one transaction of the broker's database; transactions may be nested.
   *
   * @template T
   * @param {() => T} action
   * @returns {T}
   */
  atomically(action) {
    if (this.#database.isTransaction) return action();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = action();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * The messages that a queue holds, those under way too, oldest first.
   *
   * @param {string} queue
   * @returns {{ id: string, body: unknown, attempts: number, sentAt: Date, inFlight: boolean }[]}
   */
  messages(queue) {
    return this.#statements.list.all(queue).map((row) => ({
      id: row.id,
      body: decode(row.content_type, row.body),
      attempts: row.attempts,
      sentAt: new Date(row.sent_at),
      inFlight: this.#inFlight.has(row.seq),
    }));
  }

  /**
   * Takes every message out of a queue, as a consumer outside the stack would.
   *
   * @param {string} queue
   * @returns {unknown[]} their bodies.
   */
  drain(queue) {
    const rows = this.#statements.list.all(queue).filter((row) => !this.#inFlight.has(row.seq));
    for (const row of rows) this.#statements.delete.run(row.seq);
    return rows.map((row) => decode(row.content_type, row.body));
  }

  /**
   * @param {string} queue
   * @returns {Counts} a copy.
   */
  counts(queue) {
    return { ...this.#countsOf(queue) };
  }

  /**
   * What a queue holds: messages, bytes, and when the oldest was sent (milliseconds since the epoch, 0 without one).
   *
   * @param {string} queue
   * @returns {{ count: number, bytes: number, oldest: number }}
   */
  backlog(queue) {
    return this.#statements.backlog.get(queue);
  }

  /** Whether no queue that has a consumer holds a message. */
  get idle() {
    return [...this.#consumers.keys()].every((queue) => this.backlog(queue).count === 0);
  }

  /** The state of each queue in one line, for messages. */
  describe() {
    const queues = new Set([...this.#consumers.keys(), ...this.#counts.keys()]);
    return [...queues]
      .map((queue) => {
        const inFlight = this.#statements.times.all(queue).filter((row) => this.#inFlight.has(row.seq)).length;
        const waiting = this.backlog(queue).count - inFlight;
        return `queue ${queue}: ${waiting} waiting, ${inFlight} in flight; ${JSON.stringify(this.counts(queue))}`;
      })
      .join("\n");
  }

  #batchesOf(queue) {
    let batches = this.#batches.get(queue);
    if (!batches) this.#batches.set(queue, (batches = new Set()));
    return batches;
  }

  #countsOf(queue) {
    let counts = this.#counts.get(queue);
    if (!counts) {
      this.#counts.set(queue, (counts = { sent: 0, delivered: 0, acknowledged: 0, retried: 0, deadLettered: 0, dropped: 0 }));
    }
    return counts;
  }

  /** Has a queue looked at soon: once, however many messages a caller sends at a stretch. */
  #schedule(queue) {
    if (this.#touched.has(queue)) return;
    this.#touched.add(queue);
    setImmediate(() => {
      this.#touched.delete(queue);
      this.#deliverDue(queue);
    });
  }

  /** Delivers the batches that are due, and sets a timer for the next one. */
  #deliverDue(queue) {
    const consumer = this.#consumers.get(queue);
    if (!consumer || !this.#running || this.#paused.has(queue)) return;
    clearTimeout(this.#timers.get(queue));
    this.#timers.delete(queue);

    const now = Date.now();
    let waiting = this.#statements.times.all(queue).filter((row) => !this.#inFlight.has(row.seq));
    while (waiting.length > 0) {
      // With every consumer busy, the end of a batch schedules the next.
      if (this.#batchesOf(queue).size >= consumer.maxConcurrency) return;
      const batch = waiting.filter((row) => row.available_at <= now).slice(0, consumer.maxBatchSize);
      const due = batch.length > 0 && (batch.length === consumer.maxBatchSize || dueAt(batch, consumer) <= now);
      if (!due) {
        const delay = Math.max(dueAt(waiting, consumer) - now, 0);
        this.#timers.set(queue, setTimeout(() => this.#schedule(queue), delay).unref());
        return;
      }
      const delivery = this.#deliverBatch(queue, consumer, batch.map((row) => this.#statements.bySeq.get(row.seq)));
      const ended = delivery.finally(() => {
        this.#batchesOf(queue).delete(ended);
        this.#schedule(queue);
      });
      this.#batchesOf(queue).add(ended);
      waiting = waiting.filter((row) => !this.#inFlight.has(row.seq));
    }
  }

  async #deliverBatch(queue, consumer, rows) {
    this.atomically(() => {
      for (const row of rows) {
        this.#inFlight.add(row.seq);
        // Counted before the delivery: one that never ends is an attempt too.
        this.#statements.attempt.run(row.seq);
        row.attempts += 1;
      }
    });
    this.#countsOf(queue).delivered += rows.length;
    const result = await this.#deliver(consumer.worker, queue, rows.map(toMessage)).catch(() => FAILED);
    this.atomically(() => this.#settle(queue, consumer, rows, result));
    for (const row of rows) this.#inFlight.delete(row.seq);
    if (consumer.deadLetterQueue) this.#schedule(consumer.deadLetterQueue);
  }

  #settle(queue, consumer, rows, result) {
    const counts = this.#countsOf(queue);
    const acknowledged = new Set(result.explicitAcks);
    const retries = new Map(result.retryMessages.map((retry) => [retry.msgId, retry.delaySeconds]));
    const retryRest = result.retryBatch.retry || (result.outcome !== "ok" && !result.ackAll);
    const now = Date.now();
    for (const row of rows) {
      if (acknowledged.has(row.id) || !(retryRest || retries.has(row.id))) {
        this.#statements.delete.run(row.seq);
        counts.acknowledged += 1;
      } else if (row.attempts <= consumer.maxRetries) {
        const delaySeconds = retries.get(row.id) ?? result.retryBatch.delaySeconds ?? consumer.retryDelay;
        this.#statements.postpone.run(now + delaySeconds * 1000, row.seq);
        counts.retried += 1;
      } else if (consumer.deadLetterQueue) {
        this.#statements.move.run(consumer.deadLetterQueue, now, row.seq);
        this.#countsOf(consumer.deadLetterQueue).sent += 1;
        counts.deadLettered += 1;
      } else {
        this.#statements.delete.run(row.seq);
        counts.dropped += 1;
      }
    }
  }
}

/** A delivery of which nothing is known: the Worker's process is gone, or never answered. @type {DeliveryResult} */
const FAILED = { outcome: "exception", ackAll: false, retryBatch: { retry: false }, explicitAcks: [], retryMessages: [] };

/** When an incomplete batch of these rows has waited long enough: milliseconds since the epoch. */
function dueAt(rows, consumer) {
  return Math.min(...rows.map((row) => row.available_at)) + consumer.maxBatchTimeout * 1000;
}

function toMessage(row) {
  const message = { id: row.id, timestamp: new Date(row.sent_at), attempts: row.attempts };
  return row.content_type === "v8"
    ? { ...message, serializedBody: row.body }
    : { ...message, body: decode(row.content_type, row.body) };
}

/** @param {ContentType} contentType */
function encode(contentType, body) {
  if (contentType === "json") return Buffer.from(JSON.stringify(body));
  if (contentType === "text") return Buffer.from(body);
  return body;
}

/** @param {ContentType} contentType */
function decode(contentType, body) {
  if (contentType === "json") return JSON.parse(Buffer.from(body).toString());
  if (contentType === "text") return Buffer.from(body).toString();
  return body;
}
