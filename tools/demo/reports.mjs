/** Shows a saved report before and after new data and a merge: pinned it stays, and what changed is shown with its cause. */

import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

const SQL = "SELECT dataset, label, count(*) AS mentions FROM entity_mentions GROUP BY ALL ORDER BY mentions DESC, label";

/** Rows that are shown. */
const ROWS = 6;

/** @type {{ report_id: string } | undefined} */
let report;

/**
 * Saves a query as a report.
 *
 * @param {Stack} stack
 */
export async function saveReport(stack) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  report = await ask(stack, "POST", "", { name: "Mentions by label", sql: SQL, key: ["dataset", "label"] });
  console.log(`  ${SQL}\n`);
  console.log(`  pinned to schema version ${report.schema_version} and commit ${report.commit_seq}: ${printed(report.fingerprint)}`);
}

/**
 * Shows what became of the report, once something has landed: the same rows when it's run, and the difference to what is there now.
 * Merges two labels that it counts, and shows the same again.
 *
 * @param {Stack} stack
 * @throws {Error} if the pinned report gives other rows.
 */
export async function showReport(stack) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  await showState(stack);
  const { body } = await request(stack, "GET", "review/conflicts", undefined, "expert");
  const conflict = body.conflicts.find(({ item, similar_to }) => item.kind === "entity_type" && similar_to);
  if (conflict) {
    const { item, similar_to: into } = conflict;
    console.log(`\n  A person merges ${JSON.stringify(item.name)} into ${JSON.stringify(into.name)}\n`);
    const merged = await request(stack, "POST", "review/decisions", { action: "merge", item, into }, "expert");
    if (merged.status !== 200) throw new Error(`the merge was answered with ${merged.status}: ${merged.body.detail}`);
    await showState(stack);
  }
  const refreshed = await ask(stack, "POST", `/${report.report_id}/refresh`, { seen: 1 });
  console.log(`\n  refreshed, revision ${refreshed.revision} is pinned to version ${refreshed.schema_version} and commit ${refreshed.commit_seq}: ${printed(refreshed.fingerprint)}`);
}

async function showState(stack) {
  const run = await ask(stack, "POST", `/${report.report_id}/run`);
  if (!run.reproduced) throw new Error("a pinned report gave other rows than it did");
  console.log(`  run again, it gives the same: ${printed(run.fingerprint)}`);
  const { state, reason } = await ask(stack, "POST", `/${report.report_id}/check`);
  console.log(`  held against now: ${state}, ${reason}\n`);
  const { cause, rows } = await ask(stack, "GET", `/${report.report_id}/diff`);
  for (const { kind, bucket, key, rows: count } of cause.loads.slice(0, ROWS)) console.log(`  because of a ${kind}: ${bucket}/${key}, ${count} rows`);
  for (const { decision, change, name } of cause.schema_changes.filter((one) => one.decision).slice(0, ROWS)) {
    console.log(`  because of a decision: ${decision.by} made a ${decision.action}; ${change.replace("_", " ")}: ${JSON.stringify(name)}`);
  }
  const changed = rows.changed.listed.map(({ key, cells }) => ["changed", ...key, cells[0].before, cells[0].after]);
  const added = rows.added.listed.map(([dataset, label, mentions]) => ["added", dataset, label, "–", mentions]);
  const removed = rows.removed.listed.map(([dataset, label, mentions]) => ["removed", dataset, label, mentions, "–"]);
  const all = [...changed, ...added, ...removed];
  console.log();
  printTable(["row", "dataset", "label", "mentions then", "now"], all.slice(0, ROWS));
  const more = rows.changed.count + rows.added.count + rows.removed.count - Math.min(all.length, ROWS);
  console.log(`  ${more > 0 ? `and ${more} more; ` : ""}${rows.unchanged} rows unchanged`);
}

const printed = ({ row_count: rows, row_hash: hash }) => `${rows} rows, hash ${hash.slice(0, 12)}…`;

async function ask(stack, method, path, body) {
  const answer = await request(stack, method, `reports${path}`, body);
  if (answer.status !== 200) throw new Error(`${method} reports${path} was answered with ${answer.status}: ${answer.body.detail}`);
  return answer.body;
}

async function request(stack, method, path, body, token = "analyst") {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, ...(body && { "content-type": "application/json" }) };
  const response = await stack.fetch("schema-api", `/api/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
}
