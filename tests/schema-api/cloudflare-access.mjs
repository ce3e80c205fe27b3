/** Cloudflare Access for tests: a server of its keys, and assertions that it signed, or didn't. */

import { createSign, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

/** The application's tag. */
export const AUDIENCE = "0123456789abcdef";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** @returns {Promise<Access>} */
export async function startAccess() {
  const access = new Access();
  await access.start();
  return access;
}

export class Access {
  #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  #server;
  /** How often its keys were asked for. */
  asked = 0;

  async start() {
    this.#server = createServer((request, response) => {
      this.asked += 1;
      const keys = [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }];
      response.writeHead(request.url === "/cdn-cgi/access/certs" ? 200 : 404).end(JSON.stringify({ keys }));
    });
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  stop() {
    this.#server?.close();
  }

  /** The team's address. */
  get team() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** What the header `cf-access-jwt-assertion` has for ann@example.com, unless the claims, the header or the key say otherwise. */
  assertion(claims = {}, { header = {}, key = this.#keys.privateKey } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const body = { iss: this.team, aud: [AUDIENCE], exp: now + 600, iat: now, email: "ann@example.com", ...claims };
    const signed = `${encode({ alg: "RS256", kid: "one", typ: "JWT", ...header })}.${encode(body)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key).toString("base64url")}`;
  }
}
