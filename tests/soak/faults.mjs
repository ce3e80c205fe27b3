/** What goes wrong meanwhile: one fault after another, of random kinds, at random moments. */

import { setTimeout as sleep } from "node:timers/promises";

/** Seconds between two faults, at most. */
const PAUSE_MS = 4_000;

/** Parts of the Workers' statements: a fault may hit those only. Null: any call. */
const STATEMENTS = [null, "INSERT INTO commits", "INSERT INTO landing.", "INSERT INTO load_ledger", "INSERT INTO catalog_log", "INSERT INTO schema_snapshots"];

/** Faults of the warehouse's answers (tools/local-warehouse/README.md), by what they are to a Worker. */
const ANSWERS = [
  { name: "warehouse: refuses", faults: [{ kind: "fail_before" }, { kind: "status", status: 503 }, { kind: "status", status: 500 }, { kind: "status", status: 429, retry_after: 0 }] },
  { name: "warehouse: session over", faults: [{ kind: "status", status: 404 }] },
  { name: "warehouse: hangs", faults: [{ kind: "stall", ms: 1_500 }, { kind: "stall_after", ms: 1_500 }] },
  { name: "warehouse: connection cut", faults: [{ kind: "truncate" }, { kind: "drop_reply" }] },
  { name: "warehouse: answers rubbish", faults: [{ kind: "garbage" }, { kind: "status_after", status: 502 }] },
];

export class Faults {
  #stack;
  #workload;
  #random;
  #stopping = new AbortController();
  /** @type {Promise<void> | undefined} */
  #running;
  /** How often each kind was injected; of the warehouse's answers, how many were hit. @type {Record<string, number>} */
  counts = {};

  /**
   * @param {object} parts
   * @param {import("../../tools/local-stack/index.mjs").Stack} parts.stack
   * @param {import("./workload.mjs").Workload} parts.workload
   * @param {import("../../tools/local-stack/random.mjs").Random} parts.random
   */
  constructor({ stack, workload, random }) {
    this.#stack = stack;
    this.#workload = workload;
    this.#random = random;
  }

  /** The kinds, as often as the weight says. Each ends with all parts running. */
  #kinds() {
    return [
      ...ANSWERS.map(({ name, faults }) => ({ weight: 5, inject: () => this.#answers(name, faults) })),
      { weight: 5, inject: () => this.#loseAnswerAfterCommit() },
      { weight: 1, inject: () => this.#failEveryLoad() },
      { weight: 1, inject: () => this.#killWarehouse() },
      { weight: 1, inject: () => this.#killWorkers() },
      { weight: 4, inject: () => this.#repeatEvents() },
      { weight: 3, inject: () => this.#deliverLate() },
      { weight: 1, inject: () => this.#sendNonsense() },
    ];
  }

  start() {
    this.#running = this.#run();
  }

  /** Ends with all parts running and no fault switched on. */
  async stop() {
    this.#stopping.abort();
    await this.#running;
    await this.#settleRules();
  }

  /** Kills what runs and starts it again, whatever state it's in. */
  async restartAll() {
    await this.#killWarehouse();
    await this.#killWorkers();
  }

  async #run() {
    const kinds = this.#kinds();
    while (!this.#stopping.signal.aborted) {
      await this.#pause(this.#random.next() * PAUSE_MS);
      try {
        await this.#random.pick(kinds, ({ weight }) => weight).inject();
      } catch {
        // Something else has ended what it was to hit. It's no part of what is tested.
      }
    }
  }

  /** Waits, but not longer than until `stop`. */
  async #pause(milliseconds) {
    await sleep(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #count(kind, times = 1) {
    this.counts[kind] = (this.counts[kind] ?? 0) + times;
  }

  async #answers(name, faults) {
    const statement = this.#random.pick(STATEMENTS);
    const match = { ...(statement && { sql_contains: statement }), skip: this.#random.integer(0, 4), times: this.#random.integer(1, 6) };
    await this.#switchOn(name, { match, fault: this.#random.pick(faults) });
  }

  async #loseAnswerAfterCommit() {
    const match = { sql_contains: "INSERT INTO commits", times: this.#random.integer(1, 3) };
    await this.#switchOn("warehouse: answer lost after a commit", { match, fault: { kind: "drop_reply" } });
  }

  /** Long enough that messages run out of retries. */
  async #failEveryLoad() {
    await this.#switchOn("warehouse: every load fails for a while", { match: { sql_contains: "INSERT INTO landing." }, fault: { kind: "garbage" } });
    await this.#pause(this.#random.integer(5_000, 15_000));
    await this.#settleRules();
  }

  /** The name under which the hits of the rule that is on are counted. @type {string | undefined} */
  #rule;

  async #switchOn(name, rule) {
    await this.#settleRules();
    await this.#stack.sql.setFaults([rule]);
    this.#rule = name;
  }

  /** Counts the hits of what is switched on, and switches it off. */
  async #settleRules() {
    const name = this.#rule;
    this.#rule = undefined;
    // A warehouse that isn't there has no rules either.
    const rules = await this.#stack.sql.faults().catch(() => []);
    for (const { hits } of name ? rules : []) if (hits > 0) this.#count(name, hits);
    if (rules.length > 0) await this.#stack.sql.clearFaults();
  }

  async #killWarehouse() {
    await this.#settleRules();
    this.#count("warehouse: killed");
    await this.#stack.warehouse.kill();
    await this.#pause(this.#random.integer(0, 5_000));
    await this.#stack.warehouse.start();
  }

  async #killWorkers() {
    this.#count("workerd: killed");
    await this.#stack.killWorkers();
    this.#workload.wasKilled();
    await this.#pause(this.#random.integer(0, 1_000));
    await this.#stack.restartWorkers();
  }

  async #repeatEvents() {
    const { events } = this.#stack;
    events.hold();
    await this.#pause(this.#random.integer(500, 3_000));
    const copies = this.#random.integer(2, 4);
    this.#count("queue: messages repeated, out of order", (copies - 1) * events.held().length);
    events.release({ copies, shuffle: this.#random.integer(0, 2 ** 31) });
  }

  async #deliverLate() {
    const queue = this.#random.pick(["landed", "uploads", "discovery"]);
    this.#stack.queues.pause(queue);
    await this.#pause(this.#random.integer(1_000, 6_000));
    this.#count("queue: messages late", this.#stack.queues.backlog(queue).count);
    this.#stack.queues.resume(queue);
  }

  async #sendNonsense() {
    this.#count("queue: messages that are no event");
    this.#stack.queues.send(this.#random.pick(["landed", "uploads"]), { nonsense: this.#random.integer(0, 1_000_000) });
  }
}
