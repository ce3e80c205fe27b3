/** Waiting for something that another process does. */

import { setTimeout as sleep } from "node:timers/promises";

/** Long enough for a slow machine: a time-out is there to stop a hang, not to measure. */
const DEFAULT_TIMEOUT_MS = 60_000;

const POLL_INTERVAL_MS = 25;

/**
 * Calls `probe` until it returns something truthy.
 *
 * @template T
 * @param {string} what What is waited for, for the message: "every copy to be acknowledged".
 * @param {() => T | Promise<T>} probe
 * @param {object} [options]
 * @param {number} [options.timeoutMs]
 * @param {() => string} [options.describe] The state of things, added to the message.
 * @returns {Promise<T>} what `probe` returned.
 * @throws {Error} after the time-out, with `what` and what `probe` last returned or threw.
 */
export async function waitUntil(what, probe, { timeoutMs = DEFAULT_TIMEOUT_MS, describe } = {}) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last;
    try {
      const result = await probe();
      if (result) return result;
      last = `last seen: ${JSON.stringify(result)}`;
    } catch (error) {
      last = `last error: ${error}`;
    }
    if (performance.now() > deadline) {
      const state = describe ? `\n${describe()}` : "";
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}; ${last}${state}`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}
