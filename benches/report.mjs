/** What the benchmarks' reports share. */

import { cpus, totalmem } from "node:os";

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * The least of some numbers that so many percent of them don't exceed.
 *
 * @param {number[]} numbers At least one.
 * @param {number} percent
 */
export function percentile(numbers, percent) {
  return numbers.toSorted((a, b) => a - b)[Math.ceil((percent / 100) * numbers.length) - 1];
}

/** @param {() => Promise<unknown>} work @returns {Promise<number>} the milliseconds that it takes. */
export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * @param {string[]} header
 * @param {string[][]} rows
 */
export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** The machine, in a line. */
export function machine() {
  return `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
