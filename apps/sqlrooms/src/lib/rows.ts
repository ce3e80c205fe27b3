/** Rows of a result, whatever form they came in. */

import { isNumericArrowType, valueToString } from "@sqlrooms/data-table";
import { DataType, type Table } from "apache-arrow";

import { cell } from "./format";

export interface Column {
  name: string;
  /** As DuckDB or Arrow spells it. */
  type: string;
  isNumeric: boolean;
}

export interface Rows {
  columns: Column[];
  count: number;
  /** A cell's text; NULL is `NULL`. */
  text(row: number, column: number): string;
  /** A cell's value for sorting and charts: a number, a text, or null. */
  value(row: number, column: number): number | bigint | string | boolean | null;
}

const isNested = (type: DataType) => DataType.isList(type) || DataType.isStruct(type) || DataType.isFixedSizeList(type) || DataType.isMap(type);

/** A list or a structure as JSON. Whole numbers beyond what JSON's readers keep are texts. */
function nested(value: unknown): string {
  const plain = (_: string, part: unknown) => (typeof part !== "bigint" ? part : Number.isSafeInteger(Number(part)) ? Number(part) : String(part));
  return JSON.stringify(value, plain);
}

/** Rows of an Arrow table. Values are read from its buffers when they are shown. */
export function arrowRows(table: Table): Rows {
  const { fields } = table.schema;
  // By place: columns may share a name.
  const vectors = fields.map((_, i) => table.getChildAt(i));
  const text = (row: number, column: number) => {
    const value: unknown = vectors[column]?.get(row) ?? null;
    if (value === null) return "NULL";
    const type = fields[column]!.type as DataType;
    return isNested(type) ? nested(value) : valueToString(type, value);
  };
  return {
    columns: fields.map(({ name, type }) => ({ name, type: String(type), isNumeric: isNumericArrowType(type as DataType) })),
    count: table.numRows,
    text,
    value(row, column) {
      const value: unknown = vectors[column]?.get(row) ?? null;
      if (value === null || typeof value === "number" || typeof value === "bigint" || typeof value === "string" || typeof value === "boolean") return value;
      const shown = text(row, column);
      return isNumericArrowType(fields[column]!.type as DataType) ? Number(shown) : shown;
    },
  };
}

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL)/;

/** Rows of a JSON answer. */
export function jsonRows(columns: { name: string; type: string }[], rows: unknown[][]): Rows {
  const described = columns.map(({ name, type }) => ({ name, type, isNumeric: NUMERIC.test(type) }));
  const value = (row: number, column: number) => rows[row]?.[column] ?? null;
  return {
    columns: described,
    count: rows.length,
    text: (row, column) => cell(value(row, column)),
    value(row, column) {
      const found = value(row, column);
      if (found === null || typeof found === "number" || typeof found === "boolean") return found;
      if (typeof found === "string") return described[column]?.isNumeric ? Number(found) : found;
      return JSON.stringify(found);
    },
  };
}

/** The order of rows by a column: NULL last. */
export function sortedRows(rows: Rows, column: number, isDescending: boolean): Uint32Array {
  const order = Uint32Array.from({ length: rows.count }, (_, row) => row);
  const values = Array.from(order, (row) => rows.value(row, column));
  const sign = isDescending ? -1 : 1;
  return order.sort((a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    const compared = typeof x === "string" && typeof y === "string" ? x.localeCompare(y, "en", { numeric: true }) : x < y ? -1 : x > y ? 1 : 0;
    return compared * sign || a - b;
  });
}
