/** Whom Cloudflare Access lets in needs no token. */

import { after, before, describe, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { AUDIENCE, startAccess } from "../schema-api/cloudflare-access.mjs";
import { Browser, skip } from "./browser.mjs";

describe("behind Cloudflare Access", { skip }, () => {
  let access;
  let stack;
  let browser;
  before(async () => {
    access = await startAccess();
    const settings = { ACCESS_TEAM: access.team, ACCESS_AUDIENCE: AUDIENCE, ACCESS_SCOPES: { "*": ["read", "query"] } };
    stack = await startStack({ workers: ["schema-api", "discovery"], variables: { "schema-api": settings } });
    browser = await Browser.start(stack);
  });
  after(async () => {
    await browser?.stop();
    await stack?.stop();
    access?.stop();
  });

  test("one is signed in at once, and signs out there", async () => {
    const app = await browser.open({ headers: { "cf-access-jwt-assertion": access.assertion() } });
    const { page } = app;
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    await app.write("SELECT 42 AS answer");
    await app.run();
    await page.getByRole("cell", { name: "42" }).waitFor();
    app.assertClean();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/cdn-cgi/access/logout");
  });
});
