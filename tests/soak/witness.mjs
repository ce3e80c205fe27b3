/** A reader that looks all the time: it may see no part of a load, and what was at a moment has to stay so for ever. */

import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 2_000;

/** Every so many looks a moment is noted, to be looked at again at the end. */
const NOTE_EVERY = 5;

/** Visible loads of which a reader sees more or fewer rows than were committed. Records of annotations may be a later load's. */
const PARTIAL_LOADS = `
  SELECT count(*) FROM (
    SELECT load_id, row_count FROM visible_loads_at(9223372036854775807) JOIN commits USING (load_id)
    WHERE kind = 'load' AND dataset <> 'annotations'
  ) AS loads LEFT JOIN (
    SELECT load_id, count(*) AS n FROM structured_data GROUP BY load_id
    UNION ALL SELECT load_id, count(*) FROM raw_documents GROUP BY load_id
  ) AS seen USING (load_id)
  WHERE coalesce(n, 0) <> row_count`;

/** What readers saw just after a commit: rows, and a fingerprint of which they were. */
const fingerprint = (commit) => `
  SELECT sum(n) || ' ' || bit_xor(h) FROM (
    SELECT count(*) AS n, coalesce(bit_xor(hash(load_id, row_no, data)), 0) AS h FROM structured_data_at(${commit})
    UNION ALL SELECT count(*), coalesce(bit_xor(hash(load_id, row_no, document_id, text)), 0) FROM raw_documents_at(${commit})
    UNION ALL SELECT count(*), coalesce(bit_xor(hash(load_id, row_no, record_id, text)), 0) FROM annotations_at(${commit}))`;

export class Witness {
  #stack;
  #stopping = false;
  /** @type {Promise<void> | undefined} */
  #running;
  /** By commit, what it looked like when it was the newest. @type {Map<number, string>} */
  #moments = new Map();
  looks = 0;
  /** Looks that saw a part of a load. */
  partial = 0;

  /** @param {import("../../tools/local-stack/index.mjs").Stack} stack */
  constructor(stack) {
    this.#stack = stack;
  }

  start() {
    this.#running = this.#run();
  }

  async stop() {
    this.#stopping = true;
    await this.#running;
  }

  /** How many moments were noted. */
  get moments() {
    return this.#moments.size;
  }

  /** @returns {Promise<number[]>} the commits after which the warehouse now shows something else than it did. */
  async changedMoments() {
    const changed = [];
    for (const [commit, seen] of this.#moments) {
      if ((await this.#stack.sql.value(fingerprint(commit))) !== seen) changed.push(commit);
    }
    return changed;
  }

  async #run() {
    while (!this.#stopping) {
      await sleep(LOOK_EVERY_MS);
      try {
        await this.#look();
      } catch {
        // The warehouse is down, or the fault was meant for somebody else.
      }
    }
  }

  async #look() {
    if ((await this.#stack.sql.value(PARTIAL_LOADS)) > 0) this.partial += 1;
    this.looks += 1;
    if (this.looks % NOTE_EVERY !== 1) return;
    const commit = await this.#stack.sql.value("SELECT coalesce(max(commit_seq), 0) FROM commits");
    this.#moments.set(commit, await this.#stack.sql.value(fingerprint(commit)));
  }
}
