/**
 * A stand-in for an OCR service (docs/decisions/0021-scanned-documents.md), where Tesseract would be slow or isn't there. It doesn't look at
 * the page: it says which one it was given.
 */

import { StandIn } from "./server.mjs";

/** The key that it takes. */
export const TOKEN = "stand-in-token";

const PATH = "/v1/pages";

/**
 * @returns {Promise<StandIn & { url: string, refused: Map<number, string> }>} that keeps the requests it answered: `{ documentId, pageNumber,
 *   bytes }`. Pages in `refused` can't be read, for the reason there.
 */
export async function startOcr() {
  const refused = new Map();
  const service = new StandIn("an OCR service", (request, body) => answer(refused, request, body));
  await service.start();
  return Object.assign(service, { url: service.origin + PATH, refused });
}

function answer(refused, { url, headers }, text) {
  const say = (status, value, taken) => ({ status, type: "application/json", body: JSON.stringify(value), taken });
  if (url !== PATH) return say(404, { error: "pages are posted to /v1/pages" });
  if (headers.authorization !== `Bearer ${TOKEN}`) return say(401, { error: "a bearer token is needed" });
  const { document_id: documentId, page_number: pageNumber, pdf } = JSON.parse(text);
  const bytes = Buffer.from(pdf, "base64");
  if (!bytes.subarray(0, 5).equals(Buffer.from("%PDF-"))) return say(422, { error: "it's not a PDF" });
  if (refused.has(pageNumber)) return say(422, { error: refused.get(pageNumber) });
  const said = { text: `The stand-in was given page ${pageNumber}.`, confidence: 0.75, engine: "stand-in", engine_version: "1" };
  return say(200, said, { documentId, pageNumber, bytes: bytes.length });
}
