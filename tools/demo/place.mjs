/** Where the demo is, for whoever looks at it from outside. */

import path from "node:path";

import { STATE_FOLDER } from "../local-stack/index.mjs";

/** The demo's state. */
export const DEMO_FOLDER = path.join(STATE_FOLDER, "demo");

/** The same at each demo, so that printed addresses can be bookmarked. */
export const PORTS = {
  gateway: 8710,
  warehouse: 8720,
  workers: { ingest: 8730, discovery: 8731, "schema-api": 8732, csv: 8733, ocr: 8734, "argilla-sync": 8735 },
};
