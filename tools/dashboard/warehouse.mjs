/** A local warehouse with the known data in it, read by views and, as Grafana would, by the stand-in of its data source plugin. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { DATABASE_NAME, SCHEMA } from "../local-stack/index.mjs";
import { loadSecrets } from "../local-stack/secrets.mjs";
import { WarehouseClient } from "../local-stack/warehouse-client.mjs";
import { Warehouse } from "../local-stack/warehouse.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What a panel or an alert asks.
 *
 * @typedef {{ id: string | number, rawSql: string, format: number }} Query
 */

/**
 * What the plugin makes of the answer: data-source.py has the types.
 *
 * @typedef {{ id: string | number, columns: { name: string, type: "time" | "number" | "string" | "boolean" }[], rows: unknown[][] }} Frame
 */

export class KnownWarehouse {
  #folder = mkdtempSync(path.join(tmpdir(), "dashboard-"));
  #file = path.join(this.#folder, "warehouse.duckdb");
  #secrets = loadSecrets(path.join(this.#folder, "secrets.json"));
  #warehouse = new Warehouse({
    databaseFile: this.#file,
    databaseName: DATABASE_NAME,
    secrets: this.#secrets,
  });
  /** @type {WarehouseClient | undefined} */
  #client;

  /** Starts it, and sets it up as a deployment is. */
  async start() {
    await this.#warehouse.start();
    await this.#warehouse.setUp(SCHEMA);
    this.#client = new WarehouseClient({ url: this.#warehouse.url, token: this.#secrets.warehouseToken, database: DATABASE_NAME });
  }

  /** @param {string[]} statements */
  async write(statements) {
    for (const statement of statements) await this.#client.write(statement);
  }

  /**
   * @param {string} sql
   * @returns {Promise<Record<string, unknown>[]>} its rows by column name.
   */
  query(sql) {
    return this.#client.query(sql);
  }

  /**
   * Asks as Grafana does.
   *
   * @param {Query[]} queries
   * @param {{ from: string, to: string }} range In RFC 3339.
   * @returns {Promise<Frame[]>} in the order of the queries.
   * @throws {Error} with the id and the reason of each query that fails.
   */
  async ask(queries, { from, to }) {
    // A file of DuckDB is one process's at a time.
    await this.#client.close();
    await this.#warehouse.stop();
    const request = { database: this.#file, name: DATABASE_NAME, from, to, queries };
    const frames = await runDataSource(request).finally(() => this.#warehouse.start());
    const failed = frames.filter(({ error }) => error !== undefined).map(({ id, error }) => `${id}: ${error}`);
    if (failed.length > 0) throw new Error(failed.join("\n"));
    return frames;
  }

  async stop() {
    await this.#client?.close();
    await this.#warehouse.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

async function runDataSource(request) {
  const child = spawn("python", [path.join(ROOT, "tools/dashboard/data-source.py")], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(request));
  return json(child.stdout);
}
