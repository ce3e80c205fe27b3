/** The versions of the schema, what made each, and how any two differ. */

import { useState } from "react";

import type { SchemaChange, Version } from "../api/model";
import { count, kindName, lineage, place, time, words } from "../lib/format";
import { useAction, useLoaded } from "../lib/requests";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

export default function SchemaVersions() {
  const { api } = useRoom();
  const [older, setOlder] = useState<Version[]>([]);
  const [next, setNext] = useState<number | null>();
  const list = useLoaded("version list", async (signal) => {
    const first = await api.call("get", "/api/schema/versions", { signal });
    setOlder([]);
    setNext(first.next);
    return first.versions;
  });
  const readOn = useAction(async () => {
    const page = await api.call("get", "/api/schema/versions", { query: { before: next ?? undefined } });
    setOlder([...older, ...page.versions]);
    setNext(page.next);
  });
  const [pair, setPair] = useState<{ from: number; to: number }>();
  const versions = [...(list.value ?? []), ...older];
  if (list.problem) return <ProblemNote problem={list.problem} onRetry={list.reload} />;
  if (!list.value) return <Busy what="Reading versions" />;
  const newest = versions[0]!;
  const chosen = pair ?? { from: newest.parent_version ?? newest.version, to: newest.version };
  const options = versions.map(({ version }) => <option key={version} value={version}>{version}</option>);
  return (
    <div className="split" data-open={pair !== undefined}>
      <section className="split-list" aria-label="Versions">
        <ul className="cards">
          {versions.map((version) => (
            <li key={version.version}>
              <button type="button" aria-current={version.version === chosen.to ? "true" : undefined} onClick={() => setPair({ from: version.parent_version ?? version.version, to: version.version })}>
                <span className="card-title">Version {version.version}</span>
                <span>{lineage(version.lineage)}</span>
                <span className="hint">{time(version.created_at)} · commit {version.commit_seq} · {version.content_hash.slice(0, 10)}…</span>
              </button>
            </li>
          ))}
        </ul>
        {next && <button type="button" disabled={readOn.isBusy} onClick={() => void readOn.run()}>Older versions</button>}
      </section>
      <section className="split-main" aria-label="Difference">
        <p className="back"><button type="button" className="link" onClick={() => setPair(undefined)}>‹ All versions</button></p>
        <div className="travel-row">
          <label htmlFor="from">From version</label>
          <select id="from" value={chosen.from} onChange={(event) => setPair({ ...chosen, from: Number(event.target.value) })}>{options}</select>
          <label htmlFor="to">to version</label>
          <select id="to" value={chosen.to} onChange={(event) => setPair({ ...chosen, to: Number(event.target.value) })}>{options}</select>
        </div>
        <Changes key={`${chosen.from} ${chosen.to}`} {...chosen} />
      </section>
    </div>
  );
}

const SIGN: Record<SchemaChange["change"], [string, string]> = {
  added: ["added", "+"], removed: ["removed", "−"], type_changed: ["changed", "≠"], meaning_changed: ["changed", "≠"], names_changed: ["changed", "≠"], reviewed: ["changed", "✓"],
};

/** Changes that are listed before one asks for all. */
const LISTED = 100;

function Changes({ from, to }: { from: number; to: number }) {
  const { api } = useRoom();
  const [isWhole, setWhole] = useState(false);
  const diff = useLoaded(`${from} ${to}`, (signal) => api.call("get", "/api/schema/diff", { query: { from, to }, signal }));
  if (diff.problem) return <ProblemNote problem={diff.problem} onRetry={diff.reload} />;
  if (!diff.value) return <Busy what="Comparing" />;
  const changes = diff.value.changes as SchemaChange[];
  if (changes.length === 0) return <Empty title={from === to ? "The first version is empty" : "They have the same content"} />;
  const breaking = changes.filter(({ compatibility }) => compatibility === "breaking").length;
  return (
    <>
      <p>{count(changes.length, "change")}{breaking > 0 ? <>, of which <strong>{breaking} may break queries</strong></> : ", none of which breaks a query"}</p>
      <ul className="plain changes">
        {changes.slice(0, isWhole ? undefined : LISTED).map((change, i) => {
          const [tone, sign] = SIGN[change.change];
          return (
            <li key={i}>
              <span className={`sign ${tone}`} aria-hidden="true">{sign}</span> {words(change.change)} <strong>{change.name}</strong> <span className="hint">{kindName(change.kind)} in {place(change)}</span>
              {change.before?.type && change.after?.type && change.before.type !== change.after.type && <> <del>{change.before.type}</del> → <ins>{change.after.type}</ins></>}
              {change.change === "added" && change.after?.type && <> <small>{change.after.type}</small></>}
              {change.after?.names && change.after.names.length > 0 && <> <span className="hint">names: {change.after.names.join(", ")}</span></>}
              {change.after?.flagged && <span className="badge changed">waits for review</span>}
              {change.compatibility === "breaking" && <span className="badge bad">may break queries</span>}
            </li>
          );
        })}
      </ul>
      {changes.length > LISTED && !isWhole && <button type="button" onClick={() => setWhole(true)}>Show all {changes.length}</button>}
    </>
  );
}
