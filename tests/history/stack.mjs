/** A stack and a PostgreSQL for tests of migrations and backfills, and the commands as a person runs them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { startStack } from "../../tools/local-stack/index.mjs";
import { PostgresServer } from "../schema-api/postgresql-server.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * A stack in which nothing waits for longer than it has to, and whose schema may change as often as the tests make it.
 *
 * @param {string} [warehouseMemory] What the local warehouse may take, if that is more than usual.
 */
export function startHistory(warehouseMemory) {
  return startStack({
    workers: ["ingest", "discovery"],
    ...(warehouseMemory && { warehouse: { args: ["--memory-limit", warehouseMemory] } }),
    queues: {
      landed: { maxBatchTimeout: 0, retryDelay: 0 },
      // Runs at once would all fill the same typed tables, and the machine is small.
      discovery: { maxBatchTimeout: 0, retryDelay: 0, maxConcurrency: 1 },
    },
    variables: { discovery: { MAX_VERSIONS_PER_DAY: "1000" } },
  });
}

/** A PostgreSQL with the tables of source.sql. */
export class Source {
  /** @param {number} rows Of the large table. */
  static async start(rows) {
    const source = new Source();
    source.server = await PostgresServer.start("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'app'\n");
    source.connection = `postgresql://app:app@${source.server.address}/postgres`;
    await source.#run("make", String(rows));
    return source;
  }

  /** @param {string} sql */
  async write(sql) {
    await this.#run("run", sql);
  }

  async #run(action, argument) {
    const { code, output } = await finished(spawn("python", [path.join(ROOT, "tests/history/source.py"), this.connection, action, argument]));
    if (code !== 0) throw new Error(output);
  }

  stop() {
    return this.server.stop();
  }
}

const folders = [];

/** A folder for the state of a run, until `removeStates`. */
export function stateFolder() {
  folders.push(mkdtempSync(path.join(tmpdir(), "history-")));
  return folders.at(-1);
}

export function removeStates() {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** What a run has noted so far. */
export function notes(folder) {
  const file = path.join(folder, "state.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/**
 * A command of scripts/, against a stack.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {string} script
 * @param {string[]} args
 * @param {Record<string, string>} [more] Environment variables.
 */
export function start(stack, script, args, more = {}) {
  const env = {
    ...process.env,
    R2_ENDPOINT: stack.addresses.r2,
    R2_ACCESS_KEY_ID: stack.secrets.r2AccessKeyId,
    R2_SECRET_ACCESS_KEY: stack.secrets.r2SecretAccessKey,
    WAREHOUSE_POSTGRES: stack.warehouse.postgres,
    MOTHERDUCK_TOKEN: stack.secrets.warehouseReadOnlyToken,
    DISCOVERY_URL: stack.addresses.workers.discovery,
    ADMIN_TOKEN: stack.secrets.adminToken,
    GIT_SHA: "0".repeat(40),
    ...more,
  };
  return spawn(path.join(ROOT, "scripts", script), args, { env });
}

/** Runs such a command to its end. @returns {Promise<{ code: number, output: string }>} */
export const run = (...given) => finished(start(...given));

/**
 * Starts such a command, and kills it as a crash would once `when` says so, or `afterMs` at random up to that.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {() => boolean} when
 * @param {number} afterMs
 * @returns {Promise<boolean>} whether it was killed before it was through.
 */
export async function kill(child, when, afterMs) {
  const end = finished(child);
  while (!when() && child.exitCode === null) await sleep(10);
  await sleep(Math.random() * afterMs);
  child.kill("SIGKILL");
  await end;
  return child.signalCode === "SIGKILL";
}

async function finished(child) {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}
