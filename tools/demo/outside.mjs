/** What goes outside: messages to Slack, for which a stand-in is there, and descriptions. */

import { startSlack, textOf } from "../stand-ins/slack.mjs";

/** Descriptions that are shown of each kind. */
const DESCRIPTIONS = 2;

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

export { startSlack };

/**
 * Prints what Slack was told.
 *
 * @param {Stack} stack
 * @param {Awaited<ReturnType<typeof startSlack>>} slack
 */
export async function showMessages(stack, slack) {
  await stack.waitUntil("Slack to be told of all", async () => (await stack.sql.value("SELECT count(*) FROM outbox_waiting WHERE channel = 'slack'")) === 0);
  for (const message of slack.taken) console.log(`${textOf(message).replaceAll(/^/gm, "  | ")}\n`);
  const facts = await stack.sql.value("SELECT count(*) FROM outbox WHERE channel = 'slack' AND status = 'sent'");
  console.log(`  ${facts} versions and near-duplicates in ${slack.taken.length} messages, to a stand-in for Slack`);
}

/**
 * Prints descriptions: plain ones, as the demo has no language model.
 *
 * @param {Stack} stack
 */
export async function showDescriptions(stack) {
  const rows = await stack.sql.query(`
    SELECT description FROM entity_descriptions
    QUALIFY row_number() OVER (PARTITION BY kind ORDER BY scope, name) <= ${DESCRIPTIONS} ORDER BY kind, scope, name`);
  for (const { description } of rows) console.log(`  ${description}`);
  const waiting = await stack.sql.value("SELECT count(*) FROM outbox WHERE channel = 'model' AND status = 'waiting'");
  console.log(`\n  ${waiting} items wait for a language model, which is not configured here`);
}
