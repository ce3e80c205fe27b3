/** A stack for tests of uploads: csv and ingest, no waiting between deliveries. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import path from "node:path";

import { startStack } from "../../tools/local-stack/index.mjs";

/** The folder of third-party files, if it's there. */
export const DATA = process.env.LIVING_SCHEMA_DATA;

/** What a person of the web app may. */
const TOKEN = "expert";

/**
 * @param {object} [options]
 * @param {object} [options.csv] Over the configured CSV.
 * @param {object} [options.variables] Further variables of the Worker.
 * @param {string[]} [options.workers]
 * @returns {Promise<import("../../tools/local-stack/index.mjs").Stack>}
 */
export function startCsv({ csv = {}, variables = {}, workers = ["csv", "ingest"] } = {}) {
  const now = { maxBatchTimeout: 0, retryDelay: 0 };
  const queues = { uploads: now, "uploads-dead": now, ...(workers.includes("ingest") && { landed: now, "landed-dead": now }) };
  return startStack({
    workers,
    queues,
    ...(!workers.includes("ingest") && { warehouse: false }),
    variables: {
      csv: { CSV: (configured) => ({ ...configured, retry_seconds: 0, ...csv }), ...variables },
      ingest: { INGEST: (configured) => ({ ...configured, retry_seconds: 0 }) },
    },
  });
}

/**
 * A request to the Worker.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {string} pathAndQuery
 * @param {RequestInit & { token?: string }} [init]
 * @returns {Promise<{ status: number, body: any, headers: Headers }>}
 */
export async function ask(stack, pathAndQuery, { token = TOKEN, headers = {}, ...init } = {}) {
  const authorization = token && { authorization: `Bearer ${stack.secrets.apiTokens[token] ?? token}` };
  const response = await stack.fetch("csv", pathAndQuery, { ...init, headers: { ...authorization, ...headers } });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text), headers: response.headers };
}

/**
 * What became of an upload.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {string} key
 */
export async function statusOf(stack, key) {
  return (await ask(stack, `/uploads?key=${encodeURIComponent(key)}`)).body;
}

/** Rows that are asked for at once: one answer of the warehouse has 50,000 characters, and a hash 32. */
const PAGE = 1000;

/**
 * Every row of an output as the warehouse has it, as the hash of its cells: whole rows would be more than its answers carry.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {{ key: string, columns: [string, string][] }} output
 * @returns {Promise<string[]>} in the file's order.
 */
export async function landedHashes(stack, { key, columns }) {
  const text = (value) => `'${value.replaceAll("'", "''")}'`;
  const cell = ([name]) => `(data->>${text(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)})`;
  const parts = columns.map((column) => `coalesce(strlen(${cell(column)}) || ':' || ${cell(column)}, '-')`);
  const load = `(SELECT load_id FROM commits WHERE key = ${text(key)} ORDER BY commit_seq DESC LIMIT 1)`;
  const hashes = [];
  for (let more = PAGE; more === PAGE; ) {
    const page = await stack.sql.query(`
      SELECT md5(concat(${parts.join(", ")})) AS hash FROM structured_data
      WHERE load_id = ${load} AND row_no >= ${hashes.length} ORDER BY row_no LIMIT ${PAGE}`);
    hashes.push(...page.map(({ hash }) => hash));
    more = page.length;
  }
  return hashes;
}

/**
 * What `landedHashes` gives for a row.
 *
 * @param {(string | null)[]} cells
 */
export function hashOf(cells) {
  const parts = cells.map((cell) => (cell === null ? "-" : `${Buffer.byteLength(cell)}:${cell}`));
  return createHash("md5").update(parts.join("")).digest("hex");
}

/**
 * The cells of the texts of a folder, as Python's csv module reads them with the parameters of the folder's expectations.
 *
 * @param {string} folder
 * @returns {Record<string, string[][]>} rows by file.
 */
export function trustedCells(folder) {
  const script = path.join(import.meta.dirname, "cells.py");
  return JSON.parse(execFileSync("python", [script, folder], { encoding: "utf8", maxBuffer: 2 ** 30 }));
}
