/** Draws each panel from the frame that its query gives on the known data, as Grafana would: for the docs, without a Grafana. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as vega from "vega";
import { compile } from "vega-lite";

import { readPanels } from "./index.mjs";
import { RANGE, knownData } from "./known-data.mjs";
import { KnownWarehouse } from "./warehouse.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/operations/dashboard/", import.meta.url));

/** Pixels of a panel that is half as wide as the dashboard. */
const WIDTH = 560;
const HEIGHT = 200;
const ROW_HEIGHT = 24;
/** Characters of a table's cell. */
const CELL = 60;

const FONT = "Helvetica, Arial, sans-serif";
const CONFIG = {
  background: "white", font: FONT, padding: 12, axis: { labelFontSize: 11, titleFontSize: 12 }, title: { anchor: "start", fontSize: 14 },
  legend: { orient: "bottom", title: null, labelFontSize: 11 }, view: { stroke: null },
};

/**
 * Draws all panels.
 *
 * @returns {Promise<string[]>} the files.
 */
export async function drawPictures() {
  const panels = readPanels();
  const warehouse = new KnownWarehouse();
  await warehouse.start();
  let frames;
  try {
    await warehouse.write(knownData());
    frames = await warehouse.ask(panels.map(({ query }) => query), RANGE);
  } finally {
    await warehouse.stop();
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const file of readdirSync(FOLDER)) rmSync(path.join(FOLDER, file));
  const files = [];
  for (const [i, { panel }] of panels.entries()) {
    const view = new vega.View(vega.parse(compile({ ...spec(panel, frames[i]), config: CONFIG }).spec), { renderer: "none" });
    const file = path.join(FOLDER, `${panel.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.svg`);
    writeFileSync(file, `${await view.toSVG()}\n`);
    files.push(file);
  }
  return files;
}

/** The picture of a panel, by its type. */
function spec(panel, frame) {
  switch (panel.type) {
    case "stat":
      return statSpec(panel, frame);
    case "timeseries":
      return timeSeriesSpec(panel, frame);
    case "barchart":
      return barChartSpec(panel, frame);
    case "table":
      return tableSpec(panel, frame);
    default:
      throw new Error(`the panel "${panel.title}" is of the type "${panel.type}", which can't be drawn yet`);
  }
}

/** A row for each value, with its column's name. */
function long({ columns, rows }, first) {
  return rows.flatMap((row) => columns.slice(1).map(({ name }, i) => ({ [first]: row[0], series: name, value: row[i + 1] })));
}

const palette = (frame) => ({ field: "series", type: "nominal", sort: frame.columns.slice(1).map(({ name }) => name), legend: frame.columns.length > 2 ? {} : null });

function statSpec({ title, fieldConfig: { defaults } }, { rows: [[value]] }) {
  const red = defaults.thresholds.steps[1]?.value;
  const color = red === undefined ? "#333333" : value >= red ? "#c4162a" : "#37872d";
  return {
    title, width: 160, height: 60, data: { values: [{ text: written(value, defaults.unit) }] },
    mark: { type: "text", fontSize: 34, fontWeight: "bold", color }, encoding: { text: { field: "text", type: "nominal" } },
  };
}

function timeSeriesSpec({ title, fieldConfig: { defaults } }, frame) {
  const { custom, thresholds, unit } = defaults;
  const isBars = custom.drawStyle === "bars";
  const times = frame.rows.map(([time]) => time);
  const step = Math.min(...times.slice(1).map((time, i) => time - times[i]));
  const values = long(frame, "time");
  const x = { field: "time", type: "temporal", scale: { type: "utc" }, title: null, axis: { format: "%m-%d", grid: false } };
  const axisTitle = unit === "none" ? custom.axisLabel : `${custom.axisLabel}, ${unit}`;
  const y = { type: "quantitative", title: axisTitle, axis: { tickMinStep: 1 } };
  const color = palette(frame);
  const layer = [
    isBars
      ? {
          // Bars begin at their time, are as wide as what lies between two of them, and stand on each other.
          data: { values: values.map((value) => ({ ...value, until: value.time + 0.8 * step, order: color.sort.indexOf(value.series) })) },
          transform: [{ stack: "value", groupby: ["time"], sort: [{ field: "order" }], as: ["low", "high"] }],
          mark: "rect",
          encoding: { x, x2: { field: "until" }, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        }
      : {
          data: { values },
          mark: { type: "line", interpolate: custom.lineInterpolation === "stepAfter" ? "step-after" : "linear", strokeWidth: 2 },
          encoding: { x, y: { ...y, field: "value" }, color },
        },
  ];
  const limit = thresholds.steps[1]?.value;
  // As the goal is far above what the known data takes, it would leave nothing to see of that.
  if (limit !== undefined && limit < 10 * Math.max(...values.map(({ value }) => value))) {
    layer.push({ data: { values: [{ limit }] }, mark: { type: "rule", color: "#c4162a", strokeDash: [6, 4] }, encoding: { y: { field: "limit", type: "quantitative" } } });
  }
  return { title, width: WIDTH, height: HEIGHT, layer };
}

function barChartSpec({ title, fieldConfig: { defaults } }, frame) {
  const groups = frame.rows.map(([group]) => group);
  return {
    title, width: WIDTH, height: HEIGHT, data: { values: long(frame, "group") }, mark: "bar",
    encoding: {
      x: { field: "group", type: "nominal", sort: groups, title: frame.columns[0].name, axis: { labelAngle: 0 } },
      xOffset: { field: "series", sort: palette(frame).sort },
      y: { field: "value", type: "quantitative", title: defaults.custom.axisLabel, axis: { tickMinStep: 1 } },
      color: palette(frame),
    },
  };
}

function tableSpec({ title, fieldConfig: { overrides } }, { columns, rows }) {
  const unitOf = (name) => overrides.find(({ matcher }) => matcher.options === name)?.properties[0].value ?? "none";
  const cells = rows.map((row) => row.map((value, i) => cut(columns[i].type === "time" ? dateTime(value) : written(value, unitOf(columns[i].name)))));
  // A place for each column, after those before it are as wide as their longest text.
  const widths = columns.map(({ name }, i) => 7 * Math.max(name.length, ...cells.map((row) => row[i].length)) + 16);
  const places = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const texts = [columns.map(({ name }) => name), ...cells].flatMap((row, y) => row.map((text, i) => ({ text, x: places[i], y, isHeader: y === 0 })));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const height = ROW_HEIGHT * (rows.length + 1);
  const x = { field: "x", type: "quantitative", scale: { domain: [0, width], nice: false }, axis: null };
  const y = { field: "y", type: "quantitative", scale: { domain: [rows.length + 0.5, -0.5], nice: false }, axis: null };
  const mark = (weight) => ({ type: "text", align: "left", fontSize: 12, fontWeight: weight, color: "#222222" });
  return {
    title, width, height, data: { values: texts },
    layer: ["bold", "normal"].map((weight) => ({
      transform: [{ filter: `datum.isHeader === ${weight === "bold"}` }], mark: mark(weight), encoding: { x, y, text: { field: "text", type: "nominal" } },
    })),
  };
}

const cut = (text) => (text.length > CELL ? `${text.slice(0, CELL - 1)}…` : text);
const dateTime = (ms) => (ms === null ? "–" : new Date(ms).toISOString().slice(0, 16).replace("T", " "));

/** A value with its unit, durations in the largest one that leaves at least 1. */
function written(value, unit) {
  if (value === null) return "–";
  if (unit === "s" && value > 0) {
    const [seconds, name] = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]].find(([least]) => value >= least);
    return `${rounded(value / seconds)} ${name}`;
  }
  return unit === "none" || unit === "s" ? rounded(value) : `${rounded(value)} ${unit}`;
}

const rounded = (value) => (typeof value === "number" ? String(Math.round(value * 10) / 10) : String(value));
