/** Labels in Argilla, for which a stand-in is there, and shows how they come to the warehouse by themselves. */

import { KEY, startArgilla } from "../stand-ins/argilla.mjs";
import { Labeller } from "../stand-ins/labeller.mjs";
import { showVersions } from "./schema.mjs";
import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

export { KEY as ARGILLA_KEY, startArgilla };

const DATASET = "berths";

/** What experts mark in the texts: the whole of it is the first word's span. */
const TEXTS = [
  ["Berth 7 is free from noon", "berth"],
  ["Pilot boarded at the outer buoy", "pilot"],
  ["Berth 12 has no shore power", "berth"],
  ["Anchorage B is closed in strong wind", "anchorage"],
];

/**
 * Has experts label a few records, asks for a sync, and prints what became of them.
 *
 * @param {Stack} stack
 * @param {Awaited<ReturnType<typeof startArgilla>>} argilla
 * @throws {Error} if not all records are in the warehouse.
 */
export async function syncLabels(stack, argilla) {
  await label(argilla);
  const before = await stack.sql.value("SELECT max(version) FROM schema_snapshots");
  await ask(stack, "/sync", { method: "POST", body: JSON.stringify({ dataset: DATASET }) });
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  const { syncs } = await ask(stack, "/syncs");
  const sync = syncs.find(({ source, copy }) => source.name === DATASET && copy === "parquet");
  const [scan] = sync?.scans ?? [];
  if (scan?.written !== TEXTS.length) throw new Error(`${TEXTS.length} records should be synced: ${JSON.stringify(sync)}`);
  printTable(["dataset", "records read", "written", "files"], [[DATASET, scan.read, scan.written, scan.files]]);
  console.log();
  await showVersions(stack, before);
}

/** A dataset with records and submitted answers. */
async function label(argilla) {
  const labeller = new Labeller(argilla);
  const dataset = await labeller.dataset(DATASET, "harbour", [...new Set(TEXTS.map(([, name]) => name))]);
  const records = await labeller.add(dataset, TEXTS.map(([text], n) => ({ external_id: `note-${n}`, fields: { text } })));
  for (const [n, record] of records.entries()) {
    const [text, name] = TEXTS[n];
    await labeller.answer(record, [{ start: 0, end: text.indexOf(" "), label: name }]);
  }
}

async function ask(stack, path, init = {}) {
  const response = await stack.fetch("argilla-sync", path, { ...init, headers: { authorization: `Bearer ${stack.secrets.adminToken}` } });
  if (!response.ok) throw new Error(`argilla-sync answered ${response.status}: ${await response.text()}`);
  return response.json();
}
