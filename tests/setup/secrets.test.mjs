/** The search for secrets finds one of each form. The examples are put together here, so that they are none in this file. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const letters = (count) => "aB3".repeat(count).slice(0, count);
const capitals = (count) => "AB3".repeat(count).slice(0, count);

/** An example for each line of scripts/lib/secrets.patterns. */
const EXAMPLES = [
  `-----BEGIN RSA ${"PRIVATE"} KEY-----`,
  `AKIA${capitals(16)}`,
  `ghp_${letters(36)}`,
  `github_pat_${letters(60)}`,
  `glpat-${letters(20)}`,
  `npm_${letters(36)}`,
  `pypi-AgEIcHlwaS5vcmc${letters(30)}`,
  `xoxb-${letters(20)}`,
  `https://hooks.slack.com/services/T${capitals(8)}/B${capitals(8)}/${letters(24)}`,
  `sk-ant-${letters(30)}`,
  `sk-proj-${letters(40)}`,
  `AIza${letters(35)}`,
  `re_${letters(8)}_${letters(20)}`,
  `pul-${"0a".repeat(20)}`,
  `eyJ${letters(20)}.eyJ${letters(20)}.${letters(20)}`,
  `CLOUDFLARE_API_TOKEN = "${letters(40)}"`,
];

/** What looks a little like one. */
const HARMLESS = ["MOTHERDUCK_TOKEN=... scripts/deploy", 'token = "short"', `hash ${"0a".repeat(32)}`, `AKIA${capitals(16)} # no secret: an example`, "sk-eleton"];

/** Searches a folder with this file in it. */
function search(text) {
  const folder = mkdtempSync(path.join(tmpdir(), "secrets-test-"));
  try {
    writeFileSync(path.join(folder, "file.txt"), text);
    const script = `. "${ROOT}scripts/lib/env.sh"; . "${ROOT}scripts/lib/secrets.sh"; cd "${folder}"; no_secrets --no-index`;
    const { status, stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    return { status, found: stdout.split("\n").filter(Boolean) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("each form of a secret is found", () => {
  const patterns = readFileSync(path.join(ROOT, "scripts/lib/secrets.patterns"), "utf8").trim().split("\n");
  assert.equal(EXAMPLES.length, patterns.length);
  const { status, found } = search(EXAMPLES.join("\n"));
  assert.deepEqual(found.map((line) => Number(line.split(":")[1])), EXAMPLES.map((_, index) => index + 1));
  assert.equal(status, 1);
});

test("what is none isn't", () => {
  assert.deepEqual(search(HARMLESS.join("\n")), { status: 0, found: [] });
});
