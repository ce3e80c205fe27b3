/** The client's types are those of the API. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { CLIENT, clientTypes } from "../../apps/sqlrooms/generate-client.mjs";
import { startStack } from "../../tools/local-stack/index.mjs";

test("the app's client is made from the API's OpenAPI document of now", async () => {
  const stack = await startStack({ workers: ["schema-api"], warehouse: false });
  try {
    const document = await (await stack.fetch("schema-api", "/openapi.json")).json();
    assert.ok(readFileSync(CLIENT, "utf8") === (await clientTypes(document)), "run node apps/sqlrooms/generate-client.mjs");
  } finally {
    await stack.stop();
  }
});
