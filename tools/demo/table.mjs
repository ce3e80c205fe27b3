/** Tables for a terminal. */

/** Longest cell, in characters. */
const MAX_WIDTH = 100;

/**
 * Prints rows under a header, each column as wide as its widest cell, numbers to the right.
 *
 * @param {string[]} header
 * @param {unknown[][]} rows Missing values are shown as a dash.
 */
export function printTable(header, rows) {
  const text = (value) => {
    const shown = value === null || value === undefined ? "–" : String(value).replaceAll(/\s+/g, " ");
    return shown.length > MAX_WIDTH ? `${shown.slice(0, MAX_WIDTH - 1)}…` : shown;
  };
  const cells = rows.map((row) => row.map(text));
  const widths = header.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => row[i] === null || row[i] === undefined || typeof row[i] === "number"));
  const line = (row) => row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  console.log(`  ${line(header)}`.trimEnd());
  console.log(`  ${widths.map((width) => "─".repeat(width)).join("  ")}`);
  for (const row of cells) console.log(`  ${line(row)}`.trimEnd());
}
