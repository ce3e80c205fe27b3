import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseRules, queueFor } from "../../tools/local-stack/notifications.mjs";

const rule = (settings) => ({ bucket: "b", queue: "q", event_types: ["object-create"], ...settings });
const parse = (...rules) => parseRules(JSON.stringify({ rules }), "notifications.json");
const event = (action, bucket, key) => ({ action, bucket, object: { key } });

test("the rules of the repository are valid", () => {
  const text = readFileSync(new URL("../../notifications.json", import.meta.url), "utf8");
  assert.ok(parseRules(text, "notifications.json").length > 0);
});

test("a rule takes the keys with its prefix and suffix, and the actions of its event types", () => {
  const rules = parse(rule({ prefix: "in/", suffix: ".parquet" }));
  assert.equal(queueFor(rules, event("PutObject", "b", "in/a.parquet")), "q");
  assert.equal(queueFor(rules, event("CopyObject", "b", "in/a.parquet")), "q");
  assert.equal(queueFor(rules, event("CompleteMultipartUpload", "b", "in/a.parquet")), "q");
  assert.equal(queueFor(rules, event("DeleteObject", "b", "in/a.parquet")), undefined);
  assert.equal(queueFor(rules, event("PutObject", "b", "out/a.parquet")), undefined);
  assert.equal(queueFor(rules, event("PutObject", "b", "in/a.csv")), undefined);
  assert.equal(queueFor(rules, event("PutObject", "other", "in/a.parquet")), undefined);
});

test("a wrong rule is refused with its number and what is wrong", () => {
  assert.throws(() => parse(rule(), rule({ bucket: "" })), /rule 2: "bucket" is missing/);
  assert.throws(() => parse(rule({ event_types: ["object-read"] })), /no event type "object-read"/);
  assert.throws(() => parse(rule({ sufix: ".parquet" })), /no setting "sufix"/);
});

test("two rules of one bucket may not take the same key, as the platform refuses them", () => {
  assert.throws(() => parse(rule({ prefix: "a/" }), rule({ prefix: "a/b/" })), /rule 2: rule 1 takes some of the same keys/);
  assert.throws(() => parse(rule({ prefix: "a/" }), rule({ suffix: ".parquet" })), /rule 2/);
  assert.equal(parse(rule({ prefix: "a/" }), rule({ prefix: "b/" }), rule({ bucket: "c" })).length, 3);
});
