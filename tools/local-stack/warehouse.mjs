/** The local warehouse: a native process on DuckDB that answers as MotherDuck's MCP server does. */

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** Opening a large database file can take a while. */
const START_TIMEOUT_MS = 60_000;
/** After this a process that was asked to stop is killed. */
const STOP_TIMEOUT_MS = 10_000;
/** Lines of standard error kept for messages. */
const KEPT_LINES = 50;

/**
 * @typedef {object} WarehouseOptions
 * @property {string} command Path of the program.
 * @property {string} databaseFile
 * @property {string} databaseName
 * @property {number} port 0 takes a free one.
 * @property {string} r2Endpoint `host:port` of the gateway.
 * @property {string} httpfs Path of DuckDB's httpfs extension.
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
    const { command, databaseFile, databaseName, port, r2Endpoint, httpfs, secrets, args = [] } = this.#options;
    if (!existsSync(command)) {
      throw new Error(`the local warehouse isn't built: ${command} isn't there; run cargo build --profile native -p local-warehouse`);
    }
    const fixedPort = this.url ? Number(new URL(this.url).port) : port;
    this.#process = spawn(
      command,
      [
        ...["--db", databaseFile, "--database-name", databaseName, "--port", String(fixedPort)],
        ...["--httpfs", httpfs, "--r2-endpoint", r2Endpoint, "--r2-key-id", secrets.r2AccessKeyId],
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
    this.url = await this.#ready(this.#process);
  }

  /**
   * Applies the schema, as scripts/motherduck_setup.sh does. It can be done any number of times.
   *
   * @param {string} command Path of warehouse-setup.
   * @param {string[]} scripts
   * @returns {Promise<string>} what changed.
   */
  async setUp(command, scripts) {
    if (!existsSync(command)) {
      throw new Error(`${command} isn't built; run cargo build --profile native -p warehouse-setup`);
    }
    const { databaseName, secrets } = this.#options;
    const env = { ...process.env, MOTHERDUCK_TOKEN: secrets.warehouseToken };
    const { stdout } = await promisify(execFile)(command, ["--url", this.url, "--database", databaseName, ...scripts], { env });
    return stdout;
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
        once(createInterface(child.stdout), "line").then(([line]) => JSON.parse(line).url),
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
