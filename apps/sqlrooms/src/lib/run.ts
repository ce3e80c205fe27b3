/** Running a query: what is asked, what comes back as Arrow, and giving it up. */

import { tableFromIPC } from "apache-arrow";

import type { Api } from "../api/client";
import type { QueryRequest } from "../api/model";
import { Problem } from "../api/problem";
import { type Rows, arrowRows } from "./rows";

export type Mode = NonNullable<QueryRequest["mode"]>;

/** Seconds that a query may take, as the API has it. */
export const SECONDS: Record<Mode, number> = { live: 10, snapshot: 55, time_travel: 55 };

/** Where a query looks. */
export type Look =
  | { mode: "live" }
  | { mode: "snapshot"; execution_id?: string; commit_seq?: number; schema_version?: number }
  | { mode: "time_travel"; commit_seq?: number; schema_version?: number; date?: string };

/** Rows, and what is known of the run that gave them. */
export interface Result {
  rows: Rows;
  sql: string;
  mode: Mode;
  executionId: string;
  servedBy: string;
  schemaVersion: number;
  commitSeq: number;
  isTruncated: boolean;
  hash: string;
  milliseconds: number;
  at: Date;
}

/** A run under way. */
export interface Run {
  result: Promise<Result>;
  /** Gives it up: here, and in the warehouse. */
  cancel: () => void;
}

/** Begins to run a query. */
export function run(api: Api, sql: string, look: Look, maxRows: number): Run {
  const id = crypto.randomUUID();
  const abort = new AbortController();
  const started = performance.now();
  const isAgain = look.mode === "snapshot" && look.execution_id !== undefined;
  const body: QueryRequest = { ...look, ...(!isAgain && { sql }), id, max_rows: maxRows };
  const result = async (): Promise<Result> => {
    const headers = { accept: "application/vnd.apache.arrow.stream" };
    const response = await api.send("post", "/api/query/execute", { body, headers, signal: abort.signal });
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    const header = (name: string) => response.headers.get(name) ?? "";
    return {
      rows: arrowRows(table),
      sql,
      mode: look.mode,
      executionId: header("x-execution-id"),
      servedBy: header("x-served-by"),
      schemaVersion: Number(header("x-schema-version")),
      commitSeq: Number(header("x-commit-seq")),
      isTruncated: header("x-truncated") === "true",
      hash: header("x-result-hash"),
      milliseconds: performance.now() - started,
      at: new Date(),
    };
  };
  return {
    result: result(),
    cancel() {
      // Closing the connection gives it up, too; this also reaches it through a proxy that holds on.
      void api.send("post", "/api/query/cancel", { body: { id } }).catch(() => {});
      abort.abort();
    },
  };
}

/** The newest commit that there is. */
export async function newestCommit(api: Api, signal: AbortSignal): Promise<number> {
  const response = await api.send("post", "/api/query/execute", { body: { sql: "SELECT 1 AS n", max_rows: 1 }, signal });
  const commit = Number(response.headers.get("x-commit-seq"));
  if (!commit) throw new Problem(0, "There is no commit yet", "Nothing has landed: there is no past to look at.");
  return commit;
}
