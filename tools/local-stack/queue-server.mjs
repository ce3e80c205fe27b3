/** Where the Workers' queue bindings send to: workerd's own protocol, over loopback, into the broker. */

import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

import { QUEUE_HEADER } from "./queue-binding.mjs";
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, MAX_MESSAGE_BYTES } from "./queues.mjs";

/**
 * Serves a broker on a free port of loopback.
 *
 * @param {import("./queues.mjs").QueueBroker} broker
 * @returns {Promise<{ address: string, close: () => void }>}
 */
export async function serveBroker(broker) {
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(broker, request).catch((error) => ({ status: 500, body: { error: String(error) } }));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return { address: `127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function answer(broker, request) {
  const queue = request.headers[QUEUE_HEADER];
  if (typeof queue !== "string") return { status: 400, body: { error: `no ${QUEUE_HEADER} header` } };
  const body = await buffer(request);
  const delay = request.headers["x-msg-delay-secs"];
  const defaultDelay = delay === undefined ? undefined : Number(delay);

  let messages;
  if (request.method === "POST" && request.url === "/message") {
    messages = [{ contentType: request.headers["x-msg-fmt"] ?? "v8", body, delaySeconds: defaultDelay }];
  } else if (request.method === "POST" && request.url === "/batch") {
    messages = JSON.parse(body.toString()).messages.map((message) => ({
      contentType: message.contentType ?? "v8",
      body: Buffer.from(message.body, "base64"),
      delaySeconds: message.delaySecs ?? defaultDelay,
    }));
  } else if (request.method === "GET" && request.url === "/metrics") {
    return { status: 200, body: metrics(broker, queue) };
  } else {
    return { status: 404, body: { error: `no ${request.method} ${request.url}` } };
  }

  const problem = overLimit(messages);
  if (problem) return { status: 413, body: { error: problem } };
  broker.sendEncoded(queue, messages);
  return { status: 200, body: { metadata: { metrics: metrics(broker, queue) } } };
}

/** @returns {string | undefined} which of the platform's limits a send breaks. */
function overLimit(messages) {
  const largest = Math.max(0, ...messages.map(({ body }) => body.length));
  const total = messages.reduce((sum, { body }) => sum + body.length, 0);
  if (largest > MAX_MESSAGE_BYTES) return `a message of ${largest} bytes is over the limit of ${MAX_MESSAGE_BYTES}`;
  if (messages.length > MAX_BATCH_MESSAGES) return `${messages.length} messages are over the limit of ${MAX_BATCH_MESSAGES}`;
  if (messages.length > 1 && total > MAX_BATCH_BYTES) return `a batch of ${total} bytes is over the limit of ${MAX_BATCH_BYTES}`;
  return undefined;
}

function metrics(broker, queue) {
  const { count, bytes, oldest } = broker.backlog(queue);
  return { backlogCount: count, backlogBytes: bytes, oldestMessageTimestamp: oldest };
}
