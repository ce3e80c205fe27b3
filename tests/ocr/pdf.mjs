/** PDF files for tests: pages of text, pages that are pictures, encrypted and damaged ones. */

import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/**
 * A page: its lines of text, or a picture that fills it.
 *
 * @typedef {{ lines: string[] } | { picture: { width: number, height: number, gray: Buffer } } | { content: string }} TestPage
 */

/**
 * Writes a PDF.
 *
 * @param {TestPage[]} pages
 * @param {object} [options]
 * @param {string} [options.password] Encrypts it (RC4 of 128 bits, ISO 32000-1, 7.6.3); an empty one encrypts it so that anybody may read it.
 * @returns {Buffer}
 */
export function makePdf(pages, { password } = {}) {
  const id = createHash("md5").update("test").digest();
  const encryption = password === undefined ? undefined : encryptionOf(password, id);
  const objects = new Map();
  const add = (number, dictionary, stream) => objects.set(number, { dictionary, stream });
  const kids = pages.map((_, index) => 10 + index * 3);
  add(1, "<< /Type /Catalog /Pages 2 0 R >>");
  add(2, `<< /Type /Pages /Count ${pages.length} /Kids [${kids.map((number) => `${number} 0 R`).join(" ")}] >>`);
  add(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  pages.forEach((page, index) => {
    const number = kids[index];
    const picture = page.picture && `/XObject << /P ${number + 2} 0 R >>`;
    add(number, `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${number + 1} 0 R /Resources << /Font << /F 3 0 R >> ${picture ?? ""} >> >>`);
    add(number + 1, "/Filter /FlateDecode", deflateSync(Buffer.from(contentOf(page), "latin1")));
    if (page.picture) {
      const { width, height, gray } = page.picture;
      const dictionary = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode`;
      add(number + 2, dictionary, deflateSync(gray));
    }
  });
  if (encryption) add(4, encryption.dictionary);
  return written(objects, encryption, id);
}

function contentOf(page) {
  if (page.content !== undefined) return page.content;
  if (page.picture) return "q 595 0 0 842 0 0 cm /P Do Q";
  const lines = page.lines.map((line) => `(${line.replace(/[\\()]/g, "\\$&")}) Tj T*`);
  return `BT /F 12 Tf 14 TL 50 780 Td ${lines.join("\n")} ET`;
}

function written(objects, encryption, id) {
  const parts = [Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  let at = parts[0].length;
  const push = (part) => {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part, "latin1");
    parts.push(bytes);
    at += bytes.length;
  };
  const places = new Map();
  for (const [number, { dictionary, stream }] of [...objects].sort(([a], [b]) => a - b)) {
    places.set(number, at);
    push(`${number} 0 obj\n`);
    if (stream) {
      const bytes = encryption ? encryption.encrypt(number, stream) : stream;
      push(`<< ${dictionary} /Length ${bytes.length} >>\nstream\n`);
      push(bytes);
      push("\nendstream\nendobj\n");
    } else push(`${dictionary}\nendobj\n`);
  }
  const table = at;
  const size = Math.max(...places.keys()) + 1;
  push(`xref\n0 ${size}\n0000000000 65535 f \n`);
  for (let number = 1; number < size; number += 1) {
    const place = places.get(number);
    push(place === undefined ? "0000000000 65535 f \n" : `${String(place).padStart(10, "0")} 00000 n \n`);
  }
  const hex = id.toString("hex");
  push(`trailer\n<< /Size ${size} /Root 1 0 R /ID [<${hex}> <${hex}>] ${encryption ? "/Encrypt 4 0 R" : ""} >>\nstartxref\n${table}\n%%EOF\n`);
  return Buffer.concat(parts);
}

/** What passwords are padded with. */
const PADDING = Buffer.from("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a", "hex");

function encryptionOf(password, id) {
  const md5 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest();
  const padded = Buffer.concat([Buffer.from(password, "latin1"), PADDING]).subarray(0, 32);
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(-4);
  const again = (hash, times) => Array.from({ length: times }).reduce((value) => md5(value), hash);
  const owner = rounds(again(md5(Buffer.from("owner"), PADDING.subarray(0, 27)), 50), padded);
  const key = again(md5(padded, owner, permissions, id), 50);
  const user = Buffer.concat([rounds(key, md5(PADDING, id)), Buffer.alloc(16)]);
  return {
    dictionary: `<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <${owner.toString("hex")}> /U <${user.toString("hex")}> >>`,
    encrypt(number, bytes) {
      const salt = Buffer.from([number & 255, (number >> 8) & 255, (number >> 16) & 255, 0, 0]);
      return rc4(md5(key, salt).subarray(0, 16), bytes);
    },
  };
}

/** RC4 twenty times, each with another key. */
function rounds(key, bytes) {
  let value = bytes;
  for (let round = 0; round < 20; round += 1) value = rc4(key.map((byte) => byte ^ round), value);
  return value;
}

function rc4(key, bytes) {
  const state = Uint8Array.from({ length: 256 }, (_, n) => n);
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + state[i] + key[i % key.length]) & 255;
    [state[i], state[j]] = [state[j], state[i]];
  }
  let [i, j] = [0, 0];
  return Buffer.from(bytes).map((byte) => {
    i = (i + 1) & 255;
    j = (j + state[i]) & 255;
    [state[i], state[j]] = [state[j], state[i]];
    return byte ^ state[(state[i] + state[j]) & 255];
  });
}

/** A gray picture of noise: a scan without anything to read. */
export function noise(width = 60, height = 80) {
  return { picture: { width, height, gray: Buffer.alloc(width * height).map((_, n) => (n * 2_654_435_761) >>> 24) } };
}
