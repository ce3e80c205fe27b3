/** The guides: their pictures are those that the tests of the app see, what they call things by is what the app calls them, and their links lead somewhere. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const IMAGES = path.join(ROOT, "docs/guides/images");

/** Bytes that a picture may have, and the walk-through: they stay in the repository's history. */
const MOST_OF_A_PICTURE = 150_000;
const MOST_OF_THE_WALK_THROUGH = 1_500_000;

const files = (folder, suffix) =>
  readdirSync(path.join(ROOT, folder), { recursive: true }).filter((file) => file.endsWith(suffix)).map((file) => path.join(ROOT, folder, file));
const read = (file) => readFileSync(file, "utf8");

const guides = files("docs/guides", ".md");
/** Where links and pictures of a Markdown file lead to, but for those to other hosts. */
const targets = (file) => [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^[a-z]+:/.test(target));
const resolved = (file, target) => path.resolve(path.dirname(file), target.split("#")[0]);

test("links and pictures of the guides are there", () => {
  for (const guide of guides) {
    for (const target of targets(guide)) {
      const file = target.startsWith("#") ? guide : resolved(guide, target);
      assert.ok(existsSync(file), `${path.relative(ROOT, guide)} leads to ${target}, which isn't there`);
      const anchor = target.split("#")[1];
      const anchors = anchor && [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-"));
      if (anchor) assert.ok(anchors.includes(anchor), `${path.relative(ROOT, guide)} leads to ${target}, which has no such heading`);
    }
  }
});

test("each picture is one that a test of the app inspects, is shown, and is small", () => {
  const inspected = new Set(files("tests/app", ".test.mjs").flatMap((file) => [...read(file).matchAll(/app\.inspect\("([^"]+)"\)/g)].map(([, name]) => name)));
  const shown = new Set([path.join(ROOT, "README.md"), ...guides].flatMap((file) => targets(file).map((target) => resolved(file, target))));
  for (const name of readdirSync(IMAGES)) {
    const { size } = statSync(path.join(IMAGES, name));
    const most = name === "walk-through.webp" ? MOST_OF_THE_WALK_THROUGH : MOST_OF_A_PICTURE;
    assert.ok(shown.has(path.join(IMAGES, name)), `nothing shows ${name}`);
    assert.ok(size <= most, `${name} has ${size} bytes, more than ${most}`);
    if (name !== "walk-through.webp") assert.ok(inspected.has(path.basename(name, ".png")), `no test of the app inspects ${name}: scripts/screenshots can't make it anew`);
  }
});

test("what the guides call a part of the app by is what the app shows", () => {
  const app = files("apps/sqlrooms/src", ".tsx").map(read).join("\n");
  for (const guide of guides) {
    // Bold are the app's own names; and beginnings of steps and questions, which have a number or end a sentence.
    const names = [...read(guide).matchAll(/\*\*([^*]+)\*\*/g)].map(([, name]) => name).filter((name) => !/[.?,]$|^\d/.test(name));
    for (const name of names) assert.ok(app.includes(name), `${path.relative(ROOT, guide)} speaks of “${name}”, which the app doesn't show`);
  }
});
