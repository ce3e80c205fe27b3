/** Tokens of one stack: made at its first start, kept in its state folder, readable by its owner only. */

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/**
 * @typedef {object} Secrets
 * @property {string} warehouseToken Read-write token of the local warehouse.
 * @property {string} warehouseReadOnlyToken
 * @property {string} adminToken Bearer token of the Workers' HTTP side.
 * @property {Record<string, string>} apiTokens Bearer tokens of the API, by whose they are.
 * @property {string} r2AccessKeyId
 * @property {string} r2SecretAccessKey
 */

/** Who may use the API, and what for. */
const API_SCOPES = { reader: ["read"], analyst: ["read", "query"], expert: ["read", "review", "upload"], admin: ["read", "query", "review", "upload", "admin"] };

/**
 * Reads the tokens of a state folder, or makes them.
 *
 * @param {string} file
 * @returns {Secrets}
 */
export function loadSecrets(file) {
  if (!existsSync(file)) {
    const token = () => randomBytes(32).toString("base64url");
    const secrets = {
      warehouseToken: token(),
      warehouseReadOnlyToken: token(),
      adminToken: token(),
      apiTokens: Object.fromEntries(Object.keys(API_SCOPES).map((name) => [name, token()])),
      // The length of R2's own key ids and secrets.
      r2AccessKeyId: randomBytes(16).toString("hex"),
      r2SecretAccessKey: randomBytes(32).toString("hex"),
    };
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * What the API holds of its tokens.
 *
 * @param {Secrets} secrets
 */
export function apiTokenHashes({ apiTokens }) {
  return JSON.stringify(Object.entries(apiTokens).map(([name, token]) => ({ name, hash: tokenHash(token), scopes: API_SCOPES[name] })));
}

/**
 * What a Worker holds of a bearer token.
 *
 * @param {string} token
 * @returns {string} its SHA-256, in hex.
 */
export function tokenHash(token) {
  return createHash("sha256").update(token).digest("hex");
}
