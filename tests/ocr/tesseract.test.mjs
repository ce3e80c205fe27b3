/** Scans through the OCR Worker and real Tesseract. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { missingPrograms, startOcrService } from "../../tools/ocr-service/index.mjs";
import { makePdf } from "./pdf.mjs";
import { DATA, PAGES, UPLOADS, api, startOcrStack } from "./stack.mjs";

const missing = await missingPrograms();

/** A picture of lines of text: a page with a text layer, rendered by pdftoppm as a scanner would see it. */
function scanOf(lines) {
  const folder = mkdtempSync(path.join(tmpdir(), "scan-"));
  try {
    writeFileSync(path.join(folder, "page.pdf"), makePdf([{ lines }]));
    execFileSync("pdftoppm", ["-r", "200", "-gray", "-singlefile", path.join(folder, "page.pdf"), path.join(folder, "page")]);
    const image = readFileSync(path.join(folder, "page.pgm"));
    const [head, width, height] = image.toString("latin1", 0, 50).match(/^P5\s+(\d+)\s+(\d+)\s+255\s/);
    return { picture: { width: Number(width), height: Number(height), gray: image.subarray(head.length) } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("real Tesseract", { skip: missing }, async (t) => {
  let engine, stack, service;
  before(async () => {
    engine = await startOcrService({ token: "tesseract" });
    ({ stack, service } = await startOcrStack({
      workers: ["ingest", "ocr"],
      warehouse: true,
      variables: { OCR_URL: engine.url, OCR_TOKEN: "tesseract" },
    }));
  });
  after(async () => {
    await stack?.stop();
    await service?.stop();
    await engine?.stop();
  });
  const rowsOf = (id) => stack.sql.query(`SELECT page_number, text, confidence, engine, engine_version FROM raw_documents WHERE document_id = '${id}' ORDER BY page_number`);

  await t.test("a scanned page between two with a text layer", async () => {
    const lines = ["The motor vessel Asta left Rotterdam", "on the fourth of March with grain."];
    await stack.put(UPLOADS, "scan.pdf", makePdf([{ lines: ["Cover"] }, scanOf(lines), { lines: ["End"] }]));
    await stack.waitUntilIdle({ timeoutMs: 120_000 });
    const rows = await rowsOf("scan");
    assert.deepEqual(rows.map(({ engine }) => engine), ["hayro", "tesseract", "hayro"]);
    assert.equal(rows[1].text, lines.join("\n"));
    assert.ok(rows[1].confidence > 0.8, String(rows[1].confidence));
    assert.match(rows[1].engine_version, /^\d+\.\d+/);
  });

  await t.test("a scanned book page of the collection", { skip: !DATA && "LIVING_SCHEMA_DATA has no files" }, async () => {
    await stack.put(UPLOADS, "book.pdf", readFileSync(path.join(DATA, "pdf/book-page-scan.pdf")));
    await stack.waitUntilIdle({ timeoutMs: 120_000 });
    const [{ text, confidence, engine }] = await rowsOf("book");
    assert.equal(engine, "tesseract");
    assert.ok(text.includes("tip-toeing along a path amongst"), text.slice(0, 200));
    assert.ok(confidence > 0.8, String(confidence));
  });

  await t.test("a page that Tesseract finds nothing on has no text and no confidence", async () => {
    await stack.put(UPLOADS, "empty.pdf", makePdf([{ picture: { width: 100, height: 140, gray: Buffer.alloc(14_000, 255) } }]));
    await stack.waitUntilIdle({ timeoutMs: 120_000 });
    assert.deepEqual((await rowsOf("empty")).map(({ text, confidence }) => [text, confidence]), [["", null]]);
    assert.equal((await api(stack).document("empty.pdf")).pages_recognised, 1);
    assert.ok(await stack.head(PAGES, "empty.parquet"));
  });
});
