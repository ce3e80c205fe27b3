/**
 * A stand-in for a mail service, by both protocols: Resend's (https://resend.com/docs/api-reference/emails/send-email) and Postmark's
 * (https://postmarkapp.com/developer/api/email-api).
 */

import { randomUUID } from "node:crypto";

import { StandIn } from "./server.mjs";

/** The key that it takes. */
export const KEY = "stand-in-key";

const PATHS = { "/emails": resend, "/email": postmark };

/**
 * @returns {Promise<StandIn & { urls: { resend: string, postmark: string } }>} that keeps the messages it took:
 *   `{ from, to, subject, text }`. As Resend, one that comes again under the same key is taken once.
 */
export async function startMail() {
  const known = new Map();
  const mail = new StandIn("a mail service", (request, body) => {
    const protocol = PATHS[request.url];
    if (!protocol) return json(404, { name: "not_found", message: "not found" });
    return protocol(request, JSON.parse(body), known);
  });
  await mail.start();
  return Object.assign(mail, { urls: { resend: `${mail.origin}/emails`, postmark: `${mail.origin}/email` } });
}

function resend({ headers }, { from, to, subject, text }, known) {
  const error = (status, name) => json(status, { statusCode: status, name, message: name });
  // Resend turns requests away that don't say who sends them.
  if (!headers["user-agent"]) return error(403, "invalid_user_agent");
  if (headers.authorization !== `Bearer ${KEY}`) return error(401, "missing_api_key");
  if (!isMessage({ from, subject, text }) || !Array.isArray(to) || to.length === 0 || to.length > 50) return error(422, "validation_error");
  const key = headers["idempotency-key"];
  if (key && known.has(key)) return json(200, { id: known.get(key) });
  const id = randomUUID();
  if (key) known.set(key, id);
  return json(200, { id }, { from, to, subject, text });
}

function postmark({ headers }, { From: from, To: to, Subject: subject, TextBody: text }) {
  const error = (status, ErrorCode, Message) => json(status, { ErrorCode, Message });
  if (headers["x-postmark-server-token"] !== KEY) return error(401, 10, "The Server Token you provided is invalid.");
  if (!isMessage({ from, subject, text }) || typeof to !== "string" || !to.includes("@")) return error(422, 300, "Invalid email request");
  return json(200, { To: to, SubmittedAt: new Date().toISOString(), MessageID: randomUUID(), ErrorCode: 0, Message: "OK" }, { from, to: to.split(","), subject, text });
}

function isMessage({ from, subject, text }) {
  return [from, subject, text].every((part) => typeof part === "string" && part !== "") && from.includes("@") && !/[\r\n]/.test(subject);
}

function json(status, body, taken) {
  return { status, type: "application/json", body: JSON.stringify(body), taken };
}
