/** What a person does when the faults are over: puts back what the system gave up, as docs/operations/operate.md says. */

import { quarantined } from "./checks.mjs";

/** Rounds after which something that isn't loaded is no accident. */
const MAX_ROUNDS = 5;

const IDLE = { timeoutMs: 600_000 };

/**
 * Replays what is in quarantine though it can be read, and uploads again what was refused so, until all is loaded.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {import("./world.mjs").World} world
 * @returns {Promise<{ replayed: number, uploadedAgain: number }>}
 */
export async function recover(stack, world) {
  const done = { replayed: 0, uploadedAgain: 0 };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await stack.waitUntilIdle(IDLE);
    const replayed = await replayQuarantine(stack, world);
    const uploaded = await uploadRefused(stack, world);
    done.replayed += replayed;
    done.uploadedAgain += uploaded;
    if (replayed + uploaded === 0) break;
  }
  await stack.waitUntilIdle(IDLE);
  // For commits whose message was dropped; on the platform it's hourly.
  await stack.runCron("discovery");
  await stack.waitUntilIdle(IDLE);
  return done;
}

async function replayQuarantine(stack, world) {
  let replayed = 0;
  const held = new Set((await quarantined(stack)).map(({ object }) => object));
  for (const { bucket, key, content } of world.parquet()) {
    if (!content || content.unreadable || !held.has(`${bucket}/${key}`)) continue;
    const { status } = await call(stack, "ingest", "/replay", { method: "POST", body: JSON.stringify({ bucket, key }) }, stack.secrets.adminToken);
    if (status !== 200) throw new Error(`the replay of ${bucket}/${key} was answered with ${status}`);
    replayed += 1;
  }
  return replayed;
}

async function uploadRefused(stack, world) {
  let uploaded = 0;
  for (const { bucket, key, content } of world.objects("vessel-uploads")) {
    if (!content || content.unreadable || (await uploadState(stack, key)) === "converted") continue;
    await stack.put(bucket, key, content.bytes);
    uploaded += 1;
  }
  return uploaded;
}

/** What `GET /uploads` says of an upload. @returns {Promise<string>} */
export async function uploadState(stack, key) {
  const { body } = await call(stack, "csv", `/uploads?key=${encodeURIComponent(key)}`, {}, stack.secrets.apiTokens.expert);
  return body.state;
}

/** The newest version of the schema by the API. @returns {Promise<number>} */
export async function servedVersion(stack) {
  const { body } = await call(stack, "schema-api", "/api/schema/current", {}, stack.secrets.apiTokens.analyst);
  return body.version;
}

async function call(stack, worker, path, init, token) {
  const response = await stack.fetch(worker, path, { ...init, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}
