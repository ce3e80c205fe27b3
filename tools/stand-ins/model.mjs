/**
 * A stand-in for a language model, by both protocols: Anthropic's Messages API (https://docs.claude.com/en/api/messages) and OpenAI's
 * chat completions (https://platform.openai.com/docs/api-reference/chat/create).
 */

import { StandIn } from "./server.mjs";

/** The key that it takes. */
export const KEY = "stand-in-key";

const PATHS = { "/v1/messages": anthropic, "/v1/chat/completions": openai };

/**
 * @returns {Promise<StandIn & { urls: { anthropic: string, openai: string }, says?: string | ((prompt: Prompt) => string) }>} that keeps
 *   the prompts it answered, as `Prompt`: `{ system, content }`. It describes each item by its name, or answers `says`.
 */
export async function startModel() {
  const model = new StandIn("a language model", (request, body) => {
    const protocol = PATHS[request.url];
    if (!protocol) return json(404, { error: { type: "not_found_error", message: "not found" } });
    return protocol(request, JSON.parse(body), (prompt) => answerOf(model.says, prompt));
  });
  await model.start();
  const urls = { anthropic: `${model.origin}/v1/messages`, openai: `${model.origin}/v1/chat/completions` };
  return Object.assign(model, { urls, says: undefined });
}

function anthropic({ headers }, { model, max_tokens: maxTokens, system, messages }, say) {
  const error = (status, type) => json(status, { type: "error", error: { type, message: type }, request_id: "req_stand-in" });
  if (headers["x-api-key"] !== KEY) return error(401, "authentication_error");
  if (headers["anthropic-version"] !== "2023-06-01" || !model || !(maxTokens > 0) || messages?.length !== 1) return error(400, "invalid_request_error");
  const prompt = { system, content: messages[0].content };
  const content = [{ type: "text", text: say(prompt) }];
  const usage = { input_tokens: 1, output_tokens: 1 };
  return json(200, { id: "msg_stand-in", type: "message", role: "assistant", model, content, stop_reason: "end_turn", stop_sequence: null, usage }, prompt);
}

function openai({ headers }, { model, max_tokens: maxTokens, messages }, say) {
  const error = (status, code) => json(status, { error: { message: code, type: "invalid_request_error", param: null, code } });
  if (headers.authorization !== `Bearer ${KEY}`) return error(401, "invalid_api_key");
  const [system, user] = messages ?? [];
  if (!model || !(maxTokens > 0) || system?.role !== "system" || user?.role !== "user") return error(400, "invalid_request");
  const prompt = { system: system.content, content: user.content };
  const message = { role: "assistant", content: say(prompt), refusal: null };
  return json(200, { id: "chatcmpl-stand-in", object: "chat.completion", created: 0, model, choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }] }, prompt);
}

function answerOf(says, prompt) {
  return typeof says === "function" ? says(prompt) : (says ?? describe(prompt));
}

/** A sentence for each item of a prompt. */
function describe({ content }) {
  const { items } = JSON.parse(content.split("\n")[1]);
  return JSON.stringify(Object.fromEntries(Object.entries(items).map(([number, { name }]) => [number, `What the stand-in says of ${name}.`])));
}

function json(status, body, taken) {
  return { status, type: "application/json", body: JSON.stringify(body), taken };
}
