/** A database elsewhere is spoken to over TLS, and only if it's the one that it's said to be. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { PostgresServer } from "./postgresql-server.mjs";

const PASSWORD = "correct horse";
const SQL = `
CREATE ROLE api LOGIN PASSWORD '${PASSWORD}';
CREATE VIEW encrypted AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();
GRANT SELECT ON encrypted TO api;
`;

const folder = mkdtempSync(path.join(tmpdir(), "certificates-"));
/** What to stop, the newest last. */
const started = [];
after(async () => {
  for (const part of started.reverse()) await part.stop();
  rmSync(folder, { recursive: true });
});

/** A key and a certificate that it signs itself. */
function certificateOf(name) {
  const [key, certificate] = ["key", "crt"].map((kind) => path.join(folder, `${name}.${kind}`));
  const args = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", "-x509", ...args, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", certificate], { stdio: "pipe" });
  return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
}

/** A name of this machine that isn't one of those that need no TLS; undefined if there is none. */
async function ownName() {
  const address = await lookup(hostname(), 4).catch(() => undefined);
  return address?.address === "127.0.0.1" && hostname() !== "localhost" ? hostname() : undefined;
}

test("TLS is used, and the server has to have the name's certificate", async (t) => {
  const name = await ownName();
  if (!name) return t.skip("the machine's own name doesn't lead to 127.0.0.1");
  let right, wrong;
  try {
    [right, wrong] = [certificateOf(name), certificateOf("other.example")];
  } catch (error) {
    return t.skip(`openssl makes no certificates here: ${error.message}`);
  }
  // Miniflare reads it when it's loaded.
  process.env.NODE_EXTRA_CA_CERTS = path.join(folder, "trusted.crt");
  writeFileSync(process.env.NODE_EXTRA_CA_CERTS, right.certificate + wrong.certificate);
  const { startStack } = await import("../../tools/local-stack/index.mjs");

  const answerOf = async (tls) => {
    const server = await PostgresServer.start(SQL, tls);
    started.push(server);
    const stack = await startStack({
      workers: ["discovery", "schema-api"],
      variables: {
        "schema-api": {
          USE_MOTHERDUCK_SCHEMA: "false",
          POSTGRES: server.address.replace("127.0.0.1", name),
          POSTGRES_DATABASE: "postgres",
          POSTGRES_USER: "api",
          POSTGRES_PASSWORD: PASSWORD,
        },
      },
    });
    started.push(stack);
    const headers = { authorization: `Bearer ${stack.secrets.apiTokens.analyst}`, "content-type": "application/json" };
    const body = JSON.stringify({ sql: "SELECT ssl FROM encrypted" });
    const response = await stack.fetch("schema-api", "/api/query/execute", { method: "POST", headers, body });
    return { status: response.status, rows: (await response.json()).rows };
  };
  assert.deepEqual(await answerOf(right), { status: 200, rows: [[true]] });
  assert.deepEqual(await answerOf(wrong), { status: 503, rows: undefined }, "the certificate of another");
  assert.deepEqual(await answerOf(undefined), { status: 503, rows: undefined }, "no TLS");
});
