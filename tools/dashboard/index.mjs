/** The dashboard's file from its typed source, and what it and the alerts ask, out of the files that Grafana gets. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import yaml from "js-yaml";

const FOLDER = fileURLToPath(new URL("../../dashboards/", import.meta.url));

export const DASHBOARD_FILE = path.join(FOLDER, "living-schema-metrics.json");

/**
 * The dashboard as its typed source has it.
 *
 * @returns {Promise<string>} the text that DASHBOARD_FILE has to have.
 */
export async function dashboardText() {
  const { dashboard } = await import("../../dashboards/living-schema-metrics.ts");
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/**
 * The panels of DASHBOARD_FILE that ask something, each with its one query.
 *
 * @returns {{ panel: import("@grafana/schema").Panel, query: import("./warehouse.mjs").Query }[]}
 */
export function readPanels() {
  const { panels } = JSON.parse(readFileSync(DASHBOARD_FILE, "utf8"));
  return panels
    .filter(({ type }) => type !== "row")
    .map((panel) => {
      if (panel.targets.length !== 1) throw new Error(`the panel "${panel.title}" has ${panel.targets.length} queries, and one is expected`);
      const [{ rawSql, format }] = panel.targets;
      return { panel, query: { id: panel.id, rawSql, format } };
    });
}

/**
 * The rules of alerts.yaml: what each asks, of the last how many seconds, and the threshold that the answer is held against.
 *
 * @returns {{ rule: Record<string, any>, query: import("./warehouse.mjs").Query, seconds: number, fires: (value: number) => boolean }[]}
 */
export function readAlerts() {
  const { groups } = yaml.load(readFileSync(path.join(FOLDER, "alerts.yaml"), "utf8"));
  return groups.flatMap(({ rules }) =>
    rules.map((rule) => {
      const condition = rule.data.find(({ refId }) => refId === rule.condition).model;
      const asked = rule.data.find(({ refId }) => refId === condition.expression);
      const [{ evaluator }] = condition.conditions;
      if (condition.type !== "threshold" || evaluator.type !== "gt") throw new Error(`the rule "${rule.title}" has a condition that isn't known here`);
      return {
        rule,
        query: { id: rule.uid, rawSql: asked.model.rawSql, format: asked.model.format },
        seconds: asked.relativeTimeRange.from,
        fires: (value) => value > evaluator.params[0],
      };
    }),
  );
}
