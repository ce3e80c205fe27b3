/** A stack for tests of ingest: no waiting between deliveries, and files to land. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { startStack } from "../../tools/local-stack/index.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of third-party files, if it's there. */
export const DATA = process.env.LIVING_SCHEMA_DATA;

/**
 * @param {object} [options]
 * @param {object} [options.ingest] Over the configured INGEST.
 * @param {object} [options.consumer] Over the settings of the landing queue's consumer.
 * @returns {Promise<import("../../tools/local-stack/index.mjs").Stack>}
 */
export function startIngest({ ingest = {}, consumer = {} } = {}) {
  return startStack({
    workers: ["ingest"],
    queues: {
      landed: { maxBatchTimeout: 0, retryDelay: 0, ...consumer },
      "landed-dead": { maxBatchTimeout: 0, retryDelay: 0 },
    },
    variables: { ingest: { INGEST: (configured) => ({ ...configured, retry_seconds: 0, ...ingest }) } },
  });
}

/**
 * The demo's own files, which the project makes without third-party data.
 *
 * @returns {Map<string, Buffer>} contents by `bucket/key`.
 */
export function madeFiles() {
  const folder = mkdtempSync(path.join(tmpdir(), "made-files-"));
  try {
    execFileSync("python", [path.join(ROOT, "tools/demo/files.py"), folder], { stdio: "inherit" });
    const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
    const parquet = manifest.filter(({ upload }) => upload === null);
    return new Map(parquet.map(({ file, bucket, key }) => [`${bucket}/${key}`, readFileSync(file)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
