/** A stand-in for Slack's incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). */

import { StandIn } from "./server.mjs";

const PATH = "/services/T00000000/B00000000/stand-in";

/** Slack's limits of blocks (https://docs.slack.dev/reference/block-kit/blocks). */
const MAX_BLOCKS = 50;
const MAX_TEXT = { header: 150, section: 3000 };
const TEXT_TYPES = { header: ["plain_text"], section: ["plain_text", "mrkdwn"] };
const MAX_BLOCK_ID = 255;

/** @returns {Promise<StandIn & { webhook: string }>} that keeps the messages it posted, as they were sent. */
export async function startSlack() {
  const slack = new StandIn("Slack", answer);
  await slack.start();
  return Object.assign(slack, { webhook: slack.origin + PATH });
}

/**
 * The text of a message as a reader sees it.
 *
 * @param {object} message
 */
export function textOf(message) {
  return message.blocks.map(({ text }) => text.text).join("\n");
}

function answer(request, body) {
  const say = (status, word, taken) => ({ status, type: "text/html", body: word, taken });
  if (request.url !== PATH) return say(404, "no_service");
  let message;
  try {
    message = JSON.parse(body);
  } catch {
    return say(400, "invalid_payload");
  }
  if (typeof message.text !== "string" || message.text === "") return say(400, "no_text");
  if (!Array.isArray(message.blocks) || message.blocks.length > MAX_BLOCKS || !message.blocks.every(isBlock)) return say(400, "invalid_blocks");
  return say(200, "ok", message);
}

function isBlock({ type, block_id: id = "", text }) {
  const length = typeof text?.text === "string" ? [...text.text].length : 0;
  return TEXT_TYPES[type]?.includes(text?.type) && length > 0 && length <= MAX_TEXT[type] && id.length <= MAX_BLOCK_ID;
}
