/** How much memory the processes take, over time. */

import { childNamed, residentBytes } from "../../benches/memory/resident.mjs";
import { percentile } from "../../benches/report.mjs";

const SAMPLE_EVERY_MS = 2_000;

/** Samples resident memory until it's stopped. */
export class Memory {
  #stack;
  #timer;
  /** Bytes by process. @type {Record<string, { pid: number, bytes: number }[]>} */
  #samples = { workerd: [], warehouse: [] };

  /** @param {import("../../tools/local-stack/index.mjs").Stack} stack */
  constructor(stack) {
    this.#stack = stack;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS).unref();
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** The newest sample of each process: bytes. */
  get now() {
    return Object.fromEntries(Object.entries(this.#samples).map(([name, samples]) => [name, samples.at(-1)?.bytes ?? 0]));
  }

  /**
   * Medians of the first and the last quarter of the time, and the most there was: bytes; and how many processes there were, as some
   * are killed.
   *
   * @returns {Record<string, { first: number, last: number, most: number, processes: number }>}
   */
  report() {
    const figures = (samples) => {
      const bytes = samples.map((sample) => sample.bytes);
      const quarter = Math.max(1, bytes.length >> 2);
      return {
        first: percentile(bytes.slice(0, quarter), 50),
        last: percentile(bytes.slice(-quarter), 50),
        most: Math.max(...bytes),
        processes: new Set(samples.map((sample) => sample.pid)).size,
      };
    };
    return Object.fromEntries(Object.entries(this.#samples).filter(([, samples]) => samples.length > 0).map(([name, samples]) => [name, figures(samples)]));
  }

  #sample() {
    const pids = { workerd: childNamed("workerd"), warehouse: this.#stack.warehouse.pid };
    for (const [name, pid] of Object.entries(pids)) {
      const bytes = pid && residentBytes(pid);
      // While it's down, or about to be.
      if (bytes) this.#samples[name].push({ pid, bytes });
    }
  }
}
