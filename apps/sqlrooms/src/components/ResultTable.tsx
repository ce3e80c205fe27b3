/** Rows as a table. Only those in sight are in the page, so that ten thousand scroll as ten do. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";

import { number } from "../lib/format";
import { type Rows, sortedRows } from "../lib/rows";

const ROW_HEIGHT = 30;
/** Rows beyond the edge that are ready before they are scrolled to. */
const OVERSCAN = 15;
/** Rows whose texts give a column its width. */
const MEASURED = 200;
const CHARACTER = 7.4;
const PADDING = 26;
const WIDTH = { least: 72, most: 340 };
/** Longest text of a cell; the whole is in the row's own view. */
const CUT = 200;

interface Sorting {
  column: number;
  isDescending: boolean;
}

export function ResultTable({ rows, label }: { rows: Rows; label: string }) {
  const [sorting, setSorting] = useState<Sorting>();
  const [opened, setOpened] = useState<number>();
  const scroller = useRef<HTMLDivElement>(null);
  const order = useMemo(() => (sorting ? sortedRows(rows, sorting.column, sorting.isDescending) : undefined), [rows, sorting]);
  const widths = useMemo(() => columnWidths(rows), [rows]);
  const virtual = useVirtualizer({ count: rows.count, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: OVERSCAN });
  const gridTemplateColumns = `64px ${widths.map((width) => `${width}px`).join(" ")}`;
  const width = 64 + widths.reduce((sum, one) => sum + one, 0);

  /** None, up, down, none. */
  const sort = (column: number) =>
    setSorting((before) => (before?.column !== column ? { column, isDescending: false } : before.isDescending ? undefined : { column, isDescending: true }));

  return (
    <>
      <div className="table-scroll" ref={scroller} tabIndex={0} role="region" aria-label={`${label}: scroll to see all rows`}>
        <div role="table" aria-label={label} aria-rowcount={rows.count + 1} aria-colcount={rows.columns.length + 1} style={{ width }}>
          <div role="rowgroup" className="table-head">
            <div role="row" aria-rowindex={1} className="table-row" style={{ gridTemplateColumns }}>
              <span role="columnheader" className="table-cell table-number">Row</span>
              {rows.columns.map(({ name, type, isNumeric }, i) => {
                const direction = sorting?.column === i ? (sorting.isDescending ? "descending" : "ascending") : "none";
                return (
                  <span key={i} role="columnheader" aria-sort={direction} className="table-cell" data-numeric={isNumeric}>
                    <button type="button" onClick={() => sort(i)} title={`${name} (${type}): sort`}>
                      <span className="table-name">{name}</span>
                      <span aria-hidden="true" className="table-sort">{direction === "ascending" ? "▲" : direction === "descending" ? "▼" : ""}</span>
                    </button>
                  </span>
                );
              })}
            </div>
          </div>
          <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const row = order?.[index] ?? index;
              return (
                <div key={index} role="row" aria-rowindex={index + 2} className="table-row" data-odd={index % 2 === 1}
                  style={{ gridTemplateColumns, height: ROW_HEIGHT, transform: `translateY(${start}px)`, position: "absolute" }}>
                  <span role="rowheader" className="table-cell table-number">
                    <button type="button" aria-label={`Row ${row + 1}: show all its values`} onClick={() => setOpened(row)}>{number(row + 1)}</button>
                  </span>
                  {rows.columns.map(({ isNumeric }, i) => {
                    const text = rows.text(row, i);
                    const isNull = rows.value(row, i) === null;
                    return (
                      <span key={i} role="cell" className="table-cell" data-numeric={isNumeric} data-null={isNull} title={text.length > 30 ? text.slice(0, 1000) : undefined}>
                        {text.length > CUT ? `${text.slice(0, CUT)}…` : text}
                      </span>
                    );
                  })}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {opened !== undefined && <RowView rows={rows} row={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

/** All of one row, under each other. */
function RowView({ rows, row, onClose }: { rows: Rows; row: number; onClose: () => void }) {
  return (
    <dialog className="row-view" aria-label={`Row ${row + 1}`} ref={(dialog) => { if (dialog && !dialog.open) dialog.showModal(); }} onClose={onClose}>
      <form method="dialog" className="row-view-head">
        <h2>Row {number(row + 1)}</h2>
        <button type="submit">Close</button>
      </form>
      <dl className="facts">
        {rows.columns.map(({ name, type }, i) => (
          <div key={i}>
            <dt>{name} <small>{type}</small></dt>
            <dd data-null={rows.value(row, i) === null}>{rows.text(row, i)}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

/** Wide enough for most of a column's texts: they are the same before and after a scroll, so that nothing moves. */
function columnWidths(rows: Rows): number[] {
  const measured = Math.min(rows.count, MEASURED);
  return rows.columns.map(({ name }, column) => {
    let longest = name.length + 2;
    for (let row = 0; row < measured; row += 1) longest = Math.max(longest, rows.text(row, column).length);
    return Math.min(WIDTH.most, Math.max(WIDTH.least, Math.round(longest * CHARACTER) + PADDING));
  });
}
