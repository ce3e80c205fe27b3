/** What waits for a person: names that look alike, side by side, with what speaks for it, decided by keyboard or mouse, and undone. */

import { useEffect, useRef, useState } from "react";

import type { Conflict, ConflictState, Conflicts, Decision, DecisionMade, DecisionPreview, EntityType, Field, ItemKey, Schema } from "../api/model";
import { count, days, kindName, number, place, time, words } from "../lib/format";
import { useAction, useLoaded } from "../lib/requests";
import { currentSchema } from "../lib/versions";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

const STATES: { state: ConflictState; name: string }[] = [
  { state: "open", name: "Waiting" },
  { state: "merged", name: "Merged" },
  { state: "kept", name: "Kept apart" },
  { state: "renamed", name: "Renamed" },
  { state: "rejected", name: "Rejected" },
];

const KEYS: [string, string][] = [
  ["J / K", "next, previous"], ["M", "merge"], ["S", "merge the other way"], ["B", "keep both"], ["R", "rename"], ["X", "reject"], ["U", "undo the last decision"], ["Esc", "close"],
];

/** What somebody is about to decide. */
type Chosen = { action: "merge"; item: ItemKey; into: ItemKey } | { action: "keep_both" | "rename" | "reject"; item: ItemKey };

export default function ReviewQueue() {
  const { api, say } = useRoom();
  const [state, setState] = useState<ConflictState>("open");
  const [later, setLater] = useState<Conflict[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [id, setId] = useState<string>();
  const [chosen, setChosen] = useState<Chosen>();
  const [last, setLast] = useState<{ decision: number; said: string }>();
  const queue = useRef<HTMLUListElement>(null);

  const page = async (after?: string, signal?: AbortSignal) => {
    const response = await api.send("get", "/api/review/conflicts", { query: { state, after }, signal });
    return (await response.json()) as Conflicts;
  };
  const list = useLoaded(`conflicts ${state}`, async (signal) => {
    const first = await page(undefined, signal);
    setLater([]);
    setNext(first.next);
    return first.conflicts;
  });
  const readOn = useAction(async () => {
    const more = await page(next ?? undefined);
    setLater([...later, ...more.conflicts]);
    setNext(more.next);
  });
  const schema = useLoaded("schema", (signal) => currentSchema(api, signal));

  const conflicts = [...(list.value ?? []), ...later];
  const place = Math.max(0, conflicts.findIndex(({ conflict_id }) => conflict_id === id));
  const conflict = conflicts[place];

  const decide = useAction(async (decision: Decision, seen: number | undefined, reason: string) => {
    const body = { ...decision, id: crypto.randomUUID(), reason, ...(seen !== undefined && { seen }) };
    const made = (await (await api.send("post", "/api/review/decisions", { body })).json()) as DecisionMade;
    const said = whatWasDone(decision);
    setChosen(undefined);
    setId(conflicts[place + 1]?.conflict_id ?? conflicts[place - 1]?.conflict_id);
    setLast(decision.action === "undo" ? undefined : { decision: made.decision, said });
    say(`${said} The schema is at version ${made.version}.`);
    list.reload();
    schema.reload();
    queue.current?.focus();
  });

  const move = (by: number) => {
    const to = conflicts[Math.min(conflicts.length - 1, Math.max(0, place + by))];
    if (!to) return;
    setChosen(undefined);
    setId(to.conflict_id);
    document.getElementById(`conflict-${to.conflict_id}`)?.scrollIntoView({ block: "nearest" });
  };
  const choose = (key: string) => {
    if (!conflict || state !== "open") return false;
    const { item, similar_to: other } = conflict;
    switch (key) {
      case "m":
        if (other) setChosen({ action: "merge", item, into: other });
        return other !== null;
      case "s":
        if (other) setChosen({ action: "merge", item: other, into: item });
        return other !== null;
      case "b":
        setChosen({ action: "keep_both", item });
        return true;
      case "r":
        setChosen({ action: "rename", item });
        return true;
      case "x":
        setChosen({ action: "reject", item });
        return true;
      default:
        return false;
    }
  };
  const undo = () => last && void decide.run({ action: "undo", decision: last.decision }, undefined, "");

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      setChosen(undefined);
      queue.current?.focus();
      return;
    }
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement) return;
    const key = event.key.toLowerCase();
    const isHandled =
      key === "j" || event.key === "ArrowDown" ? (move(1), true)
      : key === "k" || event.key === "ArrowUp" ? (move(-1), true)
      : key === "u" ? (undo(), true)
      : choose(key);
    if (isHandled) event.preventDefault();
  };

  return (
    <div className="split review" data-open={conflict !== undefined} onKeyDown={onKeyDown}>
      <section className="split-list" aria-label="Queue">
        <div className="head">
          <h1>Review</h1>
          <details className="keys">
            <summary>Keys</summary>
            <dl>{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
          </details>
        </div>
        <div className="travel-row">
          <label htmlFor="conflict-state">Show</label>
          <select id="conflict-state" value={state} onChange={(event) => { setState(event.target.value as ConflictState); setId(undefined); setChosen(undefined); }}>
            {STATES.map(({ state: one, name }) => <option key={one} value={one}>{name}</option>)}
          </select>
          {list.value && <span className="hint">{number(conflicts.length)}{next ? " and more" : ""}</span>}
        </div>
        {last && <p className="note">{last.said} <button type="button" disabled={decide.isBusy} onClick={undo}>Undo <kbd>U</kbd></button></p>}
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.reload} />}
        {list.isLoading && !list.value && <Busy what="Reading the queue" />}
        {list.value && conflicts.length === 0 && (
          <Empty title={state === "open" ? "Nothing waits for a person" : "Nothing was decided so"}>
            {state === "open" ? "When a name lands that looks like a known one, it comes here." : "Choose another state."}
          </Empty>
        )}
        {conflicts.length > 0 && (
          <ul ref={queue} className="queue" role="listbox" tabIndex={0} aria-label="Names that look alike" aria-activedescendant={conflict && `conflict-${conflict.conflict_id}`}>
            {conflicts.map((one) => (
              <li key={one.conflict_id} id={`conflict-${one.conflict_id}`} role="option" aria-selected={one === conflict}
                onClick={() => { setId(one.conflict_id); setChosen(undefined); queue.current?.focus(); }}>
                <span className="queue-names"><strong>{one.item.name}</strong>{one.similar_to && <> <span aria-hidden="true">≈</span><span className="hidden"> looks like </span> <strong>{one.similar_to.name}</strong></>}</span>
                <span className="hint">{kindName(one.item.kind)} in {one.item.scope}{one.score !== null ? ` · ${Math.round(one.score * 100)} % alike` : ""}</span>
              </li>
            ))}
          </ul>
        )}
        {next && <button type="button" disabled={readOn.isBusy} onClick={() => void readOn.run()}>More</button>}
      </section>
      <section className="split-main" aria-label="Decision">
        {conflict
          ? <Pair conflict={conflict} schema={schema.value} chosen={chosen} isBusy={decide.isBusy} onChoose={choose} onClose={() => setChosen(undefined)}
              onDecide={(decision, reason) => void decide.run(decision, conflict.revision, reason)}
              onUndo={() => void decide.run({ action: "undo", decision: conflict.revision }, undefined, "")} />
          : <Empty title="Nothing is chosen">Choose a pair in the queue.</Empty>}
        {decide.problem && <ProblemNote problem={decide.problem} onRetry={decide.problem.status === 409 ? list.reload : undefined} />}
      </section>
    </div>
  );
}

function whatWasDone(decision: Decision): string {
  switch (decision.action) {
    case "merge":
      return `“${decision.item.name}” is now another name of “${decision.into.name}”.`;
    case "keep_both":
      return `“${decision.item.name}” is a thing of its own.`;
    case "rename":
      return `“${decision.item.name}” is now called “${decision.to}”.`;
    case "reject":
      return `“${decision.item.name}” is no part of the schema.`;
    case "undo":
      return "The decision is undone.";
  }
}

function Pair({ conflict, schema, chosen, isBusy, onChoose, onClose, onDecide, onUndo }: {
  conflict: Conflict;
  schema?: Schema;
  chosen?: Chosen;
  isBusy: boolean;
  onChoose: (key: string) => boolean;
  onClose: () => void;
  onDecide: (decision: Decision, reason: string) => void;
  onUndo: () => void;
}) {
  const { item, similar_to: other, score, reason, state } = conflict;
  return (
    <article>
      <div className="head">
        <h2>{other ? <>Is “{item.name}” the same as “{other.name}”?</> : <>“{item.name}” waits</>}</h2>
        {score !== null && <Likeness score={score} />}
      </div>
      <p className="reason"><strong>Because:</strong> {reason}</p>
      <div className="pair">
        <Side title="New" item={item} schema={schema} />
        {other && <Side title="Known" item={other} schema={schema} />}
      </div>
      {state === "open" ? (
        <>
          <div className="actions" role="group" aria-label="Decide">
            {other && <button type="button" className={conflict.suggestion === "merge" ? "primary" : ""} onClick={() => onChoose("m")}>Merge into “{other.name}” <kbd>M</kbd></button>}
            {other && <button type="button" onClick={() => onChoose("s")}>Merge into “{item.name}” <kbd>S</kbd></button>}
            <button type="button" onClick={() => onChoose("b")}>{other ? "Keep both" : "Take it in"} <kbd>B</kbd></button>
            <button type="button" onClick={() => onChoose("r")}>Rename <kbd>R</kbd></button>
            <button type="button" onClick={() => onChoose("x")}>Reject <kbd>X</kbd></button>
          </div>
          {chosen && <Confirm key={`${chosen.action} ${chosen.item.name}`} chosen={chosen} isBusy={isBusy} onClose={onClose} onDecide={onDecide} />}
        </>
      ) : (
        <div className="note">
          <p>{words(state)} by {conflict.decided_by ?? "somebody"}, {time(conflict.decided_at)}{conflict.decided_because ? `: “${conflict.decided_because}”` : ""}.</p>
          <button type="button" disabled={isBusy} onClick={onUndo}>Undo this decision</button>
        </div>
      )}
    </article>
  );
}

function Likeness({ score }: { score: number }) {
  const percent = Math.round(score * 100);
  return <span className="likeness"><meter min={0} max={100} value={percent} aria-label="Likeness" /> {percent} % alike</span>;
}

/** An item with what is known of it. */
function Side({ title, item, schema }: { title: string; item: ItemKey; schema?: Schema }) {
  const found = schema && findItem(schema, item);
  return (
    <section className="side" aria-label={`${title}: ${item.name}`}>
      <p className="hint">{title} {kindName(item.kind)}</p>
      <h3>{item.name}</h3>
      <p className="hint">{place(item)}</p>
      {!schema && <Busy what="Reading what is known" />}
      {schema && !found && <p>The schema doesn't have it yet, so nothing more is known.</p>}
      {found && nameOf(found) !== item.name && <p>It's another name of “{nameOf(found)}” now, of which this is told:</p>}
      {found && (
        <>
          <dl className="facts">
            {"data_type" in found && <div><dt>Type</dt><dd>{found.data_type}{found.meaning ? ` · ${words(found.meaning)}` : ""}</dd></div>}
            <div><dt>Occurs</dt><dd>{number(found.occurrence_count)}</dd></div>
            {"distinct_estimate" in found && <div><dt>Different values</dt><dd>about {number(found.distinct_estimate)}</dd></div>}
            {"min_value" in found && found.min_value && <div><dt>Range</dt><dd>{found.min_value} to {found.max_value}</dd></div>}
            {found.aliases.length > 0 && <div><dt>Other names</dt><dd>{found.aliases.join(", ")}</dd></div>}
            <div><dt>Seen</dt><dd>{days(found.first_seen, found.last_seen)}</dd></div>
          </dl>
          {found.description && <p>{found.description}</p>}
          <p className="hint">Examples</p>
          {found.examples.length === 0 ? <p>None</p> : <ul className="examples">{found.examples.map((example) => <li key={example}>{example}</li>)}</ul>}
        </>
      )}
    </section>
  );
}

const nameOf = (found: EntityType | Field) => ("label" in found ? found.label : found.column_name);

function findItem(schema: Schema, key: ItemKey): EntityType | Field | undefined {
  const isIt = (name: string, aliases: string[]) => name === key.name || aliases.includes(key.name);
  return key.kind === "entity_type"
    ? schema.entity_types.find(({ dataset, question, label, aliases }) => dataset === key.scope && question === key.question && isIt(label, aliases))
    : schema.fields.find(({ source_table, column_name, aliases }) => source_table === key.scope && isIt(column_name, aliases));
}

/** What a decision would change, before it's made. */
function Confirm({ chosen, isBusy, onClose, onDecide }: { chosen: Chosen; isBusy: boolean; onClose: () => void; onDecide: (decision: Decision, reason: string) => void }) {
  const { api } = useRoom();
  const [to, setTo] = useState(chosen.item.name);
  const [reason, setReason] = useState("");
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const decision: Decision = chosen.action === "rename" ? { ...chosen, action: "rename", to } : (chosen as Decision);
  const isReady = decision.action !== "rename" || (to.trim() !== "" && to !== chosen.item.name);
  const preview = useLoaded(isReady ? JSON.stringify(decision) : undefined, async (signal) => {
    const response = await api.send("post", "/api/review/decisions/preview", { body: decision, signal });
    return (await response.json()) as DecisionPreview;
  });
  return (
    <form className="confirm-panel" aria-label="What this would change" onSubmit={(event) => { event.preventDefault(); if (isReady && preview.value) onDecide(decision, reason); }}>
      {chosen.action === "rename" && (
        <>
          <label htmlFor="new-name">New name</label>
          <input id="new-name" ref={first} value={to} required onChange={(event) => setTo(event.target.value)} />
        </>
      )}
      <h3>This would</h3>
      <div className="preview" aria-live="polite" aria-busy={preview.isLoading}>
        {!isReady && <p>Give it another name first.</p>}
        {isReady && preview.isLoading && !preview.value && <Busy what="Looking what it would change" />}
        {preview.problem && <ProblemNote problem={preview.problem} />}
        {preview.value && <PreviewList preview={preview.value} />}
      </div>
      <label htmlFor="reason">Why <small>(optional, kept with the decision)</small></label>
      <input id="reason" ref={chosen.action === "rename" ? undefined : first} value={reason} maxLength={1000} onChange={(event) => setReason(event.target.value)} />
      <p className="dialog-foot">
        <button type="button" onClick={onClose}>Not now</button>
        <button type="submit" className="primary" disabled={isBusy || !isReady || !preview.value}>{isBusy ? "Deciding…" : NAMES[chosen.action]} <kbd>⏎</kbd></button>
      </p>
    </form>
  );
}

const NAMES: Record<Chosen["action"], string> = { merge: "Merge", keep_both: "Keep both", rename: "Rename", reject: "Reject" };

function PreviewList({ preview: { changes, versions, counts, views, reports } }: { preview: DecisionPreview }) {
  return (
    <ul className="plain">
      <li>{versions.next === null ? "make no new version of the schema" : `make version ${versions.next}`}; {count(versions.unchanged, "version")} that {versions.unchanged === 1 ? "has" : "have"} it stay as they are</li>
      {changes.map((change, i) => (
        <li key={i}>{words(change.change)}: <code>{change.name}</code>{change.after?.names && change.after.names.length > 0 ? `, with the names ${change.after.names.join(", ")}` : ""} <span className="hint">{words(change.compatibility)}</span></li>
      ))}
      {counts.map((one) => (
        <li key={`${one.scope} ${one.name}`}><code>{one.name}</code> occurs {number(one.after)} times{one.after === one.before ? ", as before" : `, ${number(one.before)} before`}</li>
      ))}
      {views.length > 0 && <li>change the values of {views.map((view) => <code key={view}>{view} </code>)}</li>}
      <li>{reports.length === 0 ? "touch no saved report" : <>show up in {count(reports.length, "report")} when refreshed: {reports.map(({ name }) => name).join(", ")}</>}</li>
    </ul>
  );
}

