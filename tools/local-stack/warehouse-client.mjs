/** Talks to the local warehouse: SQL by the official MCP client, and the switches for its faults. */

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

export class WarehouseClient {
  #url;
  #headers;
  #database;
  /** @type {Promise<Client> | undefined} */
  #client;

  /**
   * @param {object} options
   * @param {string} options.url Address of the MCP endpoint.
   * @param {string} options.token
   * @param {string} options.database
   */
  constructor({ url, token, database }) {
    this.#url = new URL(url);
    this.#headers = { authorization: `Bearer ${token}` };
    this.#database = database;
  }

  /**
   * Reads.
   *
   * @param {string} sql One statement.
   * @returns {Promise<Record<string, unknown>[]>} its rows by column name.
   * @throws {Error} with DuckDB's message, or if the result was cut.
   */
  async query(sql) {
    const { columns, rows, truncated, warning } = await this.#call("query", sql);
    if (truncated) throw new Error(`${warning}\n${sql}`);
    return rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i], value])));
  }

  /**
   * Reads one value.
   *
   * @param {string} sql
   * @returns {Promise<unknown>} the first value of the first row.
   */
  async value(sql) {
    const { rows } = await this.#call("query", sql);
    return rows[0]?.[0];
  }

  /**
   * Writes.
   *
   * @param {string} sql One statement.
   */
  async write(sql) {
    await this.#call("query_rw", sql);
  }

  async #call(tool, sql) {
    const result = await this.#callTool({ name: tool, arguments: { database: this.#database, sql } });
    const content = result.structuredContent ?? JSON.parse(result.content[0].text);
    if (!content.success) throw new Error(`${content.error}\n${sql}`);
    return content;
  }

  async #callTool(call) {
    try {
      return await (await this.#connected()).callTool(call);
    } catch (error) {
      // 404: the session is over, as the warehouse was started anew. Nothing ran.
      if (error.code !== 404) throw error;
      this.#client = undefined;
      return (await this.#connected()).callTool(call);
    }
  }

  async #connected() {
    this.#client ??= this.#connect();
    try {
      return await this.#client;
    } catch (error) {
      // The warehouse may be back at the next call.
      this.#client = undefined;
      throw error;
    }
  }

  async #connect() {
    const client = new Client({ name: "local-stack", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(this.#url, { requestInit: { headers: this.#headers } }));
    return client;
  }

  /**
   * Switches faults on: rules of the warehouse's control interface (tools/local-warehouse/README.md).
   *
   * @param {object[]} rules
   */
  async setFaults(rules) {
    await this.#control("/faults", { method: "POST", body: JSON.stringify(rules), headers: { "content-type": "application/json" } });
  }

  /** @returns {Promise<{ fault: { kind: string }, matched: number, hits: number }[]>} the rules that are on, and how many calls each hit. */
  async faults() {
    return (await this.#control("/faults")).json();
  }

  /** Switches all faults off. */
  async clearFaults() {
    await this.#control("/faults", { method: "DELETE" });
  }

  /** @returns {Promise<{ sequence: number, tool: string, sql: string, outcome: string }[]>} the last calls, oldest first. */
  async requests() {
    return (await this.#control("/requests")).json();
  }

  /** Forgets the calls so far. */
  async forgetRequests() {
    await this.#control("/requests", { method: "DELETE" });
  }

  async #control(path, { headers, ...init } = {}) {
    const response = await fetch(new URL(path, this.#url), { ...init, headers: { ...this.#headers, ...headers } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** Ends the client's session. */
  async close() {
    await (await this.#client)?.close();
    this.#client = undefined;
  }
}
