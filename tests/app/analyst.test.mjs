/** An analyst's story, in Chromium against the whole stack: ask, run, save, new data lands, badge, difference, refresh, time travel. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { KEY, startModel } from "../../tools/stand-ins/model.mjs";
import { Browser, skip } from "./browser.mjs";
import { land, startApp } from "./stack.mjs";

const QUESTION = "How often is each label used?";
const SQL = "SELECT label, count(*) AS mentions FROM entity_mentions GROUP BY label ORDER BY mentions DESC, label";

describe("an analyst", { skip }, () => {
  /** @type {import("../../tools/local-stack/index.mjs").Stack} */
  let stack;
  let model;
  let browser;
  /** @type {import("./browser.mjs").App} */
  let app;
  let page;

  before(async () => {
    model = await startModel();
    model.says = JSON.stringify({ sql: SQL, explanation: "It counts labelled spans by their label.", warnings: ["Suggestions are counted, too"] });
    stack = await startApp({
      "schema-api": { MODEL_PROVIDER: "anthropic", MODEL_URL: model.urls.anthropic, MODEL_NAME: "stand-in", MODEL_API_KEY: KEY },
    });
    await land(stack, "argilla-exports", "port-calls/round1.parquet");
    await land(stack, "vessel-csv", "flag_register/2026.parquet");
    browser = await Browser.start(stack);
    app = await browser.open({ screen: "guide" });
    page = app.page;
    await app.signIn(stack.secrets.apiTokens.analyst);
  });
  after(async () => {
    await browser?.stop();
    await stack?.stop();
    await model?.stop();
  });

  test("asks in plain words, reads what was written, edits, and runs it", async () => {
    await page.getByLabel("Ask in your own words").fill(QUESTION);
    await page.getByRole("button", { name: "Write SQL" }).click();
    await page.getByText("It counts labelled spans by their label.").waitFor();
    await page.getByText("Suggestions are counted, too").waitFor();
    assert.equal(await page.getByRole("table").count(), 0, "nothing has run yet");
    await app.inspect("analyst-1-asked");
    await app.write(SQL.replace("mentions DESC", "mentions DESC NULLS LAST"));
    await app.run();
    assert.deepEqual((await app.rows()).map(([label]) => label), ["port", "vessel"]);
    await app.inspect("analyst-2-ran");
  });

  test("marks the query as the right one for the question", async () => {
    await page.getByRole("button", { name: "This is the right query" }).click();
    await page.getByText("✓ Verified by analyst").waitFor();
    await page.getByText("Verified queries (1)").waitFor();
  });

  test("draws the rows as a chart", async () => {
    await page.getByRole("button", { name: "Chart" }).click();
    await page.getByRole("img", { name: "mentions by label, 2 values" }).waitFor();
    assert.equal(await page.locator(".recharts-bar-rectangle").count(), 2);
    await page.locator(".recharts-xAxis").getByText("vessel").waitFor();
    await app.inspect("analyst-3-chart");
    await page.getByRole("button", { name: "Table" }).click();
  });

  test("is offered the catalog's names while writing, by keyboard", async () => {
    await app.write("");
    await page.getByRole("textbox", { name: "SQL" }).focus();
    await page.keyboard.type("FROM typed.fl", { delay: 30 });
    await app.complete("flag_register", "Enter");
    await page.keyboard.type(" SELECT Fla", { delay: 30 });
    await app.complete(/^Flag/, "Tab");
    await page.keyboard.press("Control+Enter");
    await page.getByText("600 rows").first().waitFor();
    assert.match(await page.getByRole("textbox", { name: "SQL" }).textContent(), /FROM typed.flag_register SELECT "?Flag"?/);
  });

  test("is told why a query may not run, and keeps what was written", async () => {
    await app.write("DROP TABLE commits");
    await app.run();
    await page.getByRole("alert").getByText("DROP is not allowed").waitFor();
    await app.inspect("analyst-4-refused");
    assert.match(await page.getByRole("textbox", { name: "SQL" }).textContent(), /DROP TABLE commits/);
  });

  test("cancels what takes too long, and learns what to do when time is up", async () => {
    await app.write("SELECT sum(sin(a.range * b.range)) FROM range(1000000) AS a, range(900) AS b");
    await page.getByRole("button", { name: /^Run Ctrl/ }).click();
    await page.getByRole("timer").getByText(/(0\.[5-9]|[1-8]\.)\d* s of 10 s/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("alert").getByText("Cancelled").waitFor();
    await stack.waitUntil("the warehouse to stop", async () => (await stack.sql.value("SELECT 1")) === 1);
    await app.run();
    await page.getByRole("button", { name: "Run it as a snapshot, with 55 s" }).waitFor({ timeout: 20_000 });
    await app.inspect("analyst-5-time-is-up");
  });

  test("sees that there is more than came", async () => {
    await app.write("SELECT unnest(range(5000)) AS n");
    await page.getByLabel("Rows at most").selectOption("100");
    await app.run();
    await page.getByText("There are more rows than these 100.").waitFor();
    await app.inspect("analyst-6-truncated");
  });

  test("saves a query as a report, which stays", async () => {
    await app.write(SQL);
    await app.run();
    await page.getByRole("button", { name: "Save Report" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Mentions by label");
    await page.getByLabel(/^Columns that name a row/).fill("label");
    await app.inspect("analyst-7-save");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The same rows as when it was pinned").waitFor();
    await app.inspect("analyst-8-report");
  });

  test("sees the badge after new data landed, its cause and its rows, and pins it anew", async () => {
    await land(stack, "argilla-exports", "port-calls/round2.parquet");
    await page.getByRole("button", { name: "Check all now" }).click();
    await page.getByRole("article").getByText("Report changed").waitFor();
    await app.inspect("analyst-9-changed");
    await page.getByRole("link", { name: "View Diff" }).click();
    const headings = page.getByRole("article").getByRole("heading", { level: 3 });
    await headings.first().waitFor();
    assert.equal((await headings.allTextContents())[0], "Because of");
    await page.getByText("argilla-exports/port-calls/round2.parquet").waitFor();
    await page.getByRole("region", { name: "Rows added" }).getByText("harbour").waitFor();
    await app.inspect("analyst-10-difference");

    await page.getByRole("link", { name: "Result" }).click();
    await page.getByText("The same rows as when it was pinned").waitFor();
    await page.getByRole("button", { name: "Copy link with its pin" }).click();
    await page.getByText("The link is in the clipboard").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!link.includes(stack.secrets.apiTokens.analyst));

    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByText(/Pinned anew: revision 2/).waitFor();
    await page.getByRole("cell", { name: "harbour" }).waitFor();
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("link", { name: "Revision 2 with 1" }).click();
    await page.getByText("Revision 1 (version", { exact: false }).waitFor();
    await app.inspect("analyst-11-revisions");

    await page.goto(link);
    await page.getByText("The report has been refreshed since").waitFor();
    await page.getByRole("cell", { name: "vessel" }).waitFor();
    assert.equal(await page.getByRole("cell", { name: "harbour" }).count(), 0, "the link shows the rows of its pin");
    assert.equal(await page.locator(".pins").textContent(), "Schema version3Commit2", "what is said of the report now isn't said of its rows then");
    await app.inspect("analyst-12-link");
  });

  test("travels in time, by the line and by version", async () => {
    await app.show("#/query");
    await app.write(SQL);
    await page.getByLabel("Time travel").check();
    const line = page.getByRole("slider", { name: "Commit" });
    await line.waitFor();
    assert.equal(await line.getAttribute("max"), "3");
    await app.run();
    assert.ok((await app.rows()).some(([label]) => label === "harbour"));
    await line.focus();
    await page.keyboard.press("Home");
    assert.match(await line.getAttribute("aria-valuetext"), /Commit 1 of 3, version 2/);
    await app.run();
    assert.deepEqual((await app.rows()).map(([label]) => label), ["port", "vessel"]);
    await page.getByText("time travel · version 2, commit 1").waitFor();
    await app.inspect("analyst-13-time-travel");
    await page.getByLabel("or the end of a day").fill(new Date().toISOString().slice(0, 10));
    await app.run();
    await page.getByText("time travel · version 4, commit 3").waitFor();
    await page.getByLabel("or the end of a day").fill("");
    await page.getByRole("button", { name: "Version before" }).click();
    assert.match(await line.getAttribute("aria-valuetext"), /Commit 2 of 3, version 3/);
  });

  test("has an earlier run again, as it was", async () => {
    await page.getByLabel("Snapshot").check();
    const choice = page.getByLabel("Pinned to");
    const run = await choice.locator("option", { hasText: "commit 1:" }).first().getAttribute("value");
    await choice.selectOption(run);
    await app.run();
    await page.getByText("snapshot · version 2, commit 1").waitFor();
    assert.deepEqual((await app.rows()).map(([label]) => label), ["port", "vessel"]);
  });

  test("does all of this with the stack alone", () => app.assertClean());
});
