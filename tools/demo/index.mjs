/** The demo: a stack, the steps that show it, and how to go on by hand. `scripts/demo` builds what this needs and runs it. */

import { once } from "node:events";
import { rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { startStack } from "../local-stack/index.mjs";
import { missingPrograms, startOcrService } from "../ocr-service/index.mjs";
import { showApi } from "./api.mjs";
import { ARGILLA_KEY, startArgilla, syncLabels } from "./argilla.mjs";
import { checkSums, landFiles, showLoads, showProblems, showReaderViews, showUploads } from "./landing.mjs";
import { showDescriptions, showMessages, startSlack } from "./outside.mjs";
import { DEMO_FOLDER, PORTS } from "./place.mjs";
import { saveReport, showReport } from "./reports.mjs";
import { showDecision } from "./review.mjs";
import { landNewLabel, showConflicts, showVersions } from "./schema.mjs";
import { showTypedView } from "./typed.mjs";

/** Objects from this size on are read by the warehouse itself; the local one has the way to R2 that this takes. */
const PULL_FROM_BYTES = 1 << 20;

/** On its first day a warehouse meets more that is new than on any other. */
const VERSIONS_A_DAY = 1000;

/** @type {import("./landing.mjs").LandedFile[]} */
let landed = [];
/** @type {import("./landing.mjs").LandedFile[]} */
let later = [];

/**
 * What the demo shows, in order. A step prints what it found, and throws when that is not what it should be.
 *
 * @type {{ title: string, run: (stack: import("../local-stack/index.mjs").Stack) => Promise<void> }[]}
 */
const STEPS = [
  {
    title: "Files land in R2: spreadsheets, PDF, what was labelled in Argilla, and Parquet of others",
    async run(stack) {
      ({ landed, later } = await landFiles(stack, path.join(stateFolder, "files"), ocr !== undefined));
    },
  },
  { title: "Spreadsheets and PDF become Parquet, every cell as it was written", run: (stack) => showUploads(stack, landed) },
  { title: "Each is loaded, whole and once, or refused with a reason", run: (stack) => showLoads(stack, landed) },
  { title: "What somebody has to look at", run: showProblems },
  { title: "No row is lost or doubled", run: (stack) => checkSums(stack, landed) },
  { title: "What readers see", run: showReaderViews },
  { title: "The schema follows: a version for each commit that changes it", run: (stack) => showVersions(stack) },
  { title: "What looks like something that was there waits for a person", run: showConflicts },
  { title: "A person decides, and may change their mind", run: showDecision },
  { title: "Analysts query columns, not JSON", run: showTypedView },
  { title: "A query is saved as a report", run: saveReport },
  { title: "A label lands that nobody has used before", run: (stack) => landNewLabel(stack, later) },
  { title: "Slack is told of what is new, and of what waits for a person", run: (stack) => showMessages(stack, slack) },
  { title: "Experts label in Argilla, and what they label comes by itself", run: (stack) => syncLabels(stack, argilla) },
  { title: "Everything has a description", run: showDescriptions },
  { title: "The same report after new data, and after a merge", run: showReport },
  { title: "Clients ask the API: the schema then and now, a query now and as of a commit", run: showApi },
];

const { once: endAfterSteps } = parseArgs({ options: { once: { type: "boolean", default: false } } }).values;

// A demo begins with nothing: what an earlier one left would be in its tables.
const stateFolder = DEMO_FOLDER;
rmSync(stateFolder, { recursive: true, force: true });

// Scans are read where Tesseract is.
const ocr = (await missingPrograms()) ? undefined : await startOcrService();
const [slack, argilla] = await Promise.all([startSlack(), startArgilla()]);
const promptly = { maxBatchTimeout: 0 };
const stack = await startStack({
  stateFolder,
  crons: true,
  queues: { landed: promptly, uploads: promptly, documents: promptly, discovery: promptly, outbox: { maxBatchTimeout: 2 } },
  variables: {
    ingest: { INGEST: (configured) => ({ ...configured, pull: { enabled: true, from_bytes: PULL_FROM_BYTES } }) },
    discovery: { MAX_VERSIONS_PER_DAY: String(VERSIONS_A_DAY), SLACK_WEBHOOK_URL: slack.webhook },
    "argilla-sync": { ARGILLA_URL: argilla.url, ARGILLA_API_KEY: ARGILLA_KEY },
    ...(ocr && { ocr: { OCR_PROVIDER: "service", OCR_URL: ocr.url } }),
  },
  ...(!endAfterSteps && { ports: PORTS }),
});
// Miniflare ends the process at a signal; the warehouse is to close its file first.
const interrupted = Promise.race(
  ["SIGINT", "SIGTERM"].map((signal) => {
    process.removeAllListeners(signal);
    return once(process, signal);
  }),
);
try {
  for (const { title, run } of STEPS) {
    console.log(`\n${title}`);
    await Promise.race([run(stack), interrupted.then(() => Promise.reject(new Error("interrupted")))]);
  }
  if (!endAfterSteps) {
    printAddresses(stack);
    await interrupted;
    console.log("\nstopping");
  }
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stack.stop();
  await Promise.all([slack.stop(), argilla.stop(), ocr?.stop()]);
}

/** @param {import("../local-stack/index.mjs").Stack} stack */
function printAddresses({ addresses }) {
  const { workers, r2, warehouse, secretsFile } = addresses;
  const secret = (name) => `$(node -p 'require("${path.relative(process.cwd(), secretsFile)}").${name}')`;
  console.log(`
The stack stays up until Ctrl-C. The app is at ${workers["schema-api"]}: sign in with the API's token.
${Object.entries(workers).map(([name, url]) => `  ${`Worker ${name}`.padEnd(24)}${url}`).join("\n")}
  R2's S3 interface       ${r2}
  Warehouse (MCP)         ${warehouse}

Tokens are in ${path.relative(process.cwd(), secretsFile)}:
  Workers' bearer token   ${secret("adminToken")}
  the API's               ${secret("apiTokens.admin")}
  warehouse's token       ${secret("warehouseToken")}
  R2's key id and secret  ${secret("r2AccessKeyId")} ${secret("r2SecretAccessKey")}`);
}
