/** A stack for tests of the sync: Argilla's stand-in beside the Workers, and somebody who labels there. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { startStack } from "../../tools/local-stack/index.mjs";
import { KEY } from "../../tools/stand-ins/argilla.mjs";
import { Labeller } from "../../tools/stand-ins/labeller.mjs";
import { PostgresServer } from "../schema-api/postgresql-server.mjs";

/** The folder of third-party files, if it's there. */
export const DATA = process.env.LIVING_SCHEMA_DATA;

/**
 * @param {object} argilla A stand-in.
 * @param {object} [options]
 * @param {object} [options.variables] Of argilla-sync.
 * @param {object} [options.sync] Over the configured ARGILLA_SYNC.
 * @returns {Promise<import("../../tools/local-stack/index.mjs").Stack>}
 */
export function startSync(argilla, { variables = {}, sync = {} } = {}) {
  return startStack({
    workers: ["argilla-sync", "ingest", "discovery"],
    queues: PROMPT_QUEUES,
    variables: {
      ingest: { INGEST: (configured) => ({ ...configured, retry_seconds: 0 }) },
      "argilla-sync": { ...syncVariables(argilla, sync), ...variables },
    },
  });
}

const quick = { maxBatchTimeout: 0, retryDelay: 0 };

/** Queues of a stack with argilla-sync, which nothing waits in. */
export const PROMPT_QUEUES = { "argilla-sync": { retryDelay: 0 }, landed: quick, discovery: quick, outbox: quick };

/** Variables by which argilla-sync reads a stand-in. @param {object} argilla @param {object} [sync] Over the configured ARGILLA_SYNC. */
export function syncVariables(argilla, sync = {}) {
  return { ARGILLA_URL: argilla.url, ARGILLA_API_KEY: KEY, ARGILLA_SYNC: (configured) => ({ ...configured, wait_seconds: 1, ...sync }) };
}

const POSTGRES_PASSWORD = "correct horse";

/** PostgreSQL for the parallel run: the table, and a user who may feed and read it. */
export function startPostgres() {
  return PostgresServer.start(`${annotationsTable()}
CREATE ROLE sync LOGIN PASSWORD '${POSTGRES_PASSWORD}';
GRANT SELECT, INSERT, UPDATE ON annotations TO sync;
`);
}

/** Variables by which Workers reach it. @param {PostgresServer} server */
export function postgresVariables(server) {
  return { POSTGRES: server.address, POSTGRES_DATABASE: "postgres", POSTGRES_USER: "sync", POSTGRES_PASSWORD };
}

/** The table of the parallel run, as PostgreSQL reads it when it's set up: a statement a line, without comments. */
function annotationsTable() {
  const text = readFileSync(new URL("../../sql/postgresql/annotations.sql", import.meta.url), "utf8");
  const statements = text.replace(/--.*$/gm, "").split(";").map((one) => one.replace(/\s+/g, " ").trim()).filter(Boolean);
  return statements.map((one) => `${one};\n`).join("");
}

/** Asks for a sync and waits until it's through. */
export async function sync(stack, request = {}) {
  const reply = await ask(stack, "/sync", { method: "POST", body: JSON.stringify(request) });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  return reply.body;
}

/** @returns {Promise<object[]>} what GET /syncs says, of the copies in R2 by default. */
export async function syncs(stack, copy = "parquet") {
  const { status, body } = await ask(stack, "/syncs");
  assert.equal(status, 200, JSON.stringify(body));
  return body.syncs.filter((sync) => sync.copy === copy);
}

export async function ask(stack, path, init = {}, token = stack.secrets.adminToken) {
  const response = await stack.fetch("argilla-sync", path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}

/** Somebody who labels, in datasets of one question for spans. */
export class Annotator extends Labeller {
  /** Makes a dataset, and publishes it. */
  dataset(name, { workspace = "ws", labels = ["vessel", "port"] } = {}) {
    return super.dataset(name, workspace, labels);
  }

  /** Logs records `r<from>` to `r<to - 1>`. */
  async log(dataset, from, to) {
    const items = Array.from({ length: to - from }, (_, n) => ({
      external_id: `r${from + n}`,
      fields: { text: `MV Example calls at port ${from + n}` },
      metadata: { page: from + n },
    }));
    return this.add(dataset, items);
  }

  /** Answers a record. */
  answer(record, spans = [{ start: 0, end: 2, label: "vessel" }], status = "submitted") {
    return super.answer(record, spans, status);
  }
}
