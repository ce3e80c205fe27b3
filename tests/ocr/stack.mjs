/** A stack for tests of the OCR Worker: no waiting between deliveries, and a stand-in for the OCR service. */

import { startStack } from "../../tools/local-stack/index.mjs";
import { TOKEN, startOcr } from "../../tools/stand-ins/ocr.mjs";

/** The folder of third-party files, if it's there. */
export const DATA = process.env.LIVING_SCHEMA_DATA;

/**
 * @param {object} [options]
 * @param {string[]} [options.workers] By default only the OCR Worker.
 * @param {boolean} [options.warehouse]
 * @param {object} [options.ocr] Over the configured OCR.
 * @param {object} [options.variables] Over the variables and secrets of the Worker.
 * @param {object} [options.consumer] Over the settings of the documents' queue's consumer.
 */
export async function startOcrStack({ workers = ["ocr"], warehouse = false, ocr = {}, variables = {}, consumer = {} } = {}) {
  const service = await startOcr();
  const starting = startStack({
    workers,
    warehouse,
    queues: {
      ...(workers.includes("ingest") && { landed: { maxBatchTimeout: 0, retryDelay: 0 } }),
      documents: { maxBatchTimeout: 0, retryDelay: 0, ...consumer },
      "documents-dead": { maxBatchTimeout: 0, retryDelay: 0 },
    },
    variables: {
      ocr: {
        OCR: (configured) => ({ ...configured, retry_seconds: 0, ...ocr }),
        OCR_PROVIDER: "service",
        OCR_URL: service.url,
        OCR_TOKEN: TOKEN,
        ...variables,
      },
    },
  });
  try {
    return { stack: await starting, service };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** The HTTP side of the OCR Worker. */
export function api(stack) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const ask = async (path, init = {}) => {
    const response = await stack.fetch("ocr", path, { headers, ...init });
    return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
  };
  return {
    ask,
    /** What is known of a document; undefined if nothing is. */
    async document(key) {
      const { status, body } = await ask(`/documents/${encodeURIComponent(key)}`);
      return status === 200 ? body : undefined;
    },
    replay: (body) => ask("/replay", { method: "POST", body: JSON.stringify(body) }),
  };
}

export const UPLOADS = "vessel-documents";
export const PAGES = "vessel-ocr";

/** Keys in the pages' bucket that are of no record: pages that are read and not visible yet. */
export async function kept(stack) {
  return (await stack.list(PAGES, ".ocr/pages/")).length;
}
