/** Where a query looks in time: a line of all commits, with the versions of the schema on it. */

import { useId, useMemo } from "react";

import type { Version } from "../api/model";
import { lineage, parseTime, time } from "../lib/format";

/** Labels of versions that fit on the line. */
const LABELS = 10;

/** Ticks of commits that one can tell apart. */
const TICKS = 150;

export interface Moment {
  commit_seq?: number;
  date?: string;
}

export function TimeTravel({ versions, newest, moment, onChange }: {
  /** Oldest first. */
  versions: Version[];
  /** The newest commit. */
  newest: number;
  moment: Moment;
  onChange: (moment: Moment) => void;
}) {
  const id = useId();
  const placed = useMemo(() => versions.filter(({ commit_seq }) => commit_seq >= 1 && commit_seq <= newest), [versions, newest]);
  const commit = Math.min(moment.commit_seq ?? newest, newest);
  const version = placed.findLast(({ commit_seq }) => commit_seq <= commit);
  const left = (at: number) => `${newest > 1 ? ((at - 1) / (newest - 1)) * 100 : 50}%`;
  const every = Math.ceil(newest / TICKS);
  const labelled = labels(placed, newest);
  const place = version ? placed.indexOf(version) : -1;
  const said = `Commit ${commit} of ${newest}, ${version ? `version ${version.version}` : "before the first version"}`;

  return (
    <fieldset className="travel">
      <legend>Look at the data as of</legend>
      <div className="travel-line">
        <div className="travel-track" aria-hidden="true">
          {Array.from({ length: Math.floor((newest - 1) / every) + 1 }, (_, i) => 1 + i * every).map((at) => (
            <span key={at} className="travel-commit" style={{ left: left(at) }} />
          ))}
          {placed.map(({ version: n, commit_seq }) => (
            <span key={n} className="travel-version" data-chosen={n === version?.version} style={{ left: left(commit_seq) }}>
              {labelled.has(n) && <span className="travel-label">v{n}</span>}
            </span>
          ))}
        </div>
        <input type="range" min={1} max={newest} step={1} value={commit} aria-label="Commit" aria-valuetext={said} disabled={moment.date !== undefined}
          onChange={(event) => onChange({ commit_seq: Number(event.target.value) })} />
      </div>
      <div className="travel-row">
        <button type="button" disabled={place <= 0} onClick={() => onChange({ commit_seq: placed[place - 1]!.commit_seq })}>‹ Version before</button>
        <label htmlFor={`${id}-version`}>Version</label>
        <select id={`${id}-version`} value={version?.version ?? ""} onChange={(event) => onChange({ commit_seq: placed.find((one) => String(one.version) === event.target.value)?.commit_seq })}>
          {!version && <option value="">before the first</option>}
          {placed.toReversed().map(({ version: n, commit_seq, created_at }) => (
            <option key={n} value={n}>{`v${n} · commit ${commit_seq} · ${time(created_at)}`}</option>
          ))}
        </select>
        <button type="button" disabled={place < 0 || place >= placed.length - 1} onClick={() => onChange({ commit_seq: placed[place + 1]!.commit_seq })}>Version after ›</button>
        <label htmlFor={`${id}-date`}>or the end of a day</label>
        <input id={`${id}-date`} type="date" value={moment.date ?? ""} max={new Date().toISOString().slice(0, 10)}
          min={placed[0] && !Number.isNaN(parseTime(placed[0].created_at).getTime()) ? parseTime(placed[0].created_at).toISOString().slice(0, 10) : undefined}
          onChange={(event) => onChange(event.target.value ? { date: event.target.value } : { commit_seq: commit })} />
      </div>
      <p className="travel-said" role="status">
        {moment.date ? `The last commit by the end of ${moment.date} (UTC).` : `${said}${version ? `, made on ${time(version.created_at)} by ${lineage(version.lineage)}` : ""}.`}
      </p>
    </fieldset>
  );
}

/** Which versions have a label, so that no two lie on each other: the newest first. */
function labels(placed: Version[], newest: number): Set<number> {
  const chosen = new Set<number>();
  let last = Infinity;
  for (const { version, commit_seq } of placed.toReversed()) {
    const at = commit_seq / newest;
    if (last - at >= 1 / LABELS) {
      chosen.add(version);
      last = at;
    }
  }
  return chosen;
}
