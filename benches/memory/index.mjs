/**
 * `scripts/bench memory [REQUESTS]`: whether a Worker's memory comes to a rest. The API is asked so many times (60,000), each time for the
 * same 401, and a Worker of one line, the peer, too; after each tenth the table has the resident memory of their workerd.
 */

import path from "node:path";

import { Miniflare, convertV4MiniflareOptions } from "miniflare";

import { startStack } from "../../tools/local-stack/index.mjs";
import { machine, markdownTable } from "../report.mjs";
import { childNamed, residentBytes } from "./resident.mjs";

const STEPS = 10;

const requests = Number(process.argv[2] ?? 60_000);
if (!Number.isInteger(requests) || requests < STEPS) {
  console.error(`usage: scripts/bench memory [REQUESTS]: a number from ${STEPS} on`);
  process.exit(2);
}

const columns = [await ofApi(), await ofOneLine()];
console.log(`\n${machine()}\n`);
console.log(markdownTable(["requests", "the API, MiB", "a Worker of one line, MiB"], columns[0].map((_, i) => [
  Math.round((i * requests) / STEPS).toLocaleString("en"), ...columns.map((column) => column[i].toFixed(0)),
])));

async function ofApi() {
  const stack = await startStack({ workers: ["schema-api"] });
  try {
    return await ask("the API", () => stack.fetch("schema-api", "/api/schema/current"));
  } finally {
    await stack.stop();
  }
}

async function ofOneLine() {
  const script = "export default { fetch: () => new Response('{}', { status: 401 }) };";
  const direct = [{ host: "127.0.0.1", port: 0 }];
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1", port: 0, cf: false, logRequests: false,
    workers: [{ name: "one-line", modulesRoot: import.meta.dirname, modules: [{ type: "ESModule", path: path.join(import.meta.dirname, "one-line.mjs"), contents: script }], compatibilityDate: "2026-07-01", unsafeDirectSockets: direct }],
  }));
  try {
    await miniflare.ready;
    const url = await miniflare.unsafeGetDirectURL("one-line");
    return await ask("a Worker of one line", () => fetch(url));
  } finally {
    await miniflare.dispose();
  }
}

/** MiB at first and after each step. @param {string} what @param {() => Promise<Response>} request */
async function ask(what, request) {
  const memory = [residentMib()];
  for (let step = 1; step <= STEPS; step++) {
    for (let i = Math.round(((step - 1) * requests) / STEPS); i < Math.round((step * requests) / STEPS); i++) {
      const response = await request();
      await response.arrayBuffer();
      if (response.status !== 401) throw new Error(`${what} answered ${response.status}`);
    }
    memory.push(residentMib());
    console.error(`  ${what}: ${memory.at(-1).toFixed(0)} MiB after ${Math.round((step * requests) / STEPS)} requests`);
  }
  return memory;
}

/** Of the workerd that this process started. */
function residentMib() {
  return residentBytes(childNamed("workerd")) / 2 ** 20;
}
