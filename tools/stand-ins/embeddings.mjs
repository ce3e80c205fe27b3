/** A stand-in for a service of embeddings, by OpenAI's protocol (https://platform.openai.com/docs/api-reference/embeddings/create). */

import { createHash } from "node:crypto";

import { StandIn } from "./server.mjs";

/** The key that it takes. */
export const KEY = "stand-in-key";

const PATH = "/v1/embeddings";

/**
 * @returns {Promise<StandIn & { url: string, meanings: Map<string, string> }>} that keeps the requests it answered: `{ model, input }`. Names
 *   have vectors that have nothing to do with each other, but for those of which `meanings` says what they mean.
 */
export async function startEmbeddings() {
  const meanings = new Map();
  const service = new StandIn("a service of embeddings", (request, body) => answer(meanings, request, body));
  await service.start();
  return Object.assign(service, { url: service.origin + PATH, meanings });
}

function answer(meanings, { url, headers }, body) {
  const say = (status, value, taken) => ({ status, type: "application/json", body: JSON.stringify(value), taken });
  const error = (status, code) => say(status, { error: { message: code, type: "invalid_request_error", param: null, code } });
  if (url !== PATH) return error(404, "not_found");
  if (headers.authorization !== `Bearer ${KEY}`) return error(401, "invalid_api_key");
  const { model, input } = JSON.parse(body);
  if (!model || !Array.isArray(input) || input.length === 0 || !input.every((name) => typeof name === "string" && name)) return error(400, "invalid_request");
  const data = input.map((name, index) => ({ object: "embedding", index, embedding: vector(meanings.get(name) ?? name) }));
  return say(200, { object: "list", data, model, usage: { prompt_tokens: 1, total_tokens: 1 } }, { model, input });
}

/** Numbers made of a text. */
function vector(text) {
  return [...createHash("sha256").update(text).digest()].map((byte) => (byte - 127.5) / 128);
}
