/**
 * The types of the API, from the OpenAPI document that the built Worker serves.
 *
 *   node apps/sqlrooms/generate-client.mjs    writes src/api/openapi.d.ts
 *
 * tests/app/client.test.mjs fails when the file isn't what this would write.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

import { startStack } from "../../tools/local-stack/index.mjs";

export const CLIENT = fileURLToPath(new URL("src/api/openapi.d.ts", import.meta.url));

/**
 * @param {object} document OpenAPI 3.1.
 * @returns {Promise<string>} its types.
 */
export async function clientTypes(document) {
  const header = "// Made from /openapi.json by apps/sqlrooms/generate-client.mjs: change the API, not this file.\n\n";
  return header + astToString(await openapiTS(document, { defaultNonNullable: false }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stack = await startStack({ workers: ["schema-api"], warehouse: false });
  try {
    const document = await (await stack.fetch("schema-api", "/openapi.json")).json();
    writeFileSync(CLIENT, await clientTypes(document));
    console.log(`${Object.keys(document.paths).length} paths`);
  } finally {
    await stack.stop();
  }
}
