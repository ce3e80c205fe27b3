/** The real Argilla client, in a Python process of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { KEY } from "../../tools/stand-ins/argilla.mjs";

const SCRIPT = fileURLToPath(new URL("client.py", import.meta.url));

/**
 * @param {{ url: string }} argilla
 * @param {"round" | "load"} command
 * @param {object} [input]
 * @returns {Promise<object>} what it did.
 */
export async function runClient(argilla, command, input = {}) {
  // Nothing of the client asks the network but for the server.
  const env = { ...process.env, HF_HUB_OFFLINE: "1", HF_DATASETS_OFFLINE: "1", ARGILLA_ENABLE_TELEMETRY: "0" };
  const client = spawn("python", [SCRIPT, argilla.url, KEY, command], { env, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let complaints = "";
  client.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  client.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  client.stdin.end(JSON.stringify(input));
  const [code] = await once(client, "close");
  if (code !== 0) throw new Error(`the client failed:\n${complaints.slice(-4000)}`);
  return JSON.parse(output);
}
