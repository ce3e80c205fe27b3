/** The arithmetic of costs, held against the examples of the pages that the prices are from. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { cost, usage } from "../../tools/deploy/cost.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`../../tools/deploy/${name}`, import.meta.url), "utf8"));
const { prices } = read("prices.json");
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 0.005, `${actual} instead of ${expected}`);

test("Cloudflare's examples cost what its pages say", () => {
  near(cost(prices["workers plan"], 1) + cost(prices.requests, 15e6) + cost(prices["CPU time"], 7 * 15e6), 8.0);
  near(cost(prices["workers plan"], 1) + cost(prices.requests, 100e6) + cost(prices["CPU time"], 7 * 100e6), 45.4);
  near(cost(prices.queues, 3 * 30 * 1e6), 35.6);
  near(cost(prices["R2 storage"], 1000) + cost(prices["R2 writes"], 1000) + cost(prices["R2 reads"], 1e6), 14.85);
  near(cost(prices["R2 reads"], 300e6), 104.4);
});

test("each price says where and when it was seen, and each thing that is used has one", () => {
  for (const [name, { source, seen }] of Object.entries(prices)) assert.match(`${seen} ${source}`, /^\d{4}-\d\d-\d\d https:/, name);
  for (const size of Object.values(read("sizes.json"))) {
    for (const [name, units] of Object.entries(usage(size))) assert.ok(prices[name] && Number.isFinite(units), name);
  }
});
