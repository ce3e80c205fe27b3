/**
 * The peer in JavaScript: `GET /KEY` reads the CSV from R2, parses it by papaparse, writes every cell as text by hyparquet-writer with
 * Snappy, and puts the Parquet into R2. Answers `{rows, bytes}`. It holds the whole file, as both libraries like it best.
 */

import { parquetWriteBuffer } from "hyparquet-writer";
import Papa from "papaparse";

export default {
  async fetch(request, env) {
    const key = new URL(request.url).pathname.slice(1);
    const text = await (await env.UPLOADS.get(key)).text();
    const [header, ...rows] = Papa.parse(text, { skipEmptyLines: true }).data;
    const columnData = header.map((name, column) => ({ name, type: "STRING", data: rows.map((row) => row[column]) }));
    const file = parquetWriteBuffer({ columnData, codec: "SNAPPY", rowGroupSize: 100_000 });
    await env.OUTPUT.put(`peer/${key}.parquet`, file);
    return Response.json({ rows: rows.length, bytes: file.byteLength });
  },
};
