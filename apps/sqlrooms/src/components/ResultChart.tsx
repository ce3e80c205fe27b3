/** Rows as a chart, with SQLRooms' parts. The table has the same as text. */

import { Bar, BarChart, CartesianGrid, ChartContainer, ChartTooltip, ChartTooltipContent, Line, LineChart, XAxis, YAxis } from "@sqlrooms/recharts";
import { useMemo, useState } from "react";

import { number } from "../lib/format";
import type { Rows } from "../lib/rows";
import { Empty } from "./States";

/** Points that a chart shows: more are no longer told apart. */
const POINTS = 60;

export default function ResultChart({ rows }: { rows: Rows }) {
  const numeric = rows.columns.flatMap(({ isNumeric }, i) => (isNumeric ? [i] : []));
  const others = rows.columns.flatMap(({ isNumeric }, i) => (isNumeric ? [] : [i]));
  const [kind, setKind] = useState<"bar" | "line">("bar");
  const [y, setY] = useState(numeric.at(-1) ?? 0);
  const [x, setX] = useState(others.at(-1) ?? 0);
  const points = useMemo(
    () => Array.from({ length: Math.min(rows.count, POINTS) }, (_, row) => ({ x: rows.text(row, x), y: Number(rows.value(row, y) ?? 0) })),
    [rows, x, y],
  );
  if (numeric.length === 0) return <Empty title="There is no number to draw">Let the query count or sum something.</Empty>;
  const config = { y: { label: rows.columns[y]!.name, color: "var(--series-1)" } };
  // Recharts finds its parts among its children, and doesn't look into fragments.
  const axes = [
    <CartesianGrid key="grid" vertical={false} />,
    <XAxis key="x" dataKey="x" tickLine={false} axisLine={false} interval="preserveStartEnd" minTickGap={12} tickFormatter={(text: string) => (text.length > 14 ? `${text.slice(0, 13)}…` : text)} />,
    <YAxis key="y" tickLine={false} axisLine={false} width={70} tickFormatter={(value: number) => number(value)} />,
    <ChartTooltip key="tip" content={<ChartTooltipContent />} />,
  ];
  const column = (id: string, label: string, places: number[], chosen: number, choose: (place: number) => void) => (
    <>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={chosen} onChange={(event) => choose(Number(event.target.value))}>
        {places.map((place) => <option key={place} value={place}>{rows.columns[place]!.name}</option>)}
      </select>
    </>
  );
  return (
    <figure className="chart">
      <div className="travel-row">
        <label htmlFor="chart-kind">Draw</label>
        <select id="chart-kind" value={kind} onChange={(event) => setKind(event.target.value as "bar" | "line")}>
          <option value="bar">bars</option>
          <option value="line">a line</option>
        </select>
        {column("chart-y", "of", numeric, y, setY)}
        {column("chart-x", "by", rows.columns.map((_, i) => i), x, setX)}
      </div>
      <div role="img" aria-label={`${rows.columns[y]!.name} by ${rows.columns[x]!.name}, ${points.length} values; the table has them as text`}>
        <ChartContainer config={config} className="chart-box">
          {kind === "bar"
            ? <BarChart data={points} accessibilityLayer={false}>{axes}<Bar dataKey="y" fill="var(--series-1)" radius={3} maxBarSize={90} isAnimationActive={false} /></BarChart>
            : <LineChart data={points} accessibilityLayer={false}>{axes}<Line dataKey="y" stroke="var(--series-1)" strokeWidth={2} dot={false} isAnimationActive={false} /></LineChart>}
        </ChartContainer>
      </div>
      {rows.count > POINTS && <figcaption className="hint">The first {POINTS} of {number(rows.count)} rows. Sort and limit in the query to choose others.</figcaption>}
    </figure>
  );
}
