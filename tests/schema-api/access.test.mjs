/** Who may ask: tokens of the API, and of Cloudflare Access, whose keys a local server gives. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import net from "node:net";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { AUDIENCE, startAccess } from "./cloudflare-access.mjs";

/** @type {import("./cloudflare-access.mjs").Access} */
let access;
/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;

before(async () => {
  access = await startAccess();
  stack = await startStack({
    workers: ["schema-api", "discovery"],
    variables: {
      "schema-api": {
        ACCESS_TEAM: access.team, ACCESS_AUDIENCE: AUDIENCE,
        ACCESS_SCOPES: { "*": ["read"], "ann@example.com": ["read", "query"] },
      },
    },
  });
});
after(async () => {
  await stack?.stop();
  access?.stop();
});

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const assertion = (claims, options) => access.assertion(claims, options);

async function versions(token) {
  const response = await stack.fetch("schema-api", "/api/schema/versions", { headers: { "cf-access-jwt-assertion": token } });
  return { status: response.status, body: await response.json() };
}

test("whom Access lets in may do what the settings say", async () => {
  assert.equal((await versions(assertion())).status, 200);
  const query = (token) => stack.fetch("schema-api", "/api/query/execute", {
    method: "POST", headers: { "cf-access-jwt-assertion": token, "content-type": "application/json" }, body: '{"sql": "SELECT 1"}',
  });
  assert.equal((await query(assertion())).status, 200);
  const other = assertion({ email: "ben@example.com" });
  assert.equal((await versions(other)).status, 200);
  const refused = await query(other);
  assert.deepEqual([refused.status, (await refused.json()).detail], [403, 'ben@example.com has not the scope "query"']);
});

test("forged, expired and foreign tokens are refused, and keys aren't asked for again each time", async () => {
  const before = access.asked;
  const { privateKey: another } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const past = Math.floor(Date.now() / 1000) - 3600;
  const [head, body, signature] = assertion().split(".");
  for (const [token, reason] of [
    [assertion({}, { key: another }), /signature/],
    [`${head}.${encode({ iss: access.team, aud: [AUDIENCE], exp: past + 9999, email: "root@example.com" })}.${signature}`, /signature/],
    [`${encode({ alg: "none", kid: "one" })}.${body}.`, /RS256/],
    [assertion({}, { header: { kid: "two" } }), /key/],
    [assertion({ exp: past }), /expired/],
    [assertion({ aud: ["other"] }), /another application/],
    [assertion({ iss: "https://example.com" }), /issued/],
    ["x", /no JSON Web Token/],
  ]) {
    const { status, body } = await versions(token);
    assert.deepEqual([status, reason.test(body.detail)], [401, true], body.detail);
  }
  assert.ok(access.asked - before <= 1, `${access.asked - before} requests for keys`);
});

test("bodies that are too large, of the wrong kind, or no JSON are named", async () => {
  const post = (body, headers = {}) => stack.fetch("schema-api", "/api/query/execute", {
    method: "POST", body,
    headers: { authorization: `Bearer ${stack.secrets.apiTokens.analyst}`, "content-type": "application/json", ...headers },
  });
  const cases = [
    [413, await post(JSON.stringify({ sql: " ".repeat(2 << 20) }))],
    [415, await post('{"sql": "SELECT 1"}', { "content-type": "text/plain" })],
    [400, await post("{")],
    [400, await post("[]")],
    [422, await post(JSON.stringify({ sql: "SELECT 1 --" + "x".repeat(70_000) }))],
  ];
  for (const [status, response] of cases) {
    const problem = await response.json();
    assert.deepEqual([response.status, problem.status, Boolean(problem.detail && problem.request_id)], [status, status, true]);
  }
});

test("a client that sends its body a byte at a time keeps nobody else waiting", async () => {
  const { hostname, port } = new URL(stack.addresses.workers["schema-api"]);
  const slow = Array.from({ length: 20 }, () => {
    const socket = net.connect(Number(port), hostname);
    socket.write(`POST /api/query/execute HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stack.secrets.apiTokens.analyst}\r\n`
      + "content-type: application/json\r\ncontent-length: 1000\r\n\r\n{");
    const timer = setInterval(() => socket.write(" "), 100);
    socket.on("error", () => {}).on("close", () => clearInterval(timer));
    return socket;
  });
  try {
    const started = performance.now();
    assert.equal((await versions(assertion())).status, 200);
    assert.ok(performance.now() - started < 5_000);
  } finally {
    for (const socket of slow) socket.destroy();
  }
});
