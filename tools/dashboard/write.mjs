/** Writes the dashboard's file, and with --pictures what its panels show of the known data. By `scripts/dashboard`. */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { DASHBOARD_FILE, dashboardText } from "./index.mjs";

const { values: asked } = parseArgs({ options: { pictures: { type: "boolean", default: false } } });

writeFileSync(DASHBOARD_FILE, await dashboardText());
console.log(`written: ${DASHBOARD_FILE}`);

if (asked.pictures) {
  const { drawPictures } = await import("./pictures.mjs");
  for (const file of await drawPictures()) console.log(`drawn: ${file}`);
}
