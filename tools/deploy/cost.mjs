/**
 * What a deployment costs in a month: what comes in, as what the platforms count, times their prices.
 *
 *     node tools/deploy/cost.mjs [--prices FILE] [--sizes FILE]
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * What a month brings.
 *
 * @typedef {object} Size
 * @property {number} loads Spreadsheets that are uploaded, converted and landed.
 * @property {number} megabytes Of one.
 * @property {number} rows Of one.
 * @property {number} queries
 * @property {number} r2_gb Held in R2.
 * @property {number} warehouse_gb Held in the warehouse.
 * @property {string} plan MotherDuck's, as prices.json calls it.
 * @property {string} duckling The instance, as prices.json calls it.
 */

/** @typedef {{ price: number, included: number, per: number, unit: string, source: string, seen: string }} Price */

/** Messages of a load: its upload, its Parquet, its commit, and what is to be told of it. Each is written, read and deleted. */
const MESSAGES_OF_LOAD = 4;
const OPERATIONS_OF_MESSAGE = 3;

/** Of a load: the upload, two states of its record, its Parquet. */
const WRITES_OF_LOAD = 4;
/** Of a load: heads before and after, two readings of the upload, footer and columns of the Parquet; rounded up. */
const READS_OF_LOAD = 10;

/** CPU of the csv Worker for 1 MB, and of ingest for a row: docs/benchmarks.md (10 MiB/s; 5 µs). */
const CPU_MS_OF_MEGABYTE = 100;
const CPU_MS_OF_ROW = 0.005;
/** CPU of discovery for a load, and of the API for a query. Assumed: nobody measured them by themselves. */
const CPU_MS_OF_RUN = 10;
const CPU_MS_OF_QUERY = 10;

/** Lines of log of a load and of a query, the platform's own for the invocation included. */
const LOGS_OF_LOAD = 8;
const LOGS_OF_QUERY = 2;

/** Statements of a load in the warehouse, from its start to its version. tests/deploy/smoke.test.mjs counts them. */
export const STATEMENTS_OF_LOAD = 30;

/** Seconds that a load, a query or a cron keeps an instance busy. Assumed, from docs/benchmarks.md. */
const BUSY_SECONDS = 1;
/** Seconds that an instance goes on after that, and the least that is counted of a statement on Pulse: MotherDuck's pages of prices. */
const COOLDOWN_SECONDS = 60;
const LEAST_CU_SECONDS = 1;
/** Crons of a month that ask the warehouse: two each hour, one a day. */
const CRONS = 2 * 730 + 30;
const HOURS_OF_MONTH = 730;

/**
 * What the platforms count of a month, by the names of prices.json.
 *
 * @param {Size} size
 * @returns {Record<string, number>}
 */
export function usage({ loads, megabytes, rows, queries, r2_gb, warehouse_gb, plan, duckling }) {
  const events = loads + queries + CRONS;
  const busy = duckling.startsWith("Pulse")
    ? ((loads * STATEMENTS_OF_LOAD + queries * 4 + CRONS * 4) * LEAST_CU_SECONDS) / 3600
    : Math.min(HOURS_OF_MONTH, (events * (BUSY_SECONDS + COOLDOWN_SECONDS)) / 3600);
  return {
    "workers plan": 1,
    requests: loads * MESSAGES_OF_LOAD + queries,
    "CPU time": loads * (megabytes * CPU_MS_OF_MEGABYTE + rows * CPU_MS_OF_ROW + CPU_MS_OF_RUN) + queries * CPU_MS_OF_QUERY,
    queues: loads * MESSAGES_OF_LOAD * OPERATIONS_OF_MESSAGE,
    "R2 storage": r2_gb,
    "R2 writes": loads * WRITES_OF_LOAD,
    "R2 reads": loads * READS_OF_LOAD,
    "KV reads": queries,
    "Durable Objects": queries,
    logs: loads * LOGS_OF_LOAD + queries * LOGS_OF_QUERY,
    [plan]: 1,
    [duckling]: busy,
    "warehouse storage": warehouse_gb,
  };
}

/**
 * What that many units cost.
 *
 * @param {Price} price
 * @param {number} units
 * @returns {number} dollars.
 */
export function cost({ price, included, per }, units) {
  return (Math.max(0, units - included) / per) * price;
}

/** A table in Markdown: a line for each price, a column for each size. */
function table(prices, sizes) {
  const names = Object.keys(sizes);
  const used = Object.fromEntries(names.map((name) => [name, usage(sizes[name])]));
  const lines = Object.entries(prices)
    .filter(([name]) => names.some((size) => name in used[size]))
    .map(([name, price]) => [name, ...names.map((size) => (name in used[size] ? `${count(used[size][name])} ${price.unit}: ${dollars(cost(price, used[size][name]))}` : ""))]);
  const totals = names.map((size) => dollars(Object.entries(used[size]).reduce((sum, [name, units]) => sum + cost(prices[name], units), 0)));
  return [
    `| | ${names.join(" | ")} |`,
    `| --- | ${names.map(() => "---:").join(" | ")} |`,
    `| a month brings | ${names.map((name) => describe(sizes[name])).join(" | ")} |`,
    ...lines.map((cells) => `| ${cells.join(" | ")} |`),
    `| **in all** | ${totals.map((total) => `**${total}**`).join(" | ")} |`,
  ].join("\n");
}

const describe = ({ loads, rows, queries }) => `${count(loads)} files of ${count(rows)} rows, ${count(queries)} queries`;
const count = (number) => (number >= 100 ? Math.round(number) : Number(number.toPrecision(3))).toLocaleString("en");
const dollars = (sum) => `$${sum.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const here = (name) => fileURLToPath(new URL(name, import.meta.url));
  const { prices: pricesFile, sizes: sizesFile } = parseArgs({
    options: { prices: { type: "string", default: here("prices.json") }, sizes: { type: "string", default: here("sizes.json") } },
  }).values;
  const { prices } = JSON.parse(readFileSync(pricesFile, "utf8"));
  console.log(table(prices, JSON.parse(readFileSync(sizesFile, "utf8"))));
  console.log("\nPrices, as seen:");
  for (const [name, { price, included, per, unit, source, seen }] of Object.entries(prices)) {
    console.log(`- ${name}: $${price} for ${count(per)} ${unit}${included ? `, ${count(included)} included` : ""}; ${seen}, ${source}`);
  }
}
