/**
 * Whether a deployment does what it's for, by its HTTP side alone: each Worker answers who may ask and nobody else, a spreadsheet becomes
 * a row that a query finds, the schema can be read, and the SQL gate holds. It's the same for an account and for the local stack.
 *
 * What it uploads is a table of its own, `deployments`, with a row for each environment: which commit was deployed, and when. Each run
 * replaces that row, so it can be run any number of times, and adds no version to the schema after the first.
 */

import { waitUntil } from "../local-stack/wait.mjs";
import { SECRETS } from "./secrets.mjs";

/** A request that each Worker answers with 200, and that says that what it needs is there. */
const HEALTH = {
  ingest: "/healthz",
  discovery: "/conflicts",
  csv: "/uploads",
  ocr: "/documents",
  "argilla-sync": "/healthz",
  "schema-api": "/api/schema/versions",
};

/** The table that the smoke test's row is in. */
const TABLE = "deployments";

/** Reads a file of the machine that it runs on, if it runs. */
const ATTACK = "SELECT * FROM read_text('/etc/passwd')";

/** A first batch waits up to 5 s in each of the queues on the way, and a new Worker may take a minute to be everywhere. */
const LANDING_TIMEOUT_MS = 180_000;

/** After this a request is given up. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} Smoke
 * @property {string} environment
 * @property {Record<string, string>} addresses Of the deployed Workers, by their names in wrangler.toml.
 * @property {Record<string, string | undefined>} adminTokens Of the Workers that have one.
 * @property {string} apiToken A token of API_TOKENS with the scopes `read`, `query` and `upload`.
 * @property {string} commit What was deployed.
 * @property {(line: string) => void} log
 */

/**
 * Runs all checks, in an order in which the first failure says most.
 *
 * @param {Smoke} smoke
 * @throws {Error} that names the Worker, what was asked, and what came.
 */
export async function runSmoke(smoke) {
  const { addresses, log } = smoke;
  for (const worker of Object.keys(addresses)) {
    const [asked, refused] = [await ask(smoke, worker, HEALTH[worker]), await ask(smoke, worker, HEALTH[worker], { token: null })];
    expect(asked, 200);
    expect(refused, 401);
    log(`${worker}: ${HEALTH[worker]} answers, and nobody without a token`);
  }
  if (!addresses["schema-api"]) return;

  const schema = await ask(smoke, "schema-api", "/api/schema/current");
  expect(schema, 200);
  log(`schema-api: the schema is version ${schema.body.version}`);

  const attack = await query(smoke, ATTACK);
  expect(attack, 422);
  log(`schema-api: ${ATTACK} is refused: ${attack.body.detail}`);

  if (addresses.csv) await land(smoke);
}

/** Uploads the row, and waits until a query finds it. */
async function land(smoke) {
  const { environment, commit, log } = smoke;
  const deployedAt = new Date().toISOString();
  const place = `${TABLE}/${environment}.csv`;
  const started = performance.now();
  const upload = await ask(smoke, "schema-api", `/api/uploads/${place}`, { method: "PUT", body: `environment,git_sha,deployed_at\n${environment},${commit},${deployedAt}\n` });
  expect(upload, 200);
  const landed = await waitUntil(
    `${place} to be landed and in the schema`,
    async () => {
      const { status, body } = await ask(smoke, "schema-api", `/api/uploads?key=${encodeURIComponent(place)}`);
      const [load] = body.loads ?? [];
      // An earlier row's record, for as long as this one's event hasn't come.
      const done = status === 200 && body.etag === upload.body.etag && load?.state === "committed" && load.schema_version;
      return done ? load : Promise.reject(new Error(`it's ${body.state ?? status}, ${body.reason ?? JSON.stringify(load ?? body.detail)}`));
    },
    { timeoutMs: LANDING_TIMEOUT_MS },
  );
  const found = await query(
    smoke,
    `SELECT data->>'git_sha' AS git_sha FROM structured_data
     WHERE source_table = '${TABLE}' AND (data->>'deployed_at') = '${deployedAt}' AND (data->>'environment') = '${environment}'`,
  );
  expect(found, 200);
  const rows = JSON.stringify(found.body.rows);
  if (rows !== JSON.stringify([[commit]])) throw new Error(`schema-api: a query for the row of ${place} gave ${rows} instead of its commit`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  log(`csv, ingest, discovery: ${place} became Parquet, landed with commit ${landed.commit_seq}, is catalogued, and a query finds it (${seconds} s)`);
}

function query(smoke, sql) {
  return ask(smoke, "schema-api", "/api/query/execute", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ sql }) });
}

/** @returns {Promise<{ worker: string, what: string, status: number, body: any }>} */
async function ask({ addresses, adminTokens, apiToken }, worker, pathAndQuery, { token, headers, ...init } = {}) {
  const own = "API_TOKENS" in SECRETS[worker] ? apiToken : adminTokens[worker];
  const what = `${init.method ?? "GET"} ${pathAndQuery}`;
  let response;
  try {
    response = await fetch(new URL(pathAndQuery, addresses[worker]), {
      ...init,
      headers: { ...headers, ...(token !== null && { authorization: `Bearer ${own}` }) },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new Error(`${worker}: ${what} at ${addresses[worker]} failed: ${error.cause?.message ?? error.message}`);
  }
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = { detail: text.slice(0, 200) };
  }
  return { worker, what, status: response.status, body };
}

function expect({ worker, what, status, body }, expected) {
  if (status !== expected) throw new Error(`${worker}: ${what} answered ${status} instead of ${expected}: ${body.detail ?? JSON.stringify(body)}`);
}
