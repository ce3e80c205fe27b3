/**
 * The dashboard, as Grafana's own types have it: `scripts/dashboard` writes living-schema-metrics.json from it.
 *
 * Each query names its relations in full. The data source plugin has an in-memory database as its default and attaches the warehouse to it
 * (https://github.com/motherduckdb/grafana-duckdb-datasource), so `USE` would hold for one of its connections only.
 */

import {
  AxisPlacement, BigValueColorMode, BigValueGraphMode, BigValueJustifyMode, BigValueTextMode, DashboardCursorSync, type Dashboard,
  type DataSourceRef, defaultDashboard, type FieldConfig, FieldColorModeId, GraphDrawStyle, GraphThresholdsStyleMode, LegendDisplayMode,
  LineInterpolation, type Panel, PercentChangeColorMode, SortOrder, StackingMode, TableCellHeight, type Threshold, ThresholdsMode,
  TooltipDisplayMode, VariableHide, VisibilityMode, VizOrientation,
} from "@grafana/schema";
import type {
  FieldConfig as BarChartFieldConfig, Options as BarChartOptions,
} from "@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as TableFieldConfig, Options as TableOptions,
} from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  FieldConfig as TimeSeriesFieldConfig, Options as TimeSeriesOptions,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** The data source is a variable of the dashboard; datasource.yaml has the one it starts with. */
const DATA_SOURCE: DataSourceRef = { type: "motherduck-duckdb-datasource", uid: "${datasource}" };

/** How the plugin hands a result on: as series by time, or as it is. Grafana's own numbers. */
const TIME_SERIES = 0;
const TABLE = 1;

/** Widths and heights are Grafana's: 24 columns, and rows of 30 pixels. */
type Size = { w: number; h: number };
const STAT: Size = { w: 4, h: 4 };
const HALF: Size = { w: 12, h: 8 };
const WHOLE: Size = { w: 24, h: 8 };

/** A panel before it has a number and a place. */
type Sized = { size: Size; panel: Omit<Panel, "id" | "gridPos"> };

/** One green step, and a red one from `red` on, if given. */
function thresholds(red?: number): { mode: ThresholdsMode; steps: Threshold[] } {
  // JSON has no -Infinity; Grafana takes the first step's missing value for it.
  const steps = [{ color: "green", value: null }, ...(red === undefined ? [] : [{ color: "red", value: red }])];
  return { mode: ThresholdsMode.Absolute, steps: steps as Threshold[] };
}

function target(rawSql: string, format: number) {
  return [{ refId: "A", datasource: DATA_SOURCE, editorMode: "code", format, rawQuery: true, rawSql: rawSql.trim() }];
}

const LEGEND = { calcs: [], displayMode: LegendDisplayMode.List, placement: "bottom" as const, showLegend: true };
const TOOLTIP = { mode: TooltipDisplayMode.Multi, sort: SortOrder.None };

/** One number. It's red from `red` on. */
function stat(title: string, description: string, sql: string, { unit = "none", red }: { unit?: string; red?: number } = {}): Sized {
  const options: StatOptions = {
    colorMode: red === undefined ? BigValueColorMode.None : BigValueColorMode.Background,
    graphMode: BigValueGraphMode.None,
    justifyMode: BigValueJustifyMode.Center,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    showPercentChange: false,
    textMode: BigValueTextMode.Value,
    wideLayout: true,
  };
  const defaults: FieldConfig = { unit, color: { mode: FieldColorModeId.Thresholds }, thresholds: thresholds(red), noValue: "–" };
  return {
    size: STAT,
    panel: {
      type: "stat", title, description, datasource: DATA_SOURCE, targets: target(sql, TABLE), options: { ...options },
      fieldConfig: { defaults, overrides: [] },
    },
  };
}

/** Values by time: lines, or bars that are stacked. A dashed line is drawn at `limit`. */
function timeSeries(
  title: string,
  description: string,
  sql: string,
  { axis, unit = "none", bars = false, steps = false, limit }: { axis: string; unit?: string; bars?: boolean; steps?: boolean; limit?: number },
): Sized {
  const options: TimeSeriesOptions = { legend: LEGEND, tooltip: TOOLTIP };
  const custom: TimeSeriesFieldConfig = {
    drawStyle: bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line,
    lineInterpolation: steps ? LineInterpolation.StepAfter : LineInterpolation.Linear,
    lineWidth: bars ? 1 : 2,
    fillOpacity: bars ? 80 : 0,
    stacking: { mode: bars ? StackingMode.Normal : StackingMode.None, group: "A" },
    axisPlacement: AxisPlacement.Auto,
    axisLabel: axis,
    axisSoftMin: 0,
    thresholdsStyle: { mode: limit === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed },
  };
  const defaults: FieldConfig<TimeSeriesFieldConfig & Record<string, unknown>> = {
    unit, color: { mode: FieldColorModeId.PaletteClassic }, thresholds: thresholds(limit), custom: { ...custom },
  };
  return {
    size: HALF,
    panel: {
      type: "timeseries", title, description, datasource: DATA_SOURCE, targets: target(sql, TIME_SERIES), options: { ...options },
      fieldConfig: { defaults, overrides: [] },
    },
  };
}

/** A group of bars for each row, named by the column `x`. */
function barChart(title: string, description: string, sql: string, { x, axis }: { x: string; axis: string }): Sized {
  const options: BarChartOptions = {
    barWidth: 0.9, fullHighlight: false, groupWidth: 0.7, legend: LEGEND, orientation: VizOrientation.Auto, showValue: VisibilityMode.Auto,
    stacking: StackingMode.None, tooltip: TOOLTIP, xField: x, xTickLabelMaxLength: 24, xTickLabelRotation: 0,
  };
  const custom: BarChartFieldConfig = { axisPlacement: AxisPlacement.Auto, axisLabel: axis, axisSoftMin: 0, fillOpacity: 80, lineWidth: 1 };
  const defaults: FieldConfig<BarChartFieldConfig & Record<string, unknown>> = {
    unit: "none", color: { mode: FieldColorModeId.PaletteClassic }, thresholds: thresholds(), custom: { ...custom },
  };
  return {
    size: HALF,
    panel: {
      type: "barchart", title, description, datasource: DATA_SOURCE, targets: target(sql, TABLE), options: { ...options },
      fieldConfig: { defaults, overrides: [] },
    },
  };
}

/** Rows as they are. Columns whose values have a unit are named in `units`. */
function table(title: string, description: string, sql: string, { units = {}, size = HALF }: { units?: Record<string, string>; size?: Size } = {}): Sized {
  const options: TableOptions = { cellHeight: TableCellHeight.Sm, frameIndex: 0, showHeader: true };
  const defaults: FieldConfig<Partial<TableFieldConfig> & Record<string, unknown>> = { thresholds: thresholds(), custom: { inspect: true } };
  const overrides = Object.entries(units).map(([column, unit]) => ({
    matcher: { id: "byName", options: column }, properties: [{ id: "unit", value: unit }],
  }));
  return {
    size,
    panel: {
      type: "table", title, description, datasource: DATA_SOURCE, targets: target(sql, TABLE), options: { ...options },
      fieldConfig: { defaults, overrides },
    },
  };
}

// ---- The panels, by rows ---------------------------------------------------------------------------------------------

const SECTIONS: { title: string; panels: Sized[] }[] = [
  {
    title: "Now",
    panels: [
      stat("Schema version", "The newest version of the schema.", "SELECT max(version) AS version FROM living_schema.main.schema_snapshots"),
      stat("Versions in 24 hours", "Those of decisions included.", `
SELECT count(*) AS versions
FROM living_schema.main.schema_snapshots
WHERE version > 1 AND created_at > living_schema.main.utc_now() - INTERVAL 24 HOUR`, { red: 11 }),
      stat("Conflict queue", "Items that a person has to decide about.", "SELECT waiting FROM living_schema.main.review_depth"),
      stat("In quarantine", "Objects that can't be loaded as they are.", "SELECT waiting FROM living_schema.main.quarantine_depth", { red: 1 }),
      stat("Ingest lag", "How long the oldest object waits that is known and isn't loaded.", `
SELECT lag_seconds FROM living_schema.main.ingest_lag`, { unit: "s", red: 3600 }),
      stat("Discovery lag", "How long the oldest commit waits that isn't folded in.", `
SELECT lag_seconds FROM living_schema.main.discovery_lag`, { unit: "s", red: 7200 }),
    ],
  },
  {
    title: "Schema",
    panels: [
      timeSeries("Schema versions", "The number of the newest version.", `
SELECT created_at AS time, version
FROM living_schema.main.schema_snapshots
WHERE $__timeFilter(created_at)
ORDER BY time`, { axis: "version", steps: true }),
      timeSeries("Versions a day", "By what caused them: a load, or a person's decision. Over 10 a day is an alert.", `
SELECT day AS time, versions - decided_versions AS "by loads", decided_versions AS "by decisions"
FROM living_schema.main.schema_churn
WHERE $__timeFilter(day)
ORDER BY time`, { axis: "versions", bars: true, limit: 10 }),
      timeSeries("New types a week", "Entity types and fields that were added to the schema. Weeks begin on Monday.", `
SELECT week AS time, CAST(sum(new_entity_types) AS BIGINT) AS "entity types", CAST(sum(new_fields) AS BIGINT) AS fields
FROM living_schema.main.schema_churn
WHERE $__timeFilter(day)
GROUP BY week
ORDER BY time`, { axis: "added", bars: true }),
      timeSeries("Changes by compatibility", "What changes mean for a query that worked before: the same, a wider type, or something else.", `
SELECT day AS time, additive, widening, breaking
FROM living_schema.main.schema_churn
WHERE $__timeFilter(day)
ORDER BY time`, { axis: "changes", bars: true }),
      timeSeries("Conflict queue depth", "Items that looked like another and weren't decided at the end of the day.", `
SELECT least(d.day + INTERVAL 1 DAY, living_schema.main.utc_now()) AS time, count(c.conflict_id) AS open
FROM (
    SELECT unnest(range(date_trunc('day', CAST($__timeFrom() AS TIMESTAMP)), CAST($__timeTo() AS TIMESTAMP), INTERVAL 1 DAY)) AS day
) AS d
LEFT JOIN living_schema.main.entity_conflicts AS c
    ON c.opened_at < d.day + INTERVAL 1 DAY
    AND (c.decided_at IS NULL OR c.decided_at >= d.day + INTERVAL 1 DAY)
    AND (c.similar_item IS NOT NULL OR c.state = 'open')
WHERE d.day <= living_schema.main.utc_now()
GROUP BY time
ORDER BY time`, { axis: "items", steps: true }),
      barChart("Health of definitions", [
        "Stale: last seen 90 days ago. Rare: seen fewer than 5 times in 30 days or more.", "Growing: half as much again in 30 days.",
        "Conflicted: looks like another.",
      ].join(" "), `
SELECT
    CASE kind WHEN 'entity_type' THEN 'entity types' ELSE 'fields' END AS kind,
    count(*) FILTER (is_stale) AS stale,
    count(*) FILTER (is_rare) AS rare,
    count(*) FILTER (is_growing) AS growing,
    count(*) FILTER (is_conflicted) AS conflicted
FROM living_schema.main.entity_health
GROUP BY ALL
ORDER BY kind`, { x: "kind", axis: "definitions" }),
      table("Stale, rare and conflicted definitions", "What a consolidation would look at first.", `
SELECT
    kind, scope, name, occurrences, last_seen,
    concat_ws(', ', CASE WHEN is_stale THEN 'stale' END, CASE WHEN is_rare THEN 'rare' END, CASE WHEN is_conflicted THEN 'conflicted' END) AS health
FROM living_schema.main.entity_health
WHERE is_stale OR is_rare OR is_conflicted
ORDER BY last_seen, kind, scope, name
LIMIT 100`, { size: WHOLE }),
    ],
  },
  {
    title: "Queries",
    panels: [
      timeSeries("Execution time", "Of queries that the warehouse ran, by hour. The goal is a 95th percentile under 3 s.", `
SELECT
    date_trunc('hour', executed_at) AS time,
    quantile_cont(milliseconds, 0.5) AS p50,
    quantile_cont(milliseconds, 0.95) AS p95,
    quantile_cont(milliseconds, 0.99) AS p99
FROM living_schema.main.query_executions
WHERE $__timeFilter(executed_at) AND from_cache IS NOT TRUE
GROUP BY time
ORDER BY time`, { axis: "execution time", unit: "ms", limit: 3000 }),
      barChart("Slow queries by schema version", "Queries over 3 s, of the 20 newest versions that were asked.", `
SELECT CAST(schema_version AS VARCHAR) AS version, slow
FROM (
    SELECT schema_version, CAST(sum(slow) AS BIGINT) AS slow
    FROM living_schema.main.slow_queries
    WHERE $__timeFilter(day)
    GROUP BY schema_version
    ORDER BY schema_version DESC
    LIMIT 20
)
ORDER BY schema_version`, { x: "version", axis: "queries over 3 s" }),
      table("Slowest queries", "By syntax tree, the slowest on average first.", `
SELECT
    avg(milliseconds) AS average, max(milliseconds) AS longest, count(*) AS executions, count(error_class) AS failures,
    max(schema_version) AS newest_version, left(arg_max(sql_text, executed_at), 200) AS query
FROM living_schema.main.query_executions
WHERE $__timeFilter(executed_at) AND from_cache IS NOT TRUE
GROUP BY ast_hash
ORDER BY average DESC, query
LIMIT 20`, { units: { average: "ms", longest: "ms" }, size: WHOLE }),
    ],
  },
  {
    title: "Pipeline",
    panels: [
      table("What waits", "At each stage: how much, since when, and for how long. Channels that aren't configured wait for ever.", `
SELECT stage, waiting, oldest, lag_seconds
FROM living_schema.main.pipeline_health
ORDER BY stage`, { units: { lag_seconds: "s" } }),
      table("Objects in quarantine", "The newest 50. GET /loads of ingest has the rest, POST /replay loads one again.", `
SELECT quarantined_at, bucket, key, reason
FROM living_schema.main.quarantine
ORDER BY quarantined_at DESC, bucket, key
LIMIT 50`),
      timeSeries("Rows committed", "By day and dataset, without those set aside.", `
SELECT
    date_trunc('day', committed_at) AS time,
    CAST(coalesce(sum(row_count) FILTER (dataset = 'raw_documents'), 0) AS BIGINT) AS raw_documents,
    CAST(coalesce(sum(row_count) FILTER (dataset = 'annotations'), 0) AS BIGINT) AS annotations,
    CAST(coalesce(sum(row_count) FILTER (dataset = 'structured_data'), 0) AS BIGINT) AS structured_data
FROM living_schema.main.commits
WHERE kind = 'load' AND $__timeFilter(committed_at)
GROUP BY time
ORDER BY time`, { axis: "rows", bars: true }),
      timeSeries("Loads by how they ended", "By the day on which they began. Failed ones are tried again.", `
SELECT
    date_trunc('day', started_at) AS time,
    count(*) FILTER (state IN ('committed', 'replaced')) AS committed,
    count(*) FILTER (state = 'quarantined') AS quarantined,
    count(*) FILTER (state = 'failed') AS failed,
    count(*) FILTER (state = 'discarded') AS discarded
FROM living_schema.main.loads
WHERE $__timeFilter(started_at)
GROUP BY time
ORDER BY time`, { axis: "loads", bars: true }),
      timeSeries("From upload to commit", "By the day of the commit. Objects that were there before, and were replayed, count from their upload.", `
SELECT
    date_trunc('day', committed_at) AS time,
    quantile_cont(epoch(committed_at - uploaded_at), 0.5) AS p50,
    quantile_cont(epoch(committed_at - uploaded_at), 0.95) AS p95
FROM living_schema.main.commits
WHERE kind = 'load' AND $__timeFilter(committed_at)
GROUP BY time
ORDER BY time`, { axis: "time to commit", unit: "s", limit: 3600 }),
      timeSeries("Set aside", "Rows that broke the contract, by the day of their load's commit.", `
SELECT date_trunc('day', committed_at) AS time, CAST(sum(rejected_count) AS BIGINT) AS "rows set aside"
FROM living_schema.main.commits
WHERE kind = 'load' AND $__timeFilter(committed_at)
GROUP BY time
ORDER BY time`, { axis: "rows", bars: true }),
    ],
  },
];

/** Numbers the panels and puts them beside and under each other, each section under a heading. */
function placed(sections: typeof SECTIONS): Dashboard["panels"] {
  const panels: NonNullable<Dashboard["panels"]> = [];
  let y = 0;
  for (const { title, panels: sized } of sections) {
    panels.push({ type: "row", id: panels.length + 1, title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    let height = 0;
    for (const { size, panel } of sized) {
      if (x + size.w > 24) {
        y += height;
        [x, height] = [0, 0];
      }
      panels.push({ id: panels.length + 1, gridPos: { x, y, ...size }, ...panel });
      x += size.w;
      height = Math.max(height, size.h);
    }
    y += height;
  }
  return panels;
}

export const dashboard: Dashboard = {
  uid: "living-schema-metrics",
  title: "Living Schema",
  description: "How the schema changes, how fast queries are, and what waits on the way from an upload to a version.",
  tags: ["living-schema"],
  schemaVersion: defaultDashboard.schemaVersion ?? 42,
  editable: true,
  graphTooltip: DashboardCursorSync.Crosshair,
  timezone: "utc",
  refresh: "5m",
  time: { from: "now-30d", to: "now" },
  templating: {
    list: [
      {
        type: "datasource", name: "datasource", label: "Warehouse", query: "motherduck-duckdb-datasource", hide: VariableHide.dontHide, refresh: 1,
        skipUrlSync: false, multi: false, includeAll: false, options: [], regex: "",
        current: { selected: true, text: "Living Schema", value: "living-schema" },
      },
    ],
  },
  panels: placed(SECTIONS),
};
