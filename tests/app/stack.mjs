/** A stack for tests of the app: the Workers that it has to do with, no waiting between deliveries. */

import { startStack } from "../../tools/local-stack/index.mjs";
import { madeFiles } from "../ingest/stack.mjs";

const WORKERS = ["ingest", "csv", "discovery", "schema-api"];

/**
 * @param {Record<string, object>} [variables] By Worker.
 * @returns {Promise<import("../../tools/local-stack/index.mjs").Stack>}
 */
export function startApp(variables = {}) {
  const promptly = { maxBatchTimeout: 0 };
  return startStack({ workers: WORKERS, rateLimit: 10_000, queues: { uploads: promptly, landed: promptly, discovery: promptly }, variables });
}

let files;

/** Lands one of the demo's own files, and waits until the schema has it. */
export async function land(stack, bucket, key) {
  files ??= madeFiles();
  await stack.put(bucket, key, files.get(`${bucket}/${key}`));
  await stack.waitUntilIdle();
}
