/**
 * Contents of objects, each with a tag of its own in every row: so the warehouse's rows say which content of which object they are of,
 * and each of them which row of it.
 */

import { parquetWriteBuffer } from "hyparquet-writer";

const SHIPS = ["Northern Star", "Blue Horizon", "Pacific Trader", "Golden Wave", "Ocean Pearl"];
const PORTS = ["Vigo", "Las Palmas", "Busan", "Montevideo", "Dakar"];
const FLAGS = ["PAN", "LBR", "ESP", "KOR", "ISL"];

/** How often a content brings a column or a label that nobody has seen before. */
const NEWS = 0.04;

/** One in so many tables is large enough that the warehouse reads it by itself. */
const LARGE = 40;
const LARGE_ROWS = 20_000;

/** Records of an annotated dataset; each content has some in a row, so that contents overlap. */
const RECORDS = 2_000;

/**
 * @typedef {object} Content
 * @property {string} tag
 * @property {Uint8Array} bytes
 * @property {number} rows That can be loaded; 0 if the file can't be read.
 * @property {number} rejected Rows that break the contract.
 * @property {string[]} [records] Ids, of annotations.
 * @property {boolean} [unreadable] It's meant to be refused.
 */

/** Makes contents, from one seed. */
export class Contents {
  #random;
  #prefix;
  #made = 0;

  /**
   * @param {import("../../tools/local-stack/random.mjs").Random} random
   * @param {string} prefix Of the tags: another one for each of those who make contents.
   */
  constructor(random, prefix) {
    this.#random = random;
    this.#prefix = prefix;
  }

  /** A table, as Parquet. @returns {Content} */
  table() {
    const rows = this.#random.happens(1 / LARGE) ? LARGE_ROWS : this.#random.integer(20, 400);
    const tag = this.#tag();
    return { tag, rows, rejected: 0, bytes: tableFile(this.#columns(tag, rows), tag) };
  }

  /** A table, as CSV. @returns {Content} */
  spreadsheet() {
    const rows = this.#random.integer(20, 400);
    const tag = this.#tag();
    const columns = this.#columns(tag, rows);
    const lines = [Object.keys(columns).join(",")];
    for (let n = 0; n < rows; n++) lines.push(Object.values(columns).map((data) => data[n]).join(","));
    return { tag, rows, rejected: 0, bytes: Buffer.from(`${lines.join("\n")}\n`) };
  }

  /** Pages of one document, some of which break the contract. @param {string} document @returns {Content} */
  pages(document) {
    const pages = this.#random.integer(5, 60);
    const rejected = this.#random.happens(0.3) ? this.#random.integer(1, 4) : 0;
    const tag = this.#tag();
    const numbers = Array.from({ length: pages + rejected }, (_, n) => n);
    const columnData = [
      { name: "document_id", data: numbers.map((n) => (n < pages ? document : " ")) },
      { name: "page_number", data: numbers.map((n) => BigInt(n + 1)), type: "INT64" },
      { name: "text", data: numbers.map((n) => `${tag}#${n} bound for ${this.#random.pick(PORTS)}`) },
    ];
    return { tag, rows: pages, rejected, bytes: parquet({ columnData }, tag) };
  }

  /** Annotated records, some of which other contents have, too. @returns {Content} */
  annotations() {
    const rows = this.#random.integer(20, 150);
    const first = this.#random.integer(0, RECORDS - rows);
    const tag = this.#tag();
    const records = Array.from({ length: rows }, (_, n) => `r${first + n}`);
    const labels = ["vessel", "port", ...(this.#random.happens(NEWS) ? [this.#newName()] : [])];
    const texts = records.map((_, n) => `${tag}#${n} called at ${this.#random.pick(PORTS)}`);
    return { tag, rows, rejected: 0, records, bytes: annotationsFile(records, texts, labels, tag) };
  }

  /** A file that can't be read: one whose upload was cut, or no Parquet at all. @returns {Content} */
  unreadable() {
    const whole = this.table();
    const bytes = this.#random.happens(0.5) ? whole.bytes.subarray(0, whole.bytes.length >> 1) : Buffer.from(`${whole.tag} is no Parquet file`);
    return { ...whole, bytes, rows: 0, unreadable: true };
  }

  /** A workbook that can't be read. @returns {Content} */
  unreadableWorkbook() {
    const tag = this.#tag();
    return { tag, rows: 0, rejected: 0, unreadable: true, bytes: Buffer.from(`PK\u0003\u0004${tag}`) };
  }

  #columns(tag, rows) {
    const column = (value) => Array.from({ length: rows }, (_, n) => value(n));
    return {
      row: column((n) => `${tag}#${n}`),
      ship: column((n) => `${this.#random.pick(SHIPS)} ${n % 90}`),
      flag: column(() => this.#random.pick(FLAGS)),
      tonnage: column(() => this.#random.integer(80, 90_000)),
      ...(this.#random.happens(NEWS) && { [this.#newName()]: column((n) => `${n}`) }),
    };
  }

  #tag() {
    this.#made += 1;
    return `${this.#prefix}-${this.#made}`;
  }

  /** Of letters only: numbered names would be held against each other. */
  #newName() {
    const letters = () => Array.from({ length: 7 }, () => String.fromCharCode(this.#random.integer(97, 123))).join("");
    return `${letters()} ${letters()}`;
  }
}

/**
 * A table.
 *
 * @param {Record<string, unknown[]>} columns Values by the column's name.
 * @param {string} batch
 */
export function tableFile(columns, batch) {
  return parquet({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) }, batch);
}

/**
 * Records that somebody has labelled, as Argilla exports them.
 *
 * @param {string[]} ids
 * @param {string[]} texts One for each id.
 * @param {string[]} labels Each of which every record has once.
 * @param {string} batch
 */
export function annotationsFile(ids, texts, labels, batch) {
  const spans = ids.map(() => [labels.map((label, at) => ({ start: BigInt(at * 10), end: BigInt(at * 10 + 5), label }))]);
  const columnData = [
    { name: "id", data: ids },
    { name: "status", data: ids.map(() => "completed") },
    { name: "text", data: texts },
    { name: "entities.responses", data: spans },
    { name: "entities.responses.status", data: ids.map(() => ["submitted"]) },
  ];
  return parquet({ columnData, schema: ANNOTATIONS }, batch);
}

function parquet(columns, batch) {
  const metadata = { schema_version: "1", batch_id: batch, producer: "soak" };
  const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return Buffer.from(parquetWriteBuffer({ ...columns, kvMetadata }));
}

const text = (name) => ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" });
const whole = (name) => ({ name, type: "INT64", repetition_type: "OPTIONAL" });
const list = (name, element) => [
  { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  ...element,
];

/** As Argilla exports a question for spans: answers by record and person. */
const ANNOTATIONS = [
  { name: "root", num_children: 5 },
  text("id"),
  text("status"),
  text("text"),
  ...list("entities.responses", list("element", [{ name: "element", repetition_type: "OPTIONAL", num_children: 3 }, whole("start"), whole("end"), text("label")])),
  ...list("entities.responses.status", [text("element")]),
];
