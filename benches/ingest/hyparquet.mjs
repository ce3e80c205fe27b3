/** The peer of `decoder/`, in JavaScript: `PUT /` takes the file, `GET /` decodes it once to JSON text by hyparquet, `GET /?rows` only to
 * JavaScript values. Answers `{rows, bytes}`. */

import { parquetMetadata, parquetReadObjects, toJson } from "hyparquet";
import { compressors } from "hyparquet-compressors";

let file;

export default {
  async fetch(request) {
    if (request.method === "PUT") {
      file = await request.arrayBuffer();
      return new Response(null);
    }
    const toText = new URL(request.url).search !== "?rows";
    const metadata = parquetMetadata(file);
    const total = { rows: 0, bytes: 0 };
    for (const group of metadata.row_groups) {
      const rowEnd = total.rows + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: total.rows, rowEnd });
      // The library's own way to values that JSON has: 64-bit integers come as BigInt.
      if (toText) total.bytes += JSON.stringify(toJson(rows)).length;
      total.rows = rowEnd;
    }
    return Response.json(total);
  },
};
