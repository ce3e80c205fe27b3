/** Grafana's alerts: silent where nothing is wrong, and firing where it is. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { readAlerts, readPanels } from "../../tools/dashboard/index.mjs";
import { knownData, trouble } from "../../tools/dashboard/known-data.mjs";
import { KnownWarehouse } from "../../tools/dashboard/warehouse.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TABLE = 1;

const alerts = readAlerts();

/** @type {KnownWarehouse} */
let warehouse;
before(async () => {
  warehouse = new KnownWarehouse();
  await warehouse.start();
});
after(() => warehouse?.stop());

/** Evaluates all rules as Grafana does: one number each, held against the rule's threshold. */
async function evaluate() {
  const now = Date.now();
  const results = {};
  for (const seconds of new Set(alerts.map((alert) => alert.seconds))) {
    const asked = alerts.filter((alert) => alert.seconds === seconds);
    const range = { from: new Date(now - seconds * 1000).toISOString(), to: new Date(now).toISOString() };
    const frames = await warehouse.ask(asked.map(({ query }) => query), range);
    asked.forEach(({ rule, fires }, i) => {
      const { columns, rows } = frames[i];
      // What Grafana's expressions take for a number: https://github.com/grafana/grafana, pkg/expr, isNumberTable
      assert.deepEqual([columns.map(({ type }) => type), rows.length], [["number"], 1], rule.title);
      const [[value]] = rows;
      assert.equal(typeof value, "number", `${rule.title}: NULL would be no data`);
      results[rule.uid] = { value, fires: fires(value) };
    });
  }
  return results;
}

/** A lag has grown by as much as the test took. */
function assertResults(results, expected) {
  assert.deepEqual(Object.keys(results).sort(), Object.keys(expected).sort());
  for (const [uid, { value, fires }] of Object.entries(expected)) {
    assert.ok(results[uid].value >= value && results[uid].value < value + (uid.endsWith("-lag") ? 600 : 0.001), `${uid}: ${results[uid].value}, not ${value}`);
    assert.equal(results[uid].fires, fires, `${uid} at ${results[uid].value}`);
  }
}

test("of an empty warehouse none fires", async () => {
  const results = await evaluate();
  assert.deepEqual(results, Object.fromEntries(alerts.map(({ rule }) => [rule.uid, { value: 0, fires: false }])));
});

test("on the known data, where three objects are in quarantine, that one fires alone", async () => {
  await warehouse.write(knownData());
  assertResults(await evaluate(), {
    "living-schema-churn": { value: 1, fires: false },
    "living-schema-query-time": { value: 1, fires: false },
    "living-schema-quarantine": { value: 3, fires: true },
    "living-schema-ingest-lag": { value: 1500, fires: false },
    "living-schema-discovery-lag": { value: 600, fires: false },
  });
});

test("where everything goes wrong all fire", async () => {
  await warehouse.write(trouble());
  assertResults(await evaluate(), {
    "living-schema-churn": { value: 11, fires: true },
    // Twenty queries of 1 s and twenty of 12 s.
    "living-schema-query-time": { value: 6.5, fires: true },
    "living-schema-quarantine": { value: 3, fires: true },
    "living-schema-ingest-lag": { value: 90 * 60, fires: true },
    "living-schema-discovery-lag": { value: 180 * 60, fires: true },
  });
});

test("a rule has all that Grafana asks of one, a panel of the dashboard, and a runbook", () => {
  const runbooks = readFileSync(`${ROOT}docs/operations/runbooks.md`, "utf8");
  const anchors = [...runbooks.matchAll(/^## (.*)$/gm)].map(([, title]) => title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-"));
  const panels = readPanels();
  for (const { rule, query } of alerts) {
    assert.match(rule.uid, /^[\w-]{1,40}$/);
    assert.equal(query.format, TABLE, rule.title);
    assert.deepEqual(rule.data.map(({ refId, model }) => [refId, model.refId]), [["A", "A"], ["C", "C"]], rule.title);
    assert.deepEqual([rule.data[0].datasourceUid, rule.data[1].datasourceUid], ["living-schema", "__expr__"], rule.title);
    assert.equal(rule.dashboardUid, "living-schema-metrics");
    assert.ok(panels.some(({ panel }) => panel.id === rule.panelId), `${rule.title}: the dashboard has no panel ${rule.panelId}`);
    const [document, anchor] = rule.annotations.runbook_url.split("#");
    assert.equal(document, "${LIVING_SCHEMA_DOCS}/operations/runbooks.md");
    assert.ok(anchors.includes(anchor), `${rule.title}: the runbooks have no heading for #${anchor}`);
    assert.match(rule.for, /^\d+[sm]$/);
    assert.ok(["NoData"].includes(rule.noDataState) && ["Error"].includes(rule.execErrState), rule.title);
  }
  assert.equal(new Set(alerts.map(({ rule }) => rule.uid)).size, alerts.length);
});
