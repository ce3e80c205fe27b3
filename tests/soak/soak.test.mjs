/** A short run of `scripts/soak`: whatever fails meanwhile, the sums are exact in the end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { soak } from "./soak.mjs";

const SECONDS = 20;

test("under load, with faults of all kinds, no row is lost or doubled, and no number left out", async (t) => {
  const report = await soak({ seconds: SECONDS, seed: 1, onProgress: (line) => t.diagnostic(line) });
  assert.deepEqual(report.wrong, []);
  assert.deepEqual([report.rows.lost, report.rows.doubled, report.numbers.gaps], [0, 0, 0]);
  // That something happened at all.
  assert.ok(report.rows.seen > 1_000 && report.numbers.versions > 5 && report.queries.answered > 5, JSON.stringify(report));
  assert.ok(Object.keys(report.faults).length >= 3, JSON.stringify(report.faults));
  t.diagnostic(JSON.stringify(report));
});
