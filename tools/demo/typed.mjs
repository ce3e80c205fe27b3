/** Shows a table that landed as columns. */

import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

/**
 * Prints the columns of a typed view that has flags and tonnages, and a query on them.
 *
 * @param {Stack} stack
 * @throws {Error} if there is no such view.
 */
export async function showTypedView(stack) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const columns = await stack.sql.query(`
    SELECT table_name AS view, column_name AS name, data_type AS type FROM duckdb_columns()
    WHERE schema_name = 'typed' ORDER BY table_name, column_index`);
  const views = Map.groupBy(columns, ({ view }) => view);
  const isNumber = ({ type }) => ["BIGINT", "INTEGER", "DOUBLE"].includes(type);
  for (const [view, its] of views) {
    const flag = its.find(({ name }) => /flag/i.test(name));
    const tonnage = its.find((column) => /tonnage/i.test(column.name) && isNumber(column));
    if (!flag || !tonnage) continue;
    const sql =
      `SELECT ${quoted(flag.name)}, count(*) AS ships, round(avg(${quoted(tonnage.name)})) AS mean_tonnage\n` +
      `  FROM typed.${quoted(view)} GROUP BY ALL ORDER BY ships DESC, 1 LIMIT 5`;
    printTable(["column", "type"], its.map(({ name, type }) => [name, type]));
    console.log(`\n  ${sql}\n`);
    const rows = await stack.sql.query(sql);
    printTable(Object.keys(rows[0]), rows.map(Object.values));
    console.log(`\n  ${views.size} source tables are typed views`);
    return;
  }
  throw new Error("no typed view has a flag and a tonnage");
}

/** @param {string} name */
function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
