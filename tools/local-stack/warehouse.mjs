/** The local warehouse: a native process on DuckDB that answers as MotherDuck's MCP server does. */

import { execFile, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** DuckDB's extension for r2://, as set-up has it. */
const HTTPFS = path.join(ROOT, ".toolchain/duckdb/httpfs.duckdb_extension");
/** Where nothing listens. */
const NO_R2 = "127.0.0.1:9";

/** Opening a large database file can take a while. */
const START_TIMEOUT_MS = 60_000;
/** After this a process that was asked to stop is killed. */
const STOP_TIMEOUT_MS = 10_000;
const WAREHOUSE_NICENESS = 10;
/** Lines of standard error kept for messages. */
const KEPT_LINES = 50;

/**
 * @typedef {object} WarehouseOptions
 * @property {string} [command] Path of the program, if it isn't the project's own.
 * @property {string} databaseFile
 * @property {string} databaseName
 * @property {number} [port] 0, by default, takes a free one.
 * @property {string} [r2Endpoint] `host:port` of the gateway. Without one nothing can be read from R2.
 * @property {import("./secrets.mjs").Secrets} secrets
 * @property {string[]} [args] Further arguments.
 */

export class Warehouse {
  #options;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  /** @type {string[]} */
  #errorLines = [];

  /** Address of the MCP endpoint, once started. */
  url = "";

  /** `host:port` of the Postgres endpoint, once started. */
  postgres = "";

  /** @param {WarehouseOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Starts the process and waits until it's ready. After a stop or a kill it starts again on the same data and port.
   *
   * @throws {Error} with the end of its standard error, if it doesn't come up.
   */
  async start() {
    const { command = path.join(ROOT, "target/native/local-warehouse"), databaseFile, databaseName, port = 0, r2Endpoint = NO_R2, secrets, args = [] } = this.#options;
    if (!existsSync(command)) {
      throw new Error(`the local warehouse isn't built: ${command} isn't there; run cargo build --profile native --workspace --bin local-warehouse`);
    }
    const fixedPort = this.url ? Number(new URL(this.url).port) : port;
    const fixedPostgresPort = this.postgres ? Number(this.postgres.split(":").pop()) : 0;
    // MotherDuck has processors of its own. Here it shares them, and leaves them to the Workers where both want them.
    this.#process = spawn(
      "nice",
      [
        ...["-n", String(WAREHOUSE_NICENESS), command],
        ...["--db", databaseFile, "--database-name", databaseName, "--port", String(fixedPort)],
        ...["--postgres-port", String(fixedPostgresPort)],
        ...["--httpfs", HTTPFS, "--r2-endpoint", r2Endpoint, "--r2-key-id", secrets.r2AccessKeyId],
        "--exit-with-parent",
        ...args,
      ],
      {
        // Standard input stays open as long as this process lives: that is what --exit-with-parent watches.
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          ...process.env,
          LOCAL_WAREHOUSE_TOKEN: secrets.warehouseToken,
          LOCAL_WAREHOUSE_READ_ONLY_TOKEN: secrets.warehouseReadOnlyToken,
          LOCAL_WAREHOUSE_R2_SECRET: secrets.r2SecretAccessKey,
        },
      },
    );
    createInterface(this.#process.stderr).on("line", (line) => {
      this.#errorLines = [...this.#errorLines, line].slice(-KEPT_LINES);
    });
    const { url, postgres } = await this.#ready(this.#process);
    this.url = url;
    // Programs that stand in for the warehouse may not have it.
    this.postgres = postgres ?? "";
  }

  /**
   * Applies the schema, as scripts/motherduck_setup.sh does. It can be done any number of times.
   *
   * @param {string[]} scripts
   * @returns {Promise<string>} what changed.
   */
  async setUp(scripts) {
    const command = path.join(ROOT, "target/native/warehouse-setup");
    if (!existsSync(command)) {
      throw new Error(`${command} isn't built; run cargo build --profile native --workspace --bin warehouse-setup`);
    }
    const { databaseName, secrets } = this.#options;
    const env = { ...process.env, MOTHERDUCK_TOKEN: secrets.warehouseToken };
    const { stdout } = await promisify(execFile)(command, ["--url", this.url, "--database", databaseName, ...scripts], { env });
    return stdout;
  }

  /** The process's id; undefined while it's down. */
  get pid() {
    return this.#process?.pid;
  }

  /** The end of what the process wrote to standard error. */
  get errorLines() {
    return [...this.#errorLines];
  }

  /** Asks the process to stop, so that it closes its database, and waits for it. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** Kills the process, as a crash would. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Kills the process and deletes its database: all that was in it is lost. The next start makes an empty one. */
  async lose() {
    await this.kill();
    const { databaseFile } = this.#options;
    for (const file of [databaseFile, `${databaseFile}.wal`]) rmSync(file, { force: true });
  }

  async #end(signal) {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  async #ready(child) {
    const failed = (reason) => new Error(`the local warehouse ${reason}\n${this.#errorLines.join("\n")}`);
    let timer;
    try {
      return await Promise.race([
        once(createInterface(child.stdout), "line").then(([line]) => JSON.parse(line)),
        once(child, "close").then(([code, signal]) => {
          throw failed(`ended with ${signal ?? code} before it was ready`);
        }),
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(failed(`wasn't ready after ${START_TIMEOUT_MS / 1000} s`)), START_TIMEOUT_MS);
        }),
      ]);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
