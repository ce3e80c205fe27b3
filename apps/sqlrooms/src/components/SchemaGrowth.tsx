/** A picture of the schema's growth: how many entity types and fields it had, version by version. */

import { useCallback, useState, useSyncExternalStore } from "react";

import type { Schema, Version } from "../api/model";
import { count, lineage, number, parseTime, time } from "../lib/format";
import { useLoaded } from "../lib/requests";
import { recentVersions, sampled, schemasAt } from "../lib/versions";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

/** Versions that the picture is drawn from. */
const POINTS = 24;

/** Of the picture and its margins, in its own units: about pixels. */
const WIDE = { width: 900, height: 340, left: 56, right: 150, top: 16, bottom: 44 };
const NARROW = { width: 360, height: 300, left: 34, right: 135, top: 16, bottom: 44 };

interface Point {
  version: Version;
  entityTypes: number;
  fields: number;
  flagged: number;
}

export default function SchemaGrowth() {
  const { api } = useRoom();
  const growth = useLoaded("growth", async (signal) => {
    const versions = await recentVersions(api, signal);
    const chosen = sampled(versions, POINTS);
    return (await schemasAt(api, chosen, signal)).map((schema, i) => pointOf(chosen[i]!, schema));
  });
  if (growth.problem) return <ProblemNote problem={growth.problem} onRetry={growth.reload} />;
  if (!growth.value) return <Busy what="Reading versions" />;
  const points = growth.value;
  if (points.length < 2) return <Empty title="There is one version only">The picture begins with the second: land a file.</Empty>;
  const [first, last] = [points[0]!, points.at(-1)!];
  return (
    <figure className="growth">
      <figcaption>
        <strong>{count(last.entityTypes, "entity type")} and {count(last.fields, "field")}</strong> in version {last.version.version}; {number(first.entityTypes + first.fields)} in version {first.version.version}.
        {last.flagged > 0 && <> {number(last.flagged)} of them wait for <a href="#/review">review</a>.</>}
      </figcaption>
      <Picture points={points} />
      <details>
        <summary>The same as a table</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="Growth as a table">
          <table>
            <thead><tr><th scope="col">Version</th><th scope="col">Made</th><th scope="col">By</th><th scope="col">Entity types</th><th scope="col">Fields</th><th scope="col">Wait for review</th></tr></thead>
            <tbody>
              {points.map(({ version, entityTypes, fields, flagged }) => (
                <tr key={version.version}>
                  <th scope="row">{version.version}</th><td>{time(version.created_at)}</td><td>{lineage(version.lineage)}</td>
                  <td className="numeric">{number(entityTypes)}</td><td className="numeric">{number(fields)}</td><td className="numeric">{number(flagged)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

const pointOf = (version: Version, { entity_types, fields }: Schema): Point => ({
  version,
  entityTypes: entity_types.length,
  fields: fields.length,
  flagged: [...entity_types, ...fields].filter(({ status }) => status === "flagged").length,
});

function useIsNarrow(): boolean {
  const [narrow] = useState(() => matchMedia("(max-width: 40rem)"));
  const subscribe = useCallback((changed: () => void) => {
    narrow.addEventListener("change", changed);
    return () => narrow.removeEventListener("change", changed);
  }, [narrow]);
  return useSyncExternalStore(subscribe, () => narrow.matches);
}

/** Up to six round numbers from 0 to what is most. */
function roundTicks(most: number): number[] {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 1);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function Picture({ points }: { points: Point[] }) {
  const { width, height, left, right, top, bottom } = useIsNarrow() ? NARROW : WIDE;
  const times = points.map(({ version }) => parseTime(version.created_at).getTime());
  const [start, end] = [times[0]!, times.at(-1)!];
  const most = Math.max(...points.map(({ fields, entityTypes }) => Math.max(fields, entityTypes)), 1);
  const x = (at: number) => left + ((at - start) / Math.max(end - start, 1)) * (width - left - right);
  const y = (value: number) => height - bottom - (value / most) * (height - top - bottom);
  // A version holds until the next.
  const steps = (value: (point: Point) => number) =>
    points.map((point, i) => `${i === 0 ? "M" : `H${x(times[i]!).toFixed(1)} V`}${i === 0 ? `${x(times[i]!).toFixed(1)} ` : ""}${y(value(point)).toFixed(1)}`).join(" ");
  const last = points.at(-1)!;
  const ends = [
    { name: "fields", value: last.fields, tone: 1 },
    { name: "entity types", value: last.entityTypes, tone: 2 },
  ];
  const [a, b] = [y(ends[0]!.value), y(ends[1]!.value)];
  const apart = Math.abs(a - b) < 18 ? 18 - Math.abs(a - b) : 0;
  const ticks = roundTicks(most);
  const days = end - start > 2 * 86_400_000;
  const clock = (at: number) => (days ? new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" }) : new Date(at).toLocaleTimeString("en-GB"));
  return (
    <svg className="growth-picture" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`Fields grew to ${last.fields}, entity types to ${last.entityTypes}, over ${points.length} versions; the table below has the numbers`}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 8} y={y(tick) + 4} textAnchor="end">{number(tick)}</text>
        </g>
      ))}
      {(width < 600 ? [0, 1] : [0, 0.5, 1]).map((share) => (
        <text key={share} x={x(start + share * (end - start))} y={height - bottom + 24} textAnchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>{clock(start + share * (end - start))}</text>
      ))}
      <path className="series-1" d={steps(({ fields }) => fields)} />
      <path className="series-2" d={steps(({ entityTypes }) => entityTypes)} />
      {points.map(({ version, fields, entityTypes }, i) => (
        <g key={version.version}>
          <circle className="dot-1" cx={x(times[i]!)} cy={y(fields)} r={3.5}><title>{`Version ${version.version}: ${fields} fields, ${entityTypes} entity types`}</title></circle>
          <rect className="dot-2" x={x(times[i]!) - 3} y={y(entityTypes) - 3} width={6} height={6}><title>{`Version ${version.version}: ${fields} fields, ${entityTypes} entity types`}</title></rect>
        </g>
      ))}
      {ends.map(({ name, value, tone }, i) => (
        <text key={name} className={`label-${tone}`} x={width - right + 12} y={y(value) + 4 + (i === 1 ? apart : 0) * (b >= a ? 1 : -1)}>{number(value)} {name}</text>
      ))}
    </svg>
  );
}
