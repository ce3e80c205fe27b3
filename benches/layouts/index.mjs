/** `scripts/bench layouts [ROWS]`: what the order of rows does to queries, and whether a table for each month helps. Prints Markdown. */

import { execFileSync } from "node:child_process";
import path from "node:path";

import { machine, markdownTable } from "../report.mjs";

const ROWS = process.argv[2] ?? "12000000";

const measured = JSON.parse(execFileSync("python", [path.join(import.meta.dirname, "layouts.py"), ROWS], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
const { rows, loads, bytes, milliseconds } = measured;

console.log(`\n${machine()}, 2 threads; \`scripts/bench layouts ${ROWS}\`\n`);
console.log(`${rows.toLocaleString("en")} rows of two years in ${loads.toLocaleString("en")} loads; medians, and beside them times the first column.\n`);
const layouts = Object.keys(milliseconds["a month, typed"]);
console.log(markdownTable(
  ["query", ...layouts],
  Object.entries(milliseconds).map(([name, times]) => {
    const first = times[layouts[0]];
    return [name, ...layouts.map((layout, i) => {
      if (times[layout] === undefined) return "";
      const ms = `${times[layout].toFixed(1)} ms`;
      return i === 0 ? ms : `${ms} (${(times[layout] / first).toFixed(2)})`;
    })];
  }),
));
console.log();
console.log(markdownTable(
  ["size, MiB", ...Object.keys(bytes)],
  ["typed", "JSON"].map((form) => [form, ...Object.values(bytes).map((of) => (of[form] / 2 ** 20).toFixed(0))]),
));
