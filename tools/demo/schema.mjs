/** Shows how the schema follows the data that landed. */

import { readFileSync } from "node:fs";

import { waitUntil } from "../local-stack/index.mjs";
import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

/** Names of a kind of change that a line shows; the rest is counted. */
const NAMES = 6;

/** Conflicts that are shown. */
const CONFLICTS = 20;

/**
 * Prints each version of the schema: the object or the decision that caused it, and what it changed. What looks like something else has a (?).
 *
 * @param {Stack} stack
 * @param {number} [after] Only versions after this one.
 */
export async function showVersions(stack, after = 1) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const versions = await stack.sql.query(`
    SELECT v.version, coalesce(c.bucket || '/' || c.key, (c.decision->>'$.by') || ': ' || (c.decision->>'$.action')) AS cause, x.kind, x.change, x.compatibility, count(*) AS changes,
           array_to_string(list(x.name || CASE WHEN x.flagged THEN ' (?)' ELSE '' END ORDER BY x.flagged, x.name)[1:${NAMES}], ', ') AS names
    FROM schema_snapshots AS v JOIN commits AS c USING (commit_seq),
         unnest(from_json(v.diff, '[{"kind":"VARCHAR","change":"VARCHAR","compatibility":"VARCHAR","name":"VARCHAR",
                                     "after":{"flagged":"BOOLEAN"}}]')) AS d(change_row),
         (SELECT change_row.kind, change_row.change, change_row.compatibility, change_row.name,
                 coalesce(change_row."after".flagged, false) AS flagged) AS x
    WHERE v.version > ${after} GROUP BY ALL ORDER BY ALL`);
  printTable(
    ["version", "caused by", "change", "of", "names"],
    versions.map(({ version, cause, kind, change, compatibility, changes, names }) => {
      const more = changes > NAMES ? `, and ${changes - NAMES} more` : "";
      return [version, cause, `${change.replace("_", " ")} (${compatibility})`, `${changes} ${kind.replace("_", " ")}${changes > 1 ? "s" : ""}`, names + more];
    }),
  );
}

/**
 * Prints the items that look like others, each with the reason.
 *
 * @param {Stack} stack
 */
export async function showConflicts(stack) {
  const all = await stack.sql.value("SELECT count(*) FROM entity_conflicts WHERE state = 'open'");
  const conflicts = await stack.sql.query(`
    SELECT scope, name, similar_item->>'$.scope' AS other_scope, similar_item->>'$.name' AS other, score, reason
    FROM entity_conflicts WHERE state = 'open' ORDER BY kind, score DESC, scope, name LIMIT ${CONFLICTS}`);
  printTable(
    ["new", "looks like", "score", "because"],
    conflicts.map(({ scope, name, other_scope, other, score, reason }) => [
      `${scope}: ${JSON.stringify(name)}`,
      `${other_scope}: ${JSON.stringify(other)}`,
      Number(score.toFixed(2)),
      reason,
    ]),
  );
  if (all > conflicts.length) console.log(`  and ${all - conflicts.length} more`);
}

/**
 * Lands a file with a label that nobody has used, and waits until the schema has it.
 *
 * @param {Stack} stack
 * @param {{ file: string, bucket: string, key: string }[]} files
 */
export async function landNewLabel(stack, files) {
  const newest = () => stack.sql.value("SELECT max(version) FROM schema_snapshots");
  const before = await newest();
  const started = performance.now();
  for (const { file, bucket, key } of files) await stack.put(bucket, key, readFileSync(file));
  await waitUntil("a new version of the schema", async () => (await newest()) > before, { timeoutMs: 60_000 });
  console.log(`  ${Math.round(performance.now() - started)} ms from the upload to the new version\n`);
  await showVersions(stack, before);
}
