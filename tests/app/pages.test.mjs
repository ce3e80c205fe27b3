/** Every page: accessible in dark and light, wide and narrow; empty and full; how much script it takes; where the token is. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { Browser, skip } from "./browser.mjs";
import { land, startApp } from "./stack.mjs";

const PAGES = ["query", "reports", "schema", "schema/versions", "schema/growth", "review", "upload"];

/** Bytes of script, gzipped, that the first view may take; the editor comes later. */
const MOST_SCRIPT = 400_000;

/** Milliseconds to the first paint: a goal, which a busy machine may miss. */
const FIRST_PAINT_GOAL = 1500;

describe("the app, where nothing has landed", { skip }, () => {
  let stack;
  let browser;
  before(async () => {
    stack = await startApp();
    browser = await Browser.start(stack);
  });
  after(async () => {
    await browser?.stop();
    await stack?.stop();
  });

  test("says on every page what to do next", async () => {
    const app = await browser.open();
    await app.inspect("empty-sign-in");
    await app.signIn(stack.secrets.apiTokens.admin);
    for (const page of PAGES) {
      await app.show(`#/${page}`);
      await app.inspect(`empty-${page.replace("/", "-")}`);
    }
    app.assertClean();
  });
});

describe("the app, full", { skip }, () => {
  /** @type {import("../../tools/local-stack/index.mjs").Stack} */
  let stack;
  let browser;
  let token;
  before(async () => {
    // By the Postgres endpoint a query gives up to 100,000 rows.
    stack = await startApp({ "schema-api": { WAREHOUSE_TRANSPORT: "postgres" } });
    for (const name of ["argilla-exports/port-calls/round1.parquet", "argilla-exports/port-calls/round2.parquet", "vessel-csv/flag_register/2026.parquet", "vessel-csv/fleet_list/2026.parquet"]) {
      const [bucket, ...key] = name.split("/");
      await land(stack, bucket, key.join("/"));
    }
    token = stack.secrets.apiTokens.admin;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ name: "Ships by flag", sql: "SELECT Flag, count(*) AS ships FROM typed.flag_register GROUP BY Flag" });
    await stack.fetch("schema-api", "/api/reports", { method: "POST", headers, body });
    browser = await Browser.start(stack);
  });
  after(async () => {
    await browser?.stop();
    await stack?.stop();
  });

  for (const screen of ["wide", "narrow"]) {
    for (const dark of [false, true]) {
      test(`is accessible on every page, ${screen} and ${dark ? "dark" : "light"}`, async () => {
        const app = await browser.open({ screen, dark });
        const name = (page) => `${screen}-${dark ? "dark" : "light"}-${page.replace("/", "-")}`;
        await app.inspect(name("sign-in"));
        await app.signIn(token);
        for (const page of PAGES) {
          await app.show(`#/${page}`);
          await app.inspect(name(page));
        }
        await app.show("#/reports");
        await app.page.getByRole("link", { name: /Ships by flag/ }).click();
        await app.page.getByText("The same rows as when it was pinned").waitFor();
        await app.inspect(name("report"));
        app.assertClean();
      });
    }
  }

  test("shows its first view with little script", async (t) => {
    const app = await browser.open();
    const scripts = new Set();
    app.page.on("request", (request) => request.url().endsWith(".js") && scripts.add(new URL(request.url()).pathname));
    await app.page.reload();
    await app.page.getByLabel("Your token").waitFor();
    const paint = async () => (await app.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime)) ?? 0;
    const signInPaint = await paint();
    await app.signIn(token);
    await app.page.reload();
    await app.page.getByRole("button", { name: /^Run Ctrl/ }).waitFor();
    const roomPaint = await paint();
    await app.page.locator(".cm-editor").waitFor();
    const size = async (url) => ({ url, bytes: gzipSync(Buffer.from(await (await stack.fetch("schema-api", url)).arrayBuffer())).length });
    const sizes = await Promise.all([...scripts].map(size));
    // The editor is loaded when the rest is there. What it shares with charts is counted all the same.
    const first = sizes.filter(({ url }) => !/SqlEditor|node-sql-parser/.test(url)).reduce((sum, { bytes }) => sum + bytes, 0);
    t.diagnostic(`first paint: sign-in ${Math.round(signInPaint)} ms, query room ${Math.round(roomPaint)} ms (goal ${FIRST_PAINT_GOAL} ms)`);
    t.diagnostic(`script of the first view: ${first} bytes gzipped in ${sizes.length} files (at most ${MOST_SCRIPT}); ${sizes.map(({ url, bytes }) => `${url.split("/").at(-1)} ${bytes}`).join(", ")}`);
    assert.ok(first < MOST_SCRIPT, `${first} bytes`);
  });

  test("keeps the token out of the address and of storage", async () => {
    const app = await browser.open();
    const { page } = app;
    await page.getByLabel("Your token").fill("nobody's");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await app.inspect("sign-in-refused");
    await app.signIn(token);
    await page.reload();
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie, history.state]));
    assert.ok(!stored.includes(token));
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Your token").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.reload();
    await page.getByLabel("Your token").waitFor();
    app.assertClean();
  });

  test("says plainly that no model is configured", async () => {
    const app = await browser.open();
    await app.signIn(token);
    await app.page.getByLabel("Ask in your own words").fill("How many ships has each flag?");
    await app.page.getByRole("button", { name: "Write SQL" }).click();
    await app.page.getByText("No language model is configured here").waitFor();
    await app.inspect("no-model");
    app.assertClean();
  });

  test("may go nowhere but to its own origin", async () => {
    const response = await stack.fetch("schema-api", "/");
    const policy = response.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'.*script-src 'self';.*connect-src 'self';.*frame-ancestors 'none'/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const missing = await stack.fetch("schema-api", "/there-is-no-such-page");
    assert.deepEqual([missing.status, missing.headers.get("content-type")], [404, "application/problem+json"]);
  });

  test("scrolls ten thousand rows with few of them in the page, and sorts them", async (t) => {
    const app = await browser.open();
    const { page } = app;
    await app.signIn(token);
    await app.write("SELECT unnest(range(10000)) AS n, 'row ' || n AS name, n % 7 AS rest, n / 3 AS third");
    await page.getByLabel("Rows at most").selectOption("10000");
    await app.run();
    await page.getByText("10,000 rows").first().waitFor();
    const region = page.getByRole("region", { name: /^Rows of the query/ });
    await region.focus();
    const frames = await region.evaluate(async (element) => {
      const times = [];
      let last = performance.now();
      for (let step = 1; step <= 60; step += 1) {
        element.scrollTop = (step / 60) * element.scrollHeight;
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - last);
        last = performance.now();
      }
      return times.sort((a, b) => a - b);
    });
    t.diagnostic(`60 jumps through 10,000 rows: median ${frames[30].toFixed(1)} ms a frame, worst ${frames[59].toFixed(1)} ms`);
    await page.getByRole("cell", { name: "row 9999", exact: true }).waitFor();
    assert.ok((await page.getByRole("row").count()) < 100, "only the rows in sight are in the page");
    await page.getByRole("button", { name: "n (Int64): sort" }).or(page.getByRole("columnheader", { name: "n", exact: true }).getByRole("button")).first().click();
    await page.getByRole("columnheader", { name: "n", exact: true }).getByRole("button").click();
    await region.evaluate((element) => (element.scrollTop = 0));
    await page.getByRole("row").nth(1).getByText("row 9999").waitFor();
    await page.getByRole("button", { name: "Row 10000: show all its values" }).click();
    await page.getByRole("dialog", { name: "Row 10000" }).getByText("row 9999").waitFor();
    await app.inspect("ten-thousand-rows");
    await page.keyboard.press("Escape");
    app.assertClean();
  });

  test("is used by keyboard alone", async () => {
    const app = await browser.open();
    const { page } = app;
    const focused = () => page.evaluate(() => `${document.activeElement?.textContent?.trim()} ${document.activeElement?.getAttribute("aria-label") ?? ""}`);
    await page.getByLabel("Your token").waitFor();
    await page.keyboard.type(token);
    await page.keyboard.press("Enter");
    await page.locator(".cm-editor").waitFor();
    const seen = [];
    for (let tabs = 0; tabs < 40; tabs += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
      if (seen.at(-1).startsWith("Run")) break;
    }
    assert.ok(seen.at(-1).startsWith("Run"), seen.join(" | "));
    assert.ok(seen[0].startsWith("Skip to the content"), seen[0]);
    assert.ok(seen.some((text) => text.includes("Tab leaves")), "the editor is on the way, and is left by Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("table").waitFor();
    app.assertClean();
  });
});
