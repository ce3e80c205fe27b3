/**
 * An OCR service: Tesseract behind the protocol of docs/decisions/0021-scanned-documents.md. Pages are rendered by poppler's pdftoppm. Both
 * are Debian's packages (tesseract-ocr, poppler-utils), which scripts/setup installs where it may.
 *
 * A page is untrusted: each program runs within limits of time and memory, on a file in a folder of its own.
 *
 *     POST /v1/pages {"pdf": "<one page, base64>"} -> {"text", "confidence", "engine", "engine_version"}
 *     GET /         -> {"engine", "engine_version", "languages"}
 */

import { execFile } from "node:child_process";
import { timingSafeEqual, createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Bytes of a request at most: a page of 8 MiB (living_pdf::MAX_PAGE_FILE) in base64, and the rest. */
const MAX_REQUEST = 12 << 20;

/** What Tesseract is made for; a page that would be larger than `MAX_PIXELS` on a side is rendered with fewer. */
const DOTS_PER_INCH = 300;
const MAX_PIXELS = 8_000;

/** Of each program: seconds of wall time, and bytes of address space. */
const RENDER_SECONDS = 30;
const RECOGNISE_SECONDS = 120;
const MAX_MEMORY = 2 << 30;

/** Requests that wait for their turn at most; one more is told to come again. */
const MAX_WAITING = 32;

/** Characters of a program's complaint that an answer quotes. */
const EXCERPT = 200;

/** Something is wrong with a request: what the client is told. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @typedef {object} OcrService
 * @property {string} url Where pages are posted to.
 * @property {() => Promise<void>} stop
 */

/**
 * Whether the programs are there.
 *
 * @returns {Promise<string | undefined>} what is missing, in words.
 */
export async function missingPrograms() {
  try {
    await Promise.all([version(), run("pdftoppm", ["-v"])]);
    return undefined;
  } catch {
    return "tesseract and pdftoppm are not on this machine (Debian: apt-get install tesseract-ocr poppler-utils)";
  }
}

/**
 * Starts the service on 127.0.0.1.
 *
 * @param {object} [options]
 * @param {number} [options.port] A free one by default.
 * @param {string} [options.token] The bearer token that it asks for; none by default.
 * @param {string} [options.languages] Tesseract's, joined with +.
 * @param {number} [options.atOnce] Pages that are read at once.
 * @returns {Promise<OcrService>}
 */
export async function startOcrService({ port = 0, token, languages = "eng", atOnce = availableParallelism() } = {}) {
  const engineVersion = await version();
  const turns = new Turns(atOnce);
  const server = createServer(async (request, response) => {
    const say = (status, body, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    };
    try {
      if (request.url === "/" && request.method === "GET") return say(200, { engine: "tesseract", engine_version: engineVersion, languages });
      if (request.url !== "/v1/pages") throw new Refusal(404, "pages are posted to /v1/pages");
      if (request.method !== "POST") throw new Refusal(405, "pages are posted");
      if (token && !isToken(request.headers.authorization, token)) throw new Refusal(401, "a bearer token is needed");
      const pdf = pageOf(await body(request));
      const { text, confidence } = await turns.take(() => read(pdf, languages));
      return say(200, { text, confidence, engine: "tesseract", engine_version: engineVersion });
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      const { status = 500, message } = error instanceof Refusal ? error : { message: "the service's log says what went wrong" };
      return say(status, { error: message }, status === 503 ? { "retry-after": "5" } : {});
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/v1/pages`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function version() {
  const { stdout } = await run("tesseract", ["--version"]);
  return stdout.match(/^tesseract v?(\S+)/)[1];
}

function isToken(authorization = "", token) {
  const hash = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(authorization), hash(`Bearer ${token}`));
}

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_REQUEST) throw new Refusal(413, `a request has ${MAX_REQUEST} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The file in a request. */
function pageOf(text) {
  let pdf;
  try {
    ({ pdf } = JSON.parse(text));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
  if (typeof pdf !== "string" || !pdf) throw new Refusal(400, '"pdf" has to be a PDF of one page, in base64');
  return Buffer.from(pdf, "base64");
}

/** What is on a page, with the mean confidence of its words from 0 to 1; null if there are none. */
async function read(pdf, languages) {
  const folder = await mkdtemp(path.join(tmpdir(), "ocr-"));
  try {
    const file = path.join(folder, "page.pdf");
    await writeFile(file, pdf);
    const dots = await resolution(file);
    const render = ["-r", String(dots), "-gray", "-singlefile", "-png", file, path.join(folder, "page")];
    await within(RENDER_SECONDS, "pdftoppm", render, "it can't be rendered");
    const recognise = [path.join(folder, "page.png"), path.join(folder, "page"), "--dpi", String(dots), "-l", languages, "txt", "tsv"];
    await within(RECOGNISE_SECONDS, "tesseract", recognise, "it can't be recognised");
    const text = (await readFile(path.join(folder, "page.txt"), "utf8")).replaceAll("\f", "").trim();
    return { text, confidence: confidenceOf(await readFile(path.join(folder, "page.tsv"), "utf8")) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Dots per inch at which the page isn't larger than `MAX_PIXELS`. */
async function resolution(file) {
  const { stdout } = await within(RENDER_SECONDS, "pdfinfo", [file], "it isn't a PDF that can be rendered");
  const size = stdout.match(/^Page size:\s+([\d.e+]+) x ([\d.e+]+) pts/m);
  if (!size) throw new Refusal(422, "it has no page");
  const inches = Math.max(Number(size[1]), Number(size[2])) / 72;
  const dots = Math.floor(Math.min(DOTS_PER_INCH, MAX_PIXELS / inches));
  if (!(dots >= 20)) throw new Refusal(422, `a page of ${Math.round(inches)} inches is too large to be rendered`);
  return dots;
}

/** Runs a program within the limits. Whatever ends it, the page is at fault: the programs are known to work. */
async function within(seconds, program, args, complaint) {
  const limited = [`--as=${MAX_MEMORY}`, `--cpu=${seconds * 2}`, "--", program, ...args];
  const options = { timeout: seconds * 1_000, killSignal: "SIGKILL", maxBuffer: 1 << 20, env: { ...process.env, OMP_THREAD_LIMIT: "1" } };
  try {
    return await run("prlimit", limited, options);
  } catch (error) {
    if (error.code === "ENOENT") throw error;
    const reason = error.killed ? `not within ${seconds} s` : (error.stderr ?? "").trim().slice(0, EXCERPT) || `${program} was ended by ${error.signal ?? error.code}`;
    throw new Refusal(422, `${complaint}: ${reason}`);
  }
}

/** The mean confidence of words in Tesseract's table. */
function confidenceOf(table) {
  const [names, ...rows] = table.trimEnd().split("\n").map((row) => row.split("\t"));
  const [at, level, word] = ["conf", "level", "text"].map((name) => names.indexOf(name));
  const confidences = rows.filter((row) => row[level] === "5" && row[word]?.trim()).map((row) => Number(row[at]) / 100);
  if (!confidences.length) return null;
  const mean = confidences.reduce((sum, confidence) => sum + confidence, 0) / confidences.length;
  return Math.round(Math.min(1, Math.max(0, mean)) * 10_000) / 10_000;
}

/** Lets a few through at once, and a few wait. */
class Turns {
  #free;
  #waiting = [];

  constructor(atOnce) {
    this.#free = atOnce;
  }

  async take(task) {
    if (this.#free > 0) this.#free -= 1;
    else {
      if (this.#waiting.length >= MAX_WAITING) throw new Refusal(503, "too many pages at once");
      await new Promise((turn) => this.#waiting.push(turn));
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
