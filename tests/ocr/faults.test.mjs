/** The OCR service is down, slow or talks rubbish; the Worker dies, or is killed by what it reads. Nothing is lost, and nothing half done is seen. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { makePdf, noise } from "./pdf.mjs";
import { PAGES, UPLOADS, api, kept, startOcrStack } from "./stack.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let service;
let ocr;
before(async () => {
  // A document is handed on after each stretch; one page is asked for at a time, so that it's known which.
  ({ stack, service } = await startOcrStack({ ocr: { pages_at_once: 1, budget_seconds: 0 } }));
  ocr = api(stack);
});
after(async () => {
  await stack?.stop();
  await service?.stop();
});

const isVisible = async (key) => (await stack.head(PAGES, key.replace(".pdf", ".parquet"))) !== undefined;
const stateOf = async (key) => (await ocr.document(key))?.state;

/** Meets the Worker with a fault at the second of three pictures; then the service is there again. */
async function overcome(key, fault, seen) {
  const asked = () => service.taken.filter(({ documentId }) => `${documentId}.pdf` === key).map(({ pageNumber }) => pageNumber);
  service.refused.clear();
  stack.events.hold();
  await stack.put(UPLOADS, key, makePdf([noise(), { lines: ["text"] }, noise(), noise()]));
  stack.queues.pause("documents");
  stack.events.release();
  await service.meet(fault);
  stack.queues.resume("documents");
  await seen();
  assert.equal(await isVisible(key), false);
  await service.recover();
  await stack.waitUntil("the document to be read", async () => (await stateOf(key)) === "done", { timeoutMs: 60_000 });
  await stack.waitUntilIdle();
  assert.ok(await isVisible(key));
  assert.equal(await kept(stack), 0);
  return asked();
}

for (const [what, fault] of [
  ["down", { kind: "refuse" }],
  ["busy", { kind: "status", status: 503, body: '{"error":"busy"}', retryAfter: 0 }],
  ["replaced by a portal", { kind: "rubbish" }],
  ["closed to us", { kind: "status", status: 401, body: '{"error":"a bearer token is needed"}' }],
]) {
  test(`while the service is ${what} a document waits, and says why`, async () => {
    const key = `${fault.kind}${fault.status ?? ""}.pdf`;
    await overcome(key, fault, async () => {
      const document = await stack.waitUntil("the document to wait", async () => {
        const found = await ocr.document(key);
        return found?.state === "waiting" && found;
      });
      assert.match(document.reason, /^page 1: OCR engine: /);
    });
  });
}

test("an answer that was lost is asked for again", async () => {
  const asked = await overcome("drop.pdf", { kind: "drop" }, () => stack.waitUntil("a request to be dropped", () => service.taken.some(({ documentId }) => documentId === "drop")));
  assert.deepEqual([...new Set(asked)].sort(), [1, 3, 4]);
});

test("workerd killed while a page is recognised goes on at that page", async () => {
  const key = "killed.pdf";
  await service.recover();
  stack.events.hold();
  await stack.put(UPLOADS, key, makePdf([noise(), { lines: ["text"] }, noise(), noise()]));
  service.refused.set(3, "later");
  stack.events.release();
  // The first pages are read and kept; then the service stalls.
  await stack.waitUntil("the first page", async () => ((await ocr.document(key))?.pages_read ?? 0) > 0);
  await service.meet({ kind: "stall" });
  service.refused.clear();
  await stack.waitUntil("a page to stall or the document to be refused", async () => service.stalling > 0 || (await stateOf(key)) === "refused");
  if ((await stateOf(key)) === "refused") await ocr.replay({ key });
  await stack.waitUntil("a page to stall", () => service.stalling > 0);
  const { pages_read: before } = await ocr.document(key);
  const asked = service.taken.length;
  await stack.killWorkers();
  await service.recover();
  await stack.restartWorkers();
  await stack.waitUntil("the document to be read", async () => (await stateOf(key)) === "done", { timeoutMs: 60_000 });
  const again = service.taken.slice(asked).filter(({ documentId }) => documentId === "killed");
  assert.ok(again.every(({ pageNumber }) => pageNumber > before), `${JSON.stringify(again)} after ${before}`);
  assert.ok(await isVisible(key));
});

test("a document at which the Worker dies each time is refused, and the place named", async () => {
  const key = "deadly.pdf";
  await service.recover();
  await service.meet({ kind: "stall" });
  await stack.put(UPLOADS, key, makePdf([{ lines: ["text"] }, noise()]));
  // The first death takes both pages with it; then they are read one by one.
  let deaths = 0;
  for (; deaths < 5; deaths += 1) {
    await stack.waitUntil("a page to stall or the document to be refused", async () => service.stalling > 0 || (await stateOf(key)) === "refused");
    if (service.stalling === 0) break;
    await stack.killWorkers();
    await service.recover();
    await service.meet({ kind: "stall" });
    await stack.restartWorkers();
  }
  await service.recover();
  await stack.waitUntilIdle();
  assert.equal(deaths, 3);
  assert.equal((await ocr.document(key)).reason, "reading it ended the Worker 2 times, at page 2");
  assert.equal(await isVisible(key), false);
  await ocr.replay({ key });
  await stack.waitUntilIdle();
  assert.equal(await stateOf(key), "done");
});

test("workerd killed at random while it reads a long document loses nothing", async () => {
  const key = "random.pdf";
  await service.recover();
  const pages = Array.from({ length: 800 }, (_, n) => (n % 100 === 50 ? noise() : { lines: [`page ${n + 1}`] }));
  await stack.put(UPLOADS, key, makePdf(pages));
  let deaths = 0;
  for (let seen = -1; deaths < 4; ) {
    await sleep(20 + 37 * deaths);
    const document = await ocr.document(key);
    // It's visible just before its record says that it's done.
    if (document?.state === "done" || (await isVisible(key))) break;
    if (!document || document.pages_read === seen) continue;
    seen = document.pages_read;
    await stack.killWorkers();
    await stack.restartWorkers();
    deaths += 1;
  }
  await stack.waitUntil("the document to be read", async () => (await stateOf(key)) === "done", { timeoutMs: 120_000 });
  await stack.waitUntilIdle();
  assert.ok(deaths > 0);
  const { pages_read, pages_recognised } = await ocr.document(key);
  assert.deepEqual([pages_read, pages_recognised], [800, 8]);
  assert.equal(await kept(stack), 0);
});

test("what is given up is refused, with the last reason, and a replay brings it back", async () => {
  const { stack, service } = await startOcrStack({ consumer: { maxRetries: 2 } });
  const ocr = api(stack);
  try {
    await service.meet({ kind: "status", status: 500 });
    await stack.put(UPLOADS, "dead.pdf", makePdf([noise()]));
    await stack.waitUntilIdle();
    const { state, reason } = await ocr.document("dead.pdf");
    assert.equal(state, "refused");
    assert.match(reason, /every attempt failed; the last: page 1: OCR engine: HTTP 500/);
    await service.recover();
    await ocr.replay({ key: "dead.pdf" });
    await stack.waitUntilIdle();
    assert.equal((await ocr.document("dead.pdf")).state, "done");
  } finally {
    await stack.stop();
    await service.stop();
  }
});

test("without an OCR engine text layers are read, and pictures refused with the setting's name", async () => {
  const { stack, service } = await startOcrStack({ variables: { OCR_PROVIDER: "" } });
  const ocr = api(stack);
  try {
    await stack.put(UPLOADS, "text.pdf", makePdf([{ lines: ["text"] }]));
    await stack.put(UPLOADS, "scan.pdf", makePdf([noise()]));
    await stack.waitUntilIdle();
    assert.equal((await ocr.document("text.pdf")).state, "done");
    assert.match((await ocr.document("scan.pdf")).reason, /page 1: it has no text layer, and no OCR engine is configured \(OCR_PROVIDER\)/);
  } finally {
    await stack.stop();
    await service.stop();
  }
});
