/** The app in Chromium: signing in, what axe finds, screenshots, and that a page asks nobody but the stack. */

import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { waitUntil } from "../../tools/local-stack/index.mjs";

/** Where screenshots of a test run are kept, to be looked at. */
const SCREENSHOTS = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));

/** The machine's Chromium: scripts/setup installs Debian's where it can. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env.PATH ?? "").split(":").map((folder) => path.join(folder, name)))
  .find(isProgram);

/** For `test`'s options: why the tests of pages are left out, if they are. */
export const skip = CHROMIUM ? false : "there is no Chromium on this machine: as root with apt, scripts/setup installs it";

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds after which the editor offers completions, and some more. */
const COMPLETION = 700;

/** Milliseconds after which the editor takes a key for an offered completion (75, by default), and some more. */
const ACCEPTANCE = 200;

/** Milliseconds without a request after which a page has all that it wants. */
const QUIET = 500;

/** Milliseconds that something may take to show up. */
const WAIT = 15_000;

/**
 * Width and height of screens, in CSS pixels, and pixels for each. The guides show what stands on `guide`: narrow enough to be read beside
 * text, and sharp.
 */
export const SCREENS = {
  wide: { width: 1400, height: 900, scale: 1 },
  narrow: { width: 390, height: 844, scale: 1 },
  guide: { width: 1160, height: 725, scale: 1.5 },
};

/** A browser that shows one stack's app. */
export class Browser {
  #browser;
  #origin;

  /** @param {import("../../tools/local-stack/index.mjs").Stack} stack */
  static async start(stack) {
    const browser = new Browser();
    browser.#origin = stack.addresses.workers["schema-api"];
    browser.#browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    return browser;
  }

  async stop() {
    await this.#browser?.close();
  }

  /**
   * Opens the app in a profile of its own.
   *
   * @param {{ screen?: keyof typeof SCREENS, dark?: boolean, headers?: Record<string, string> }} [options] `headers`: what somebody between
   *   browser and stack adds.
   */
  async open({ screen = "wide", dark = false, headers = {} } = {}) {
    const { scale, ...viewport } = SCREENS[screen];
    const context = await this.#browser.newContext({
      viewport, deviceScaleFactor: scale, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"],
      extraHTTPHeaders: headers,
    });
    context.setDefaultTimeout(WAIT);
    const page = await context.newPage();
    const app = new App(page, this.#origin);
    await app.show("");
    return app;
  }
}

/** The app in one page. */
export class App {
  /** Requests to anybody but the stack. @type {string[]} */
  outside = [];
  /** What broke in the page. @type {string[]} */
  errors = [];
  /** When the last request began or ended. A fetch that the page gives up ends without a word. */
  #quietSince = 0;

  /**
   * @param {import("playwright-core").Page} page
   * @param {string} origin
   */
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    page.on("pageerror", (error) => this.errors.push(error.message));
    for (const event of ["request", "requestfinished", "requestfailed"]) page.on(event, () => (this.#quietSince = performance.now()));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`) && !/^(data|blob):/.test(request.url())) this.outside.push(request.url());
    });
  }

  /** @param {string} route As `#/reports`. */
  async show(route) {
    await this.page.goto(`${this.origin}/${route}`);
  }

  /** @param {string} token */
  async signIn(token) {
    await this.page.getByLabel("Your token").fill(token);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("navigation", { name: "Views" }).waitFor();
  }

  /** Waits until the page asks nothing more and shows no sign of waiting. */
  async settle() {
    await waitUntil("the page to be quiet", () => performance.now() - this.#quietSince > QUIET, { timeoutMs: WAIT });
    await this.page.locator(".busy, [aria-busy=true]").first().waitFor({ state: "hidden" });
  }

  /**
   * Keeps a screenshot, and asserts that axe finds nothing wrong and nothing is wider than the screen.
   *
   * @param {string} name Of the file.
   */
  async inspect(name) {
    await this.settle();
    mkdirSync(SCREENSHOTS, { recursive: true });
    // What the mouse happens to lie on, and a message of the step before, don't belong to what is inspected.
    await this.page.mouse.move(0, 0);
    // A dialog darkens the screen, not what is below it.
    const fullPage = (await this.page.locator("dialog[open]").count()) === 0;
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage, style: ".message { visibility: hidden }" });
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const found = violations.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
    assert.deepEqual(found, [], `${name}: axe`);
    const overflow = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the screen`);
  }

  /** Puts SQL into the editor. */
  async write(sql) {
    const editor = this.page.getByRole("textbox", { name: "SQL" });
    await this.page.locator(".cm-editor").waitFor();
    await editor.fill(sql);
    await this.page.waitForTimeout(COMPLETION);
    await editor.press("Escape");
    await editor.blur();
  }

  /**
   * Accepts a completion that the editor offers.
   *
   * @param {string | RegExp} name
   * @param {"Enter" | "Tab"} key
   */
  async complete(name, key) {
    await this.page.getByRole("option", { name }).first().waitFor();
    await this.page.waitForTimeout(ACCEPTANCE);
    await this.page.keyboard.press(key);
  }

  /** Runs what is in the editor, and waits for what comes of it. */
  async run() {
    await this.page.getByRole("button", { name: /^Run Ctrl/ }).click();
    await this.page.getByRole("button", { name: /^Run Ctrl/ }).waitFor();
  }

  /** The texts of the rows in sight. */
  async rows() {
    const rows = await this.page.getByRole("table").getByRole("row").all();
    const texts = await Promise.all(rows.slice(1).map((row) => row.getByRole("cell").allTextContents()));
    return texts;
  }

  /** Asserts that nothing broke, and nobody else was asked. */
  assertClean() {
    assert.deepEqual(this.errors, []);
    assert.deepEqual(this.outside, []);
  }
}
