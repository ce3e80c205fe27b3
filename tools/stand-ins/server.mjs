/** What the stand-ins have in common: a local server that says what it is, keeps what it took, and has faults that can be switched on. */

import { once } from "node:events";
import { createServer } from "node:http";

/**
 * What a stand-in does instead of taking a request; it does so until `recover`, or `times` times.
 *
 * @typedef {({ kind: "refuse" }
 *   | { kind: "status", status: number, body?: string, retryAfter?: number }
 *   | { kind: "stall" }
 *   | { kind: "rubbish" }
 *   | { kind: "drop" }
 *   | { kind: "truncate" }) & { times?: number }} Fault
 *
 * - `refuse`: nothing listens. `status`: this answer. `stall`: no answer, until `recover` ends the connection.
 * - `rubbish`: it takes the request, and something that isn't the service answers. `drop`: it takes the request, and ends the connection.
 * - `truncate`: it takes the request, and ends the connection in the middle of the answer.
 */

export class StandIn {
  #server;
  #port = 0;
  /** @type {Fault | undefined} */
  #fault;
  /** @type {Set<import("node:http").ServerResponse>} */
  #stalled = new Set();

  /** What it took, oldest first. @type {object[]} */
  taken = [];

  /**
   * @param {string} name What it stands for.
   * @param {(request: import("node:http").IncomingMessage, body: string) => { status: number, type: string, body: string, taken?: object }} answer
   *   What the service answers; `taken` if it takes the request.
   */
  constructor(name, answer) {
    this.#server = createServer((request, response) => this.#serve(name, answer, request, response));
  }

  /**
   * Listens on 127.0.0.1, after the first time on the same port.
   *
   * @param {number} [port] Any free one by default.
   */
  async start(port = this.#port) {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = this.#server.address().port;
  }

  /** Its address, without a path. */
  get origin() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How many requests it has left without an answer. */
  get stalling() {
    return this.#stalled.size;
  }

  /** @param {Fault} fault */
  async meet(fault) {
    this.#fault = { ...fault };
    if (fault.kind === "refuse") await this.#stop();
  }

  /** Goes back to taking everything. */
  async recover() {
    this.#fault = undefined;
    for (const response of this.#stalled) response.destroy();
    this.#stalled.clear();
    if (!this.#server.listening) await this.start();
  }

  async stop() {
    if (this.#server.listening) await this.#stop();
  }

  async #stop() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #serve(name, answer, request, response) {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    response.setHeader("x-stand-in", name);
    // The front page is there as long as anything is.
    if (request.method === "GET" && request.url === "/") return response.writeHead(404, { "content-type": "text/plain" }).end(`a stand-in for ${name}\n`);
    const fault = this.#nextFault();
    if (fault?.kind === "stall") return this.#stalled.add(response);
    if (fault?.kind === "status") {
      if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
      return response.writeHead(fault.status).end(fault.body ?? "");
    }
    const { status, type, body: text, taken } = answer(request, body);
    if (taken) this.taken.push(taken);
    if (fault?.kind === "drop") return response.destroy();
    if (fault?.kind === "rubbish") return response.writeHead(200, { "content-type": "text/html" }).end("<html>a portal</html>");
    response.writeHead(status, { "content-type": type, ...(text && { "content-length": Buffer.byteLength(text) }) });
    if (fault?.kind === "truncate") return response.write(text.slice(0, text.length / 2), () => response.destroy());
    return response.end(text);
  }

  #nextFault() {
    const fault = this.#fault;
    if (fault?.times !== undefined && --fault.times <= 0) this.#fault = undefined;
    return fault;
  }
}
