/** The story of somebody who knows the matter: a register is dropped, its fields and new labels appear, a conflict is settled by keyboard, and undone. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Browser, skip } from "./browser.mjs";
import { land, startApp } from "./stack.mjs";

/** A register with other names for what the known one has; one row has a cell too many. */
const REGISTER = [
  "imo_no;VESSEL_NAME;flag_state;length_m",
  ...["9000001;BLUE HORIZON;PAN;80.5", "9000002;GOLDEN WAVE;LBR;71", "9000003;NORTHERN STAR;ESP;64.2", "9000004;OCEAN PEARL;KOR;90"],
  ...["9000005;SILVER DAWN;ISL;58.9", "9000006;ROYAL BREEZE;ZAF;77", "9000007;PACIFIC TRADER;URY;83.1;sold", "9000008;BLUE HORIZON;PAN;80.5"],
  "9000009;GOLDEN WAVE;LBR;71",
].join("\n");

describe("an expert", { skip }, () => {
  /** @type {import("../../tools/local-stack/index.mjs").Stack} */
  let stack;
  let browser;
  /** @type {import("./browser.mjs").App} */
  let app;
  let page;

  before(async () => {
    stack = await startApp();
    await land(stack, "vessel-csv", "flag_register/2026.parquet");
    await land(stack, "argilla-exports", "port-calls/round1.parquet");
    browser = await Browser.start(stack);
    app = await browser.open({ screen: "guide" });
    page = app.page;
    await app.signIn(stack.secrets.apiTokens.expert);
  });
  after(async () => {
    await browser?.stop();
    await stack?.stop();
  });

  /** Drops a file as somebody would with the mouse. */
  const drop = async (name, text) => {
    const dataTransfer = await page.evaluateHandle(([name, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      return transfer;
    }, [name, text]);
    await page.locator(".drop").dispatchEvent("drop", { dataTransfer });
  };

  test("drops a register, and sees what would be read of it and what is odd", async () => {
    await app.show("#/schema");
    await page.getByText("7 of 7").waitFor();
    await app.show("#/upload");
    await page.getByText("Drop a spreadsheet here").waitFor();
    await app.inspect("expert-1-drop");
    await drop("Fleet list.csv", REGISTER);
    await page.getByText("9 rows, 5 columns").waitFor();
    await page.getByRole("columnheader", { name: "imo_no" }).waitFor();
    await page.getByRole("region", { name: "Warnings" }).waitFor();
    assert.equal(await page.getByLabel("Into the table").inputValue(), "fleet_list");
    assert.deepEqual(await stack.list("vessel-uploads"), [], "nothing is uploaded yet");
    await app.inspect("expert-2-preview");
  });

  test("uploads it, and follows it until the schema has it", async () => {
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByRole("list", { name: "Steps" }).waitFor();
    await page.getByText("Everything is there.").waitFor({ timeout: 60_000 });
    for (const step of ["Landed", "Read", "Committed", "Catalogued"]) await page.getByText(`✓ ${step} (done)`).waitFor();
    await app.inspect("expert-3-catalogued");
    assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'fleet_list'"), 9);
  });

  test("is told why a file goes no further", async () => {
    await page.getByRole("button", { name: "Upload another" }).click();
    await drop("broken.xlsx", "this is no workbook");
    await page.getByRole("alert").getByText("Mend the file, then choose it again.").waitFor();
    await app.inspect("expert-4-refused");
  });

  test("sees the register's fields", async () => {
    await app.show("#/schema");
    await page.getByLabel("Find by name").fill("fleet");
    await page.getByRole("button", { name: /imo_no/ }).click();
    await page.getByRole("article").getByText("waits for review").waitFor();
    await page.getByText("by vessel-csv/fleet_list/Fleet list.csv.parquet").waitFor();
    await app.inspect("expert-5-fields");
  });

  test("sees labels that nobody had used before, once they have landed", async () => {
    await land(stack, "argilla-exports", "port-calls/round2.parquet");
    await page.reload();
    await page.getByLabel("Kind").selectOption("entity_type");
    await page.getByLabel("Sort by").selectOption("newest");
    await page.getByRole("button", { name: /^harbour/ }).click();
    await page.getByRole("article").getByText("by argilla-exports/port-calls/round2.parquet").waitFor();
    await app.inspect("expert-6-label");
  });

  test("narrows the schema down, and is told how to get out when nothing fits", async () => {
    await page.getByLabel("Find by name").fill("");
    await page.getByLabel("Status").selectOption("flagged");
    const shown = await page.getByText(/^\d+ of \d+$/).textContent();
    assert.ok(Number(shown.split(" ")[0]) < Number(shown.split(" ")[2]), shown);
    await page.getByLabel("Find by name").fill("there is no such thing");
    await page.getByRole("button", { name: "Clear all filters" }).click();
    await page.getByLabel("Status").selectOption("");
  });

  test("sees how the schema grew, version by version", async () => {
    await app.show("#/schema/growth");
    await page.getByRole("img", { name: /^Fields grew to/ }).waitFor();
    await app.inspect("expert-7-growth");
    await app.show("#/schema/versions");
    await page.getByText("vessel-csv/fleet_list/Fleet list.csv.parquet").first().waitFor();
    await page.getByText(/changes, none of which breaks a query/).waitFor();
    await app.inspect("expert-8-versions");
  });

  test("merges two names by keyboard, after seeing what it changes", async () => {
    await app.show("#/review");
    const queue = page.getByRole("listbox", { name: "Names that look alike" });
    await queue.focus();
    const waiting = await queue.getByRole("option").count();
    for (let moves = 0; moves < waiting && !(await page.getByRole("heading", { name: "Is “imo_no” the same" }).isVisible()); moves += 1) await page.keyboard.press("j");
    await page.getByRole("region", { name: "Known: IMO number" }).getByText("Examples").waitFor();
    await app.inspect("expert-9-queue");
    await page.keyboard.press("m");
    await page.getByText(/make version \d+/).waitFor();
    await app.inspect("expert-10-preview");
    await page.keyboard.type("both are the number of the ship");
    await page.keyboard.press("Enter");
    await page.getByText("“imo_no” is now another name of “IMO number”.").first().waitFor();
    assert.equal(await stack.sql.value("SELECT count(*) FROM decisions WHERE decided_by = 'expert' AND action = 'merge'"), 1);
    await stack.waitUntil("the queue to be shorter", async () => (await queue.getByRole("option").count()) < waiting);
    await app.inspect("expert-11-merged");
    await app.show("#/schema");
    await page.getByLabel("Find by name").fill("imo_no");
    await page.getByText("1 of").waitFor();
  });

  test("takes the decision back, with its reason in sight", async () => {
    await app.show("#/review");
    await page.getByLabel("Show").selectOption("merged");
    await page.getByText("“both are the number of the ship”").waitFor();
    await app.inspect("expert-12-decided");
    await page.getByRole("button", { name: "Undo this decision" }).click();
    await page.getByText("The decision is undone.").first().waitFor();
    await page.getByText("Nothing was decided so").waitFor();
    await app.inspect("expert-13-undone");
  });

  test("undoes the last decision with one key", async () => {
    await page.getByLabel("Show").selectOption("open");
    const queue = page.getByRole("listbox");
    await queue.focus();
    const first = await queue.getByRole("option").first().textContent();
    await page.keyboard.press("b");
    await page.getByText(/make (version|no new version)/).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("is a thing of its own.").first().waitFor();
    await stack.waitUntil("the pair to leave the queue", async () => (await queue.getByRole("option").first().textContent()) !== first);
    await queue.focus();
    await page.keyboard.press("u");
    await stack.waitUntil("the pair to be back", async () => (await queue.getByRole("option").allTextContents()).includes(first));
  });

  test("is told when somebody else decided meanwhile", async () => {
    const queue = page.getByRole("listbox");
    await queue.focus();
    await page.keyboard.press("b");
    await page.getByText(/make (version|no new version)/).waitFor();
    const headers = { authorization: `Bearer ${stack.secrets.apiTokens.admin}`, "content-type": "application/json" };
    const { conflicts } = await (await stack.fetch("schema-api", "/api/review/conflicts", { headers })).json();
    const shown = await page.getByRole("region", { name: /^New: / }).getByRole("heading").textContent();
    const chosen = conflicts.find(({ item }) => item.name === shown);
    await stack.fetch("schema-api", "/api/review/decisions", { method: "POST", headers, body: JSON.stringify({ action: "keep_both", item: chosen.item }) });
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await app.inspect("expert-14-conflict");
    await page.getByRole("button", { name: "Load the newest state" }).click();
  });

  test("may not run queries, and is told so", async () => {
    await app.show("#/query");
    await app.run();
    await page.getByRole("alert").first().getByText("Ask whoever gave you the token").waitFor();
    await app.inspect("expert-15-forbidden");
  });

  test("does all of this with the stack alone", () => app.assertClean());
});
