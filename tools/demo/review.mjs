/** Shows what a person decides on what looks alike, and what becomes of the schema. */

import { showVersions } from "./schema.mjs";
import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

/**
 * Takes the oldest conflict of two labels: shows what a merge would touch, merges, and undoes it.
 *
 * @param {Stack} stack
 * @throws {Error} if there's no such conflict, or the schema isn't what it was after the undoing.
 */
export async function showDecision(stack) {
  const { conflicts } = await ask(stack, "GET", "/conflicts");
  const conflict = conflicts.find(({ item, similar_to }) => item.kind === "entity_type" && similar_to);
  if (!conflict) throw new Error("no two labels look alike");
  const { item, similar_to: into, revision: seen } = conflict;
  const merge = { action: "merge", item, into, seen, by: "demo", reason: "two spellings of one thing" };

  const preview = await ask(stack, "POST", "/decisions/preview", merge);
  console.log(`  ${JSON.stringify(item.name)} is ${JSON.stringify(into.name)} by another name? A merge would touch:\n`);
  printTable(
    ["entity type", "occurs", "after a merge"],
    preview.counts.map(({ name, before, after }) => [name, before, after]),
  );
  const { next, unchanged } = preview.versions;
  console.log(`\n  It makes version ${next}; ${unchanged} versions that have it stay as they are. Views: ${preview.views.join(", ")}. Reports: ${preview.reports.length}.\n`);

  const before = await newest(stack);
  const { decision } = await ask(stack, "POST", "/decisions", merge);
  await ask(stack, "POST", "/decisions", { action: "undo", decision, by: "demo", reason: "only to show it" });
  await showVersions(stack, before.version);
  const after = await newest(stack);
  if (after.content_hash !== before.content_hash) throw new Error("an undone merge left something behind");
  console.log(`\n  Undone, the schema is what it was: content ${after.content_hash.slice(0, 12)}… in versions ${before.version} and ${after.version}`);
}

async function newest(stack) {
  const [version] = await stack.sql.query("SELECT version, content_hash FROM schema_snapshots ORDER BY version DESC LIMIT 1");
  return version;
}

async function ask(stack, method, path, body) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch("discovery", path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.detail}`);
  return answer;
}
