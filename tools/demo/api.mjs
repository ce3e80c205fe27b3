/** Asks the API what its clients ask: the schema then and now, a query now and as of a commit, and a query that it refuses. */

import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

const QUERY = "FROM entity_mentions SELECT dataset, label, count(*) AS mentions GROUP BY ALL ORDER BY mentions DESC, label LIMIT 5";

const ATTACK = "SELECT * FROM read_text('/etc/passwd')";

/**
 * @param {Stack} stack
 * @throws {Error} if the API answers otherwise than it should.
 */
export async function showApi(stack) {
  const { versions } = (await ask(stack, "schema/versions")).body;
  const [first, newest] = [versions.at(-2), versions[0]];
  const schemas = [];
  for (const { version, created_at } of [first, newest]) {
    const { body } = await ask(stack, `schema/at/${encodeURIComponent(created_at)}`);
    schemas.push([created_at.slice(0, 23), version, body.entity_types.length, body.fields.length]);
  }
  printTable(["schema at", "version", "entity types", "fields"], schemas);

  console.log(`\n  ${QUERY}\n`);
  const now = await query(stack, { sql: QUERY });
  const then = await query(stack, { sql: QUERY, mode: "time_travel", commit_seq: first.commit_seq });
  for (const [when, { body }] of [[`now, at commit ${now.body.commit_seq}`, now], [`as of commit ${first.commit_seq}`, then]]) {
    printTable([when, ...body.columns.map(({ name }) => name).slice(1)], body.rows);
    console.log();
  }
  const again = await query(stack, { sql: QUERY, mode: "time_travel", commit_seq: first.commit_seq });
  if (again.body.result_hash !== then.body.result_hash) throw new Error("the same query at the same commit gave other rows");

  const refused = await query(stack, { sql: ATTACK });
  if (refused.status !== 422) throw new Error(`an attack was answered with ${refused.status}`);
  console.log(`  ${ATTACK}\n  refused: ${refused.body.detail}`);
}

const query = (stack, body) => ask(stack, "query/execute", body);

async function ask(stack, path, body) {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens.analyst}`, "content-type": "application/json" };
  const response = await stack.fetch("schema-api", `/api/${path}`, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
}
