/** `scripts/soak`: runs the soak and prints its report, as Markdown. */

import { machine, markdownTable } from "../../benches/report.mjs";
import { soak } from "./soak.mjs";

/** Sentences of what is wrong that are printed. */
const SHOWN = 50;

const [seconds = 3_600, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
if (!(seconds > 0) || !Number.isInteger(seed)) {
  console.error("usage: scripts/soak [SECONDS] [SEED]: SECONDS is a number over 0, SEED an integer");
  process.exit(2);
}

const interruption = new AbortController();

/** The first Ctrl-C ends load and faults, and the report is of what was so far. Miniflare, which would end the process, listens from its start on. */
function takeSignals() {
  for (const name of ["SIGINT", "SIGTERM"]) {
    process.removeAllListeners(name);
    process.once(name, () => interruption.abort());
  }
}

console.error(`${seconds} s, seed ${seed}`);
const report = await soak({ seconds, seed, signal: interruption.signal, onProgress });
print(report);
process.exitCode = report.wrong.length > 0 ? 1 : 0;

function onProgress(line) {
  takeSignals();
  console.error(`  ${line}`);
}

/** @param {import("./soak.mjs").Report} report */
function print({ objects, rows, faults, numbers, reads, queries, landing, memory, wasmBytes, operator, wrong, ...run }) {
  const count = (n) => n.toLocaleString("en");
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(`\n${machine()}; ${Math.round(run.seconds)} s, seed ${run.seed}\n`);
  console.log(markdownTable(
    ["soak", ""],
    [
      ["objects put, of them spreadsheets, of them unreadable", [objects.landed + objects.replaced, objects.spreadsheets, objects.unreadable].map(count).join(", ")],
      ["objects put in place of others, deleted", [objects.replaced, objects.deleted].map(count).join(", ")],
      ["rows in them", count(objects.rows)],
      ["rows that readers should see in the end, and see", [rows.expected, rows.seen].map(count).join(", ")],
      ["**rows lost, doubled**", [rows.lost, rows.doubled].map((n) => `**${count(n)}**`).join(", ")],
      ["commits, versions of the schema", [numbers.commits, numbers.versions].map(count).join(", ")],
      ["**gaps in their numbers**", `**${count(numbers.gaps)}**`],
      ["looks of a reader, that saw a part of a load", [reads.looks, reads.partial].map(count).join(", ")],
      ["moments noted, that looked different later", [reads.moments, reads.changed].map(count).join(", ")],
      ["replayed, uploaded again by the operator", [operator.replayed, operator.uploadedAgain].map(count).join(", ")],
      ["upload to commit, p50, p95 (outages included)", [landing.p50, landing.p95].map((ms) => `${count(ms)} ms`).join(", ")],
      ["queries answered, p50, p95", [count(queries.answered), ...[queries.p50, queries.p95].map((ms) => `${count(Math.round(ms))} ms`)].join(", ")],
      ["queries refused, by reason", Object.entries(queries.refused).map(([reason, n]) => `${reason}: ${count(n)}`).join("; ") || "none"],
      ...Object.entries(memory).map(([name, { first, last, most, processes }]) => [
        `memory of ${name}: first quarter, last quarter, most; processes`, [...[first, last, most].map(mib), count(processes)].join(", "),
      ]),
      ["wasm memory of a Worker at most", mib(wasmBytes)],
    ],
  ));
  console.log();
  console.log(markdownTable(["faults", "injected"], Object.entries(faults).sort().map(([kind, n]) => [kind, count(n)])));
  for (const sentence of wrong.slice(0, SHOWN)) console.log(`\nWRONG: ${sentence}`);
  if (wrong.length > SHOWN) console.log(`\nand ${count(wrong.length - SHOWN)} more`);
  console.log(wrong.length > 0 ? "\nThe sums are not exact." : "\nThe sums are exact.");
}
