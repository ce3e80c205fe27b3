// The official MCP client against the local warehouse, so that the protocol is not only our own reading of it.
//
// The binary is LOCAL_WAREHOUSE_BIN, or target/native/local-warehouse of the repository.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const BINARY =
  process.env.LOCAL_WAREHOUSE_BIN ?? fileURLToPath(new URL("../../target/native/local-warehouse", import.meta.url));
const TOKEN = "read-write-token";
const READ_ONLY_TOKEN = "read-only-token";
/** Only stops a test that would hang. */
const PATIENCE = { timeout: 60_000 };

/** Starts a warehouse that ends with the test, and gives its URL. */
async function startWarehouse(t, replyStyle) {
  const warehouse = spawn(BINARY, ["--reply-style", replyStyle, "--exit-with-parent"], {
    env: { LOCAL_WAREHOUSE_TOKEN: TOKEN, LOCAL_WAREHOUSE_READ_ONLY_TOKEN: READ_ONLY_TOKEN },
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(warehouse, "spawn");
  t.after(async () => {
    const exit = once(warehouse, "exit");
    warehouse.kill("SIGTERM");
    const [code] = await exit;
    assert.equal(code, 0, "the warehouse did not stop cleanly");
  });
  const [line] = await once(createInterface(warehouse.stdout), "line");
  return new URL(JSON.parse(line).url);
}

/** Connects the SDK's client, which does the handshake. */
async function connect(t, url, token = TOKEN) {
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: "local-warehouse-test", version: "1.0.0" });
  await client.connect(transport);
  t.after(() => client.close());
  return { client, transport };
}

const query = (client, sql) => client.callTool({ name: "query", arguments: { database: "living_schema", sql } });
const queryRw = (client, sql) => client.callTool({ name: "query_rw", arguments: { sql } });

for (const replyStyle of ["stateful-sse", "stateless-json"]) {
  test(`${replyStyle}: the client shakes hands and lists the two tools`, PATIENCE, async (t) => {
    const { client, transport } = await connect(t, await startWarehouse(t, replyStyle));
    assert.equal(client.getServerVersion().name, "local-warehouse");
    assert.equal(typeof transport.sessionId, replyStyle === "stateful-sse" ? "string" : "undefined");
    await client.ping();

    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name, inputSchema, annotations }) => [name, inputSchema.required, annotations.readOnlyHint]),
      [
        ["query", ["database", "sql"], true],
        ["query_rw", ["sql"], false],
      ],
    );
  });

  test(`${replyStyle}: what query_rw writes, query reads, structured and as text`, PATIENCE, async (t) => {
    const { client } = await connect(t, await startWarehouse(t, replyStyle));
    const created = await queryRw(client, "CREATE TABLE t AS SELECT range AS a, 'é😀' AS b FROM range(3)");
    assert.equal(created.structuredContent.success, true);

    const result = await query(client, "FROM t ORDER BY a");
    const expected = {
      success: true,
      columns: ["a", "b"],
      columnTypes: ["BIGINT", "VARCHAR"],
      rows: [
        [0, "é😀"],
        [1, "é😀"],
        [2, "é😀"],
      ],
      rowCount: 3,
    };
    assert.equal(result.isError, false);
    assert.deepEqual(result.structuredContent, expected);
    assert.deepEqual(JSON.parse(result.content[0].text), expected);
  });

  test(`${replyStyle}: a failure is a tool error with DuckDB's words`, PATIENCE, async (t) => {
    const { client } = await connect(t, await startWarehouse(t, replyStyle));
    await queryRw(client, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    await queryRw(client, "INSERT INTO t VALUES (1)");
    for (const [result, message, type] of [
      [await queryRw(client, "INSERT INTO t VALUES (1)"), /^Constraint Error: Duplicate key/, "ConstraintException"],
      [await query(client, "INSERT INTO t VALUES (2)"), /only SELECT and EXPLAIN are allowed/, "InvalidInputException"],
    ]) {
      assert.equal(result.isError, true);
      assert.equal(result.structuredContent.success, false);
      assert.equal(result.structuredContent.errorType, type);
      assert.match(result.structuredContent.error, message);
    }
    await assert.rejects(client.callTool({ name: "query", arguments: { sql: "SELECT 1" } }), /database/);
    await assert.rejects(client.callTool({ name: "execute_query", arguments: { sql: "SELECT 1" } }), /execute_query/);
  });

  test(`${replyStyle}: many calls of one client run side by side`, PATIENCE, async (t) => {
    const { client } = await connect(t, await startWarehouse(t, replyStyle));
    await queryRw(client, "CREATE TABLE t (a INTEGER)");
    const results = await Promise.all(Array.from({ length: 32 }, (_, i) => queryRw(client, `INSERT INTO t VALUES (${i})`)));
    assert.ok(results.every((result) => result.structuredContent.success));
    const { structuredContent } = await query(client, "SELECT count(DISTINCT a) FROM t");
    assert.deepEqual(structuredContent.rows, [[32]]);
  });

  test(`${replyStyle}: an aborted call is cancelled in the warehouse`, PATIENCE, async (t) => {
    const url = await startWarehouse(t, replyStyle);
    const { client } = await connect(t, url);
    const sql = "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b";
    const abort = new AbortController();
    const call = client.callTool({ name: "query_rw", arguments: { sql } }, undefined, { signal: abort.signal });
    const outcome = async () => {
      const response = await fetch(new URL("/requests", url), { headers: { Authorization: `Bearer ${TOKEN}` } });
      return (await response.json()).find((entry) => entry.sql === sql)?.outcome;
    };
    const until = async (wanted) => {
      while ((await outcome()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until("running");
    abort.abort();
    await assert.rejects(call);
    if (replyStyle === "stateless-json") {
      // The client only notifies, which without a session reaches nobody: hanging up is what cancels here.
      await client.close();
    }
    await until("cancelled");
  });

  test(`${replyStyle}: a wrong token is refused, a read-only one reads`, PATIENCE, async (t) => {
    const url = await startWarehouse(t, replyStyle);
    await assert.rejects(connect(t, url, "wrong"));
    const { client } = await connect(t, url, READ_ONLY_TOKEN);
    assert.deepEqual((await query(client, "SELECT 1 AS a")).structuredContent.rows, [[1]]);
    assert.equal((await queryRw(client, "CREATE TABLE t (a INTEGER)")).structuredContent.success, false);
  });
}
