/** Which secret each Worker gets, and from which settings of whoever deploys. No Worker gets one that its code doesn't read. */

import { execFileSync } from "node:child_process";

import { tokenHash } from "../local-stack/secrets.mjs";

/**
 * When a Worker needs a secret, by its settings: always, never without the other part, or if there is one.
 *
 * @typedef {(vars: Record<string, any>) => "needed" | "taken" | "unused"} Need
 */

/** @type {Need} */
const always = () => "needed";
/** @type {Need} */
const ifGiven = () => "taken";
/** @returns {Need} */
const neededWith = (name) => (vars) => (vars[name] ? "needed" : "unused");

/**
 * Secrets by Worker. tests/deploy/secrets.test.mjs holds it against what the Workers' code reads.
 *
 * @type {Record<string, Record<string, Need>>}
 */
export const SECRETS = {
  ingest: { MOTHERDUCK_TOKEN: always, ADMIN_TOKEN_HASH: always },
  csv: { API_TOKENS: always },
  discovery: {
    MOTHERDUCK_TOKEN: always,
    ADMIN_TOKEN_HASH: always,
    SLACK_WEBHOOK_URL: ifGiven,
    MAIL_API_KEY: neededWith("MAIL_PROVIDER"),
    MODEL_API_KEY: neededWith("MODEL_PROVIDER"),
    EMBEDDINGS_API_KEY: (vars) => (vars.EMBEDDINGS_URL ? "taken" : "unused"),
  },
  "schema-api": {
    MOTHERDUCK_TOKEN: always,
    API_TOKENS: always,
    DISCOVERY_TOKEN: always,
    POSTGRES_PASSWORD: neededWith("POSTGRES"),
    MODEL_API_KEY: neededWith("MODEL_PROVIDER"),
  },
  "argilla-sync": {
    ARGILLA_API_KEY: always,
    ADMIN_TOKEN_HASH: always,
    INGEST_TOKEN: always,
    DISCOVERY_TOKEN: always,
    POSTGRES_PASSWORD: (vars) => (vars.WRITE_POSTGRES === "true" ? "needed" : "unused"),
  },
  ocr: {
    ADMIN_TOKEN_HASH: always,
    OCR_TOKEN: ({ OCR_PROVIDER }) => ({ "workers-ai": "needed", service: "taken" })[OCR_PROVIDER] ?? "unused",
  },
};

/** The Worker whose bearer token a secret is. */
const TOKEN_OF = { INGEST_TOKEN: "ingest", DISCOVERY_TOKEN: "discovery" };

/** The bearer tokens of a Worker's HTTP side, with blanks between: all are let in, the first is sent. Two of them are a rotation. */
const ADMIN_TOKEN = "ADMIN_TOKEN";

/** Shorter ones could be guessed from their hash. */
const MIN_TOKEN_LENGTH = 32;

/**
 * @typedef {object} SecretPlan
 * @property {string} worker
 * @property {string} secret
 * @property {boolean} needed Whether the Worker doesn't work without it.
 * @property {string[]} settings Where its value is looked for, the first that is set: `INGEST_ADMIN_TOKEN`, `ADMIN_TOKEN`.
 * @property {string} [value] Of the setting, as the Worker gets it.
 */

/**
 * The secrets of a deployment, with the values that the settings have.
 *
 * @param {import("./environment.mjs").Deployment} deployment
 * @param {Record<string, string | undefined>} settings Environment variables, as a rule.
 * @returns {SecretPlan[]}
 * @throws {Error} that names a setting and what is wrong with it; never its value.
 */
export function planSecrets({ workers }, settings) {
  return workers.flatMap(({ environment: worker, config: { vars = {} } }) => {
    if (!(worker in SECRETS)) throw new Error(`tools/deploy/secrets.mjs doesn't say which secrets the Worker "${worker}" needs`);
    return Object.entries(SECRETS[worker])
      .map(([secret, need]) => ({ worker, secret, need: need(vars) }))
      .filter(({ need }) => need !== "unused")
      .map(({ secret, need }) => {
        const names = settingsOf(worker, secret);
        const given = names.find((name) => settings[name]);
        return { worker, secret, needed: need === "needed", settings: names, ...(given && { value: valueOf(secret, given, settings[given]) }) };
      });
  });
}

/**
 * The bearer token that the smoke test sends to a Worker's HTTP side.
 *
 * @param {string} worker
 * @param {Record<string, string | undefined>} settings
 * @returns {string | undefined}
 */
export function adminToken(worker, settings) {
  const given = settingsOf(worker, "ADMIN_TOKEN_HASH").find((name) => settings[name]);
  return given && settings[given].trim().split(/\s+/)[0];
}

/** A setting with a Worker's name before it is for that Worker alone. */
function settingsOf(worker, secret) {
  const own = (name, of) => `${of.toUpperCase().replaceAll("-", "_")}_${name}`;
  if (secret === "ADMIN_TOKEN_HASH") return [own(ADMIN_TOKEN, worker), ADMIN_TOKEN];
  if (secret in TOKEN_OF) return [own(ADMIN_TOKEN, TOKEN_OF[secret]), ADMIN_TOKEN];
  return [own(secret, worker), secret];
}

function valueOf(secret, name, value) {
  const fail = (problem) => {
    throw new Error(`${name}: ${problem}`);
  };
  if (secret === "ADMIN_TOKEN_HASH" || secret in TOKEN_OF) {
    const tokens = value.split(/\s+/).filter(Boolean);
    const short = tokens.findIndex((token) => token.length < MIN_TOKEN_LENGTH);
    if (tokens.length === 0 || short >= 0) fail(`token ${short + 1} has fewer than ${MIN_TOKEN_LENGTH} characters; make one with "openssl rand -hex 32"`);
    return secret === "ADMIN_TOKEN_HASH" ? tokens.map(tokenHash).join(" ") : tokens[0];
  }
  if (secret === "API_TOKENS") checkApiTokens(value, fail);
  return value;
}

/** What `Tokens::parse` of shared/kit takes. */
function checkApiTokens(value, fail) {
  let entries;
  try {
    entries = JSON.parse(value);
  } catch {
    fail("it's no JSON");
  }
  if (!Array.isArray(entries)) fail("it's no list");
  entries.forEach(({ name, hash, scopes }, index) => {
    if (typeof name !== "string" || !/^[0-9a-f]{64}$/i.test(hash) || !Array.isArray(scopes)) {
      fail(`entry ${index + 1} has to have a name, the SHA-256 of the token in hexadecimal, and scopes`);
    }
  });
}

/**
 * The settings with MotherDuck's token from Pulumi ESC, where it isn't set: from the value `motherduckToken` of the environment that
 * PULUMI_ESC_ENVIRONMENT names, as scripts/motherduck_setup.sh has it. `esc run` brings all others.
 *
 * @param {Record<string, string | undefined>} settings
 * @returns {Record<string, string | undefined>}
 */
export function withMotherduckToken(settings) {
  const { MOTHERDUCK_TOKEN: given, PULUMI_ESC_ENVIRONMENT: environment } = settings;
  if (given || !environment) return settings;
  let token;
  try {
    token = execFileSync("esc", ["env", "get", environment, "motherduckToken", "--value", "string"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  } catch (error) {
    const why = error.code === "ENOENT" ? 'Pulumi\'s program "esc" is not on this machine' : `"esc env get" ended with ${error.status}`;
    throw new Error(`PULUMI_ESC_ENVIRONMENT: ${why}; or set MOTHERDUCK_TOKEN`);
  }
  return { ...settings, MOTHERDUCK_TOKEN: token.trim() };
}
