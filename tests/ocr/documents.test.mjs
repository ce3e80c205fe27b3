/** Documents of every kind through the OCR Worker in workerd, and on into the warehouse. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { makePdf, noise } from "./pdf.mjs";
import { DATA, PAGES, UPLOADS, api, kept, startOcrStack } from "./stack.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let service;
let ocr;
before(async () => {
  ({ stack, service } = await startOcrStack({ workers: ["ingest", "ocr"], warehouse: true }));
  ocr = api(stack);
});
after(async () => {
  await stack?.stop();
  await service?.stop();
});

async function upload(key, bytes) {
  const { etag } = await stack.put(UPLOADS, key, bytes);
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  return etag;
}

const rowsOf = (documentId) =>
  stack.sql.query(`
    SELECT page_number, text, confidence, source_uri, engine, engine_version, batch_id FROM raw_documents
    WHERE document_id = '${documentId}' ORDER BY page_number`);

test("a document's text layer is in the warehouse, with page numbers and confidence", async () => {
  const etag = await upload("fleet/2026/voyage.pdf", makePdf([{ lines: ["MV Asta (IMO 9074729)", "sailed from Rotterdam."] }, { lines: ["Second page"] }]));
  const rows = await rowsOf("fleet/2026/voyage");
  assert.deepEqual(rows.map(({ page_number, text, confidence }) => [page_number, text, confidence]), [
    [1, "MV Asta (IMO 9074729)\nsailed from Rotterdam.", 1],
    [2, "Second page", 1],
  ]);
  const { source_uri, engine, engine_version, batch_id } = rows[0];
  assert.deepEqual([source_uri, engine, batch_id], ["r2://vessel-documents/fleet/2026/voyage.pdf", "hayro", `vessel-documents/fleet/2026/voyage.pdf@${etag}`]);
  assert.match(engine_version, /^\d/);
  const { state, pages, pages_read, pages_recognised, parquet } = await ocr.document("fleet/2026/voyage.pdf");
  assert.deepEqual({ state, pages, pages_read, pages_recognised, parquet }, {
    state: "done", pages: 2, pages_read: 2, pages_recognised: 0, parquet: "fleet/2026/voyage.parquet",
  });
  assert.equal(await kept(stack), 0);
  assert.equal(service.taken.length, 0);
});

test("pages that are pictures are read by the OCR engine, one by one, the others are not", async () => {
  await upload("mixed.pdf", makePdf([{ lines: ["First"] }, noise(), { lines: ["Third"] }, { content: "" }, noise()]));
  const rows = await rowsOf("mixed");
  assert.deepEqual(rows.map(({ text, confidence, engine }) => [text, confidence, engine]), [
    ["First", 1, "hayro"],
    ["The stand-in was given page 2.", 0.75, "stand-in"],
    ["Third", 1, "hayro"],
    ["", null, "hayro"],
    ["The stand-in was given page 5.", 0.75, "stand-in"],
  ]);
  assert.deepEqual(service.taken.map(({ documentId, pageNumber }) => [documentId, pageNumber]).sort(), [["mixed", 2], ["mixed", 5]]);
  assert.equal((await ocr.document("mixed.pdf")).pages_recognised, 2);
});

test("a document that is uploaded anew replaces its pages, fewer or more", async () => {
  await upload("again.pdf", makePdf([{ lines: ["one"] }, { lines: ["two"] }, { lines: ["three"] }]));
  await upload("again.pdf", makePdf([{ lines: ["uno"] }]));
  assert.deepEqual((await rowsOf("again")).map(({ text }) => text), ["uno"]);
});

test("copies of an event in any order do the work once", async () => {
  const before = service.taken.length;
  stack.events.hold();
  await stack.put(UPLOADS, "copies.pdf", makePdf([noise()]));
  stack.events.release({ copies: 1 });
  await stack.waitUntilIdle();
  const commits = async () => stack.sql.value("SELECT count(*) FROM commits WHERE key = 'copies.parquet'");
  assert.equal(await commits(), 1);
  const { etag, size } = await stack.head(UPLOADS, "copies.pdf");
  for (let copy = 0; copy < 3; copy += 1) {
    stack.queues.send("documents", { account: "", action: "PutObject", bucket: UPLOADS, object: { key: "copies.pdf", size, eTag: etag }, eventTime: new Date().toISOString() });
  }
  await stack.waitUntilIdle();
  assert.equal(service.taken.length - before, 1);
  assert.equal(await commits(), 1);
});

test("a document that is deleted leaves nothing behind but its rows", async () => {
  await upload("gone.pdf", makePdf([{ lines: ["here"] }]));
  assert.ok(await stack.head(PAGES, "gone.parquet"));
  await stack.delete(UPLOADS, "gone.pdf");
  await stack.waitUntilIdle();
  assert.equal(await stack.head(PAGES, "gone.parquet"), undefined);
  assert.equal(await ocr.document("gone.pdf"), undefined);
  assert.deepEqual((await rowsOf("gone")).map(({ text }) => text), ["here"], "ingest's route keeps them, unless it says otherwise");
});

test("what can't be read is refused with the reason, and a person can see it", async () => {
  const whole = makePdf([{ lines: ["secret"] }], { password: "x" });
  const long = makePdf(Array.from({ length: 40 }, (_, n) => ({ lines: [`page ${n}`] })));
  for (const [key, bytes, reason] of [
    ["encrypted.pdf", whole, /encrypted with a password/],
    ["empty.pdf", Buffer.alloc(0), /the file is empty/],
    ["text.pdf", Buffer.from("a,b\n1,2\n"), /not a PDF/],
    ["head.pdf", Buffer.from("%PDF-1.7\n"), /damaged/],
    ["large.pdf", Buffer.concat([long, Buffer.alloc(33 << 20)]), /at most 33554432 are read: split it/],
  ]) {
    await upload(`bad/${key}`, bytes);
    const document = await ocr.document(`bad/${key}`);
    assert.equal(document?.state, "refused", key);
    assert.match(document.reason, reason, key);
    assert.equal(await stack.head(PAGES, `bad/${key.replace(".pdf", ".parquet")}`), undefined, key);
  }
  const { body } = await ocr.ask("/documents?state=refused&prefix=bad/");
  assert.deepEqual(body.documents.map(({ key }) => key), ["bad/empty.pdf", "bad/encrypted.pdf", "bad/head.pdf", "bad/large.pdf", "bad/text.pdf"]);
});

test("a file that is encrypted without a password is read, and a truncated one as far as it goes", async () => {
  await upload("open.pdf", makePdf([{ lines: ["open to all"] }], { password: "" }));
  assert.deepEqual((await rowsOf("open")).map(({ text }) => text), ["open to all"]);
  const whole = makePdf(Array.from({ length: 30 }, (_, n) => ({ lines: [`page ${n + 1}`] })));
  await upload("truncated.pdf", whole.subarray(0, whole.length / 2));
  const document = await ocr.document("truncated.pdf");
  const rows = await rowsOf("truncated");
  assert.ok(document.state === "done" ? rows.length === document.pages && rows.length < 30 : document.state === "refused", JSON.stringify(document));
});

test("a document that was refused is read after a replay", async () => {
  service.refused.set(1, "it can't be rendered");
  await upload("again/scan.pdf", makePdf([noise()]));
  assert.match((await ocr.document("again/scan.pdf")).reason, /page 1: the OCR engine can't read it: it can't be rendered/);
  service.refused.clear();
  assert.deepEqual((await ocr.replay({ prefix: "again/" })).body, { queued: 1, cursor: null });
  await stack.waitUntilIdle();
  assert.equal((await ocr.document("again/scan.pdf")).state, "done");
  assert.equal((await rowsOf("again/scan")).length, 1);
});

test("2,000 pages are read within a Worker's memory, and become visible at once", async () => {
  const pages = Array.from({ length: 2_000 }, (_, n) => ({ lines: Array.from({ length: 40 }, (_, line) => `Page ${n + 1}, line ${line + 1}: position 51.9225 N 4.47917 E, wind ${line} knots`) }));
  const from = Date.now();
  await upload("long.pdf", makePdf(pages));
  const [counts] = await stack.sql.query("SELECT count(*) AS pages, max(page_number) AS last, count(DISTINCT page_number) AS distinct_pages FROM raw_documents WHERE document_id = 'long'");
  assert.deepEqual(counts, { pages: 2_000, last: 2_000, distinct_pages: 2_000 });
  const [{ memory_bytes: memory }] = stack.logs('"event":"read"').map(({ message }) => JSON.parse(message)).filter(({ key }) => key === "long.pdf");
  assert.ok(memory < 96 << 20, `${memory} bytes`);
  console.log(`2,000 pages in ${Date.now() - from} ms, ${(memory / (1 << 20)).toFixed(1)} MiB of memory`);
});

test("the files of the collection", { skip: !DATA && "LIVING_SCHEMA_DATA has no files" }, async () => {
  await upload("scotus.pdf", readFileSync(path.join(DATA, "pdf/scotus-transcript-p1.pdf")));
  const [{ text, confidence }] = await rowsOf("scotus");
  assert.equal(confidence, 1);
  for (const words of ["IN THE SUPREME COURT OF THE UNITED STATES", "MICHAEL A. KNOWLES", "Washington, D.C.", "Tuesday, January 13, 2009"]) assert.ok(text.includes(words), words);
  await upload("book.pdf", readFileSync(path.join(DATA, "pdf/book-page-scan.pdf")));
  assert.deepEqual((await rowsOf("book")).map(({ engine }) => engine), ["stand-in"]);
});

test("the HTTP side asks for its token, and says what is wrong with a request", async () => {
  const bare = await stack.fetch("ocr", "/documents");
  assert.deepEqual([bare.status, bare.headers.get("content-type")], [401, "application/problem+json"]);
  for (const [path, init, status] of [
    ["/documents?state=lost", {}, 400],
    ["/documents?colour=red", {}, 400],
    ["/documents/never.pdf", {}, 404],
    ["/nothing", {}, 404],
    ["/documents", { method: "POST" }, 405],
    ["/replay", {}, 405],
    ["/replay", { method: "POST", body: "{}" }, 400],
    ["/replay", { method: "POST", body: '{"key": "a.pdf", "prefix": "a"}' }, 400],
  ]) {
    const answer = await ocr.ask(path, init);
    assert.deepEqual([answer.status, answer.type], [status, "application/problem+json"], path);
  }
});

test("a message that is no event is kept where a person finds it", async () => {
  stack.queues.send("documents", { hello: "world" });
  await stack.waitUntilIdle();
  const { body } = await ocr.ask("/dead-letters");
  assert.equal(body.dead_letters.length, 1);
  assert.match(body.dead_letters[0].reason, /not an R2 event notification/);
});
