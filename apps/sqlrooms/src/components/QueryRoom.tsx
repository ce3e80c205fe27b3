/** The query room: ask or write, choose where to look, run, see. */

import { Suspense, lazy, useEffect, useRef, useState } from "react";

import { Problem, isAbort } from "../api/problem";
import { type Relation, catalog, connection } from "../lib/catalog";
import { changeDraft, keepRun, useDraft } from "../lib/draft";
import { count, identifier, number, seconds, words } from "../lib/format";
import { useLoaded } from "../lib/requests";
import { go, useRoute } from "../lib/route";
import { type Look, type Mode, type Result, type Run, SECONDS, newestCommit, run } from "../lib/run";
import { recentVersions } from "../lib/versions";
import { useRoom } from "../room";
import { Ask } from "./Ask";
import { ResultTable } from "./ResultTable";
import { SaveReport } from "./SaveReport";
import { Busy, Empty, ProblemNote } from "./States";
import { TimeTravel } from "./TimeTravel";

const SqlEditor = lazy(() => import("./SqlEditor"));
const ResultChart = lazy(() => import("./ResultChart"));

const MODES: { mode: Mode; name: string; hint: string }[] = [
  { mode: "live", name: "Live", hint: `What is there now. ${SECONDS.live} s at most.` },
  { mode: "snapshot", name: "Snapshot", hint: `Pinned to a version and a commit, to be had again. ${SECONDS.snapshot} s at most.` },
  { mode: "time_travel", name: "Time travel", hint: `What was there then, under the schema of then. ${SECONDS.time_travel} s at most.` },
];

/** Rows that one may ask for. The warehouse gives 2,047 by one of its ways, 100,000 by the other. */
const LIMITS = [100, 1000, 2047, 10_000, 100_000];

/** Milliseconds between two looks at the clock. */
const TICK = 100;

export default function QueryRoom() {
  const { api } = useRoom();
  const draft = useDraft();
  useLinkedQuery();
  const relations = useLoaded(`catalog ${connection(draft.look)}`, (signal) => catalog(api, connection(draft.look), signal));
  const { start, cancel, elapsed } = useRun();

  return (
    <div className="room">
      <h1 className="hidden">Query</h1>
      <Tables relations={relations.value ?? []} isLoading={relations.isLoading} problem={relations.problem} onRetry={relations.reload} />
      <div className="room-main">
        <Ask />
        <section aria-label="Query" className="panel">
          <Suspense fallback={<PlainEditor sql={draft.sql} />}>
            <SqlEditor sql={draft.sql} relations={relations.value ?? []} onChange={(sql) => changeDraft({ sql })} onRun={start} />
          </Suspense>
          <Where />
          <div className="run-line">
            {elapsed === undefined
              ? <button type="button" className="primary" onClick={() => start(draft.sql)}>Run <kbd>Ctrl ⏎</kbd></button>
              : <button type="button" className="danger" onClick={cancel}>Cancel</button>}
            <label htmlFor="limit">Rows at most</label>
            <select id="limit" value={draft.maxRows} onChange={(event) => changeDraft({ maxRows: Number(event.target.value) })}>
              {LIMITS.map((limit) => <option key={limit} value={limit}>{number(limit)}</option>)}
            </select>
            <span className="run-time" role="timer" aria-live="off">
              {elapsed === undefined ? "" : `${seconds(elapsed)} of ${SECONDS[draft.look.mode]} s`}
            </span>
          </div>
        </section>
        <Answer isRunning={elapsed !== undefined} onRunAs={(look) => { changeDraft({ look }); start(draft.sql); }} />
      </div>
    </div>
  );
}

/** A link into the room: `#/query?sql=…&commit=…&version=…` is a snapshot as it was. */
function useLinkedQuery() {
  const { query } = useRoute();
  const sql = query.get("sql");
  const [commit, version] = [query.get("commit"), query.get("version")].map((text) => Number(text ?? 0));
  useEffect(() => {
    if (!sql) return;
    const look: Look = commit && version ? { mode: "snapshot", commit_seq: commit, schema_version: version } : { mode: "live" };
    changeDraft({ sql, look, question: "", generated: undefined, result: undefined, problem: undefined });
    go("#/query");
  }, [sql, commit, version]);
}

/** Runs queries, one at a time. `elapsed`: milliseconds of the one under way. */
function useRun() {
  const { api, say } = useRoom();
  const draft = useDraft();
  const current = useRef<Run>(undefined);
  const latest = useRef(draft);
  latest.current = draft;
  const [elapsed, setElapsed] = useState<number>();

  const start = (sql: string) => {
    if (current.current || !sql.trim()) return;
    const { look, maxRows } = latest.current;
    const started = performance.now();
    setElapsed(0);
    const timer = setInterval(() => setElapsed(performance.now() - started), TICK);
    const running = run(api, sql, look, maxRows);
    current.current = running;
    running.result
      .then((result) => {
        keepRun(result);
        say(`${count(result.rows.count, "row")} in ${seconds(result.milliseconds)}${result.isTruncated ? ", and there are more" : ""}`, true);
      })
      .catch((error: unknown) => changeDraft({ problem: isAbort(error) ? new Problem(409, "Cancelled", "The query was given up; nothing of it came.") : Problem.from(error), result: undefined }))
      .finally(() => {
        clearInterval(timer);
        setElapsed(undefined);
        current.current = undefined;
      });
  };
  useEffect(() => () => current.current?.cancel(), []);
  return { start, cancel: () => current.current?.cancel(), elapsed };
}

/** What is there until the editor has been loaded: the same size, so that nothing jumps. */
function PlainEditor({ sql }: { sql: string }) {
  return <textarea className="editor plain-editor" aria-label="SQL" value={sql} onChange={(event) => changeDraft({ sql: event.target.value })} spellCheck={false} />;
}

/** Where the query looks. */
function Where() {
  const { api } = useRoom();
  const { look, runs } = useDraft();
  const travels = look.mode === "time_travel";
  const line = useLoaded(travels ? "line" : undefined, async (signal) => {
    const [versions, newest] = await Promise.all([recentVersions(api, signal), newestCommit(api, signal)]);
    return { versions, newest };
  });
  const choose = (mode: Mode) => changeDraft({ look: { mode } });
  const { value, problem } = line;
  useEffect(() => {
    if (look.mode === "time_travel" && !look.commit_seq && !look.date && value) changeDraft({ look: { mode: "time_travel", commit_seq: value.newest } });
  }, [look, value]);
  return (
    <div className="where">
      <fieldset className="modes">
        <legend className="hidden">Mode</legend>
        {MODES.map(({ mode, name, hint }) => (
          <label key={mode} title={hint}>
            <input type="radio" name="mode" value={mode} checked={look.mode === mode} onChange={() => choose(mode)} />
            <span>{name}</span>
          </label>
        ))}
        <span className="hint">{MODES.find(({ mode }) => mode === look.mode)?.hint}</span>
      </fieldset>
      {look.mode === "snapshot" && <Snapshot runs={runs} look={look} />}
      {travels && problem && <ProblemNote problem={problem} onRetry={line.reload} />}
      {travels && !problem && (value
        ? <TimeTravel versions={value.versions} newest={value.newest} moment={look} onChange={(moment) => changeDraft({ look: { mode: "time_travel", ...moment } })} />
        : <div className="travel travel-empty"><Busy what="Reading versions and commits" /></div>)}
    </div>
  );
}

/** Which snapshot: a new one, the one of a link, or an earlier run as it was. */
function Snapshot({ runs, look }: { runs: Result[]; look: Extract<Look, { mode: "snapshot" }> }) {
  const linked = look.commit_seq ? { commit_seq: look.commit_seq, schema_version: look.schema_version } : undefined;
  return (
    <div className="travel-row">
      <label htmlFor="snapshot">Pinned to</label>
      <select id="snapshot" value={look.execution_id ?? (linked ? "linked" : "")} onChange={({ target: { value } }) => {
        const again = runs.find(({ executionId }) => executionId === value);
        if (again) changeDraft({ sql: again.sql, look: { mode: "snapshot", execution_id: value } });
        else if (value !== "linked") changeDraft({ look: { mode: "snapshot" } });
      }}>
        <option value="">what is there now</option>
        {linked && <option value="linked">version {linked.schema_version}, commit {linked.commit_seq}</option>}
        {runs.map(({ executionId, at, commitSeq, sql }) => (
          <option key={executionId} value={executionId}>{`the run of ${at.toLocaleTimeString("en-GB")}, commit ${commitSeq}: ${sql.replaceAll(/\s+/g, " ").slice(0, 50)}`}</option>
        ))}
      </select>
    </div>
  );
}

/** What came of the last run. */
function Answer({ isRunning, onRunAs }: { isRunning: boolean; onRunAs: (look: Look) => void }) {
  const { result, problem, look, sql } = useDraft();
  const [shown, setShown] = useState<"table" | "chart">("table");
  if (problem) {
    return (
      <section aria-label="Answer" className="panel">
        <ProblemNote problem={problem}>
          {problem.status === 504 && look.mode === "live" && (
            <p><button type="button" onClick={() => onRunAs({ mode: "snapshot" })}>Run it as a snapshot, with {SECONDS.snapshot} s</button></p>
          )}
          {problem.status === 422 && <p>Change the query, then run it again. <a href="#/schema">The schema</a> has the names that there are.</p>}
        </ProblemNote>
      </section>
    );
  }
  if (!result) {
    return (
      <section aria-label="Answer" className="panel" aria-busy={isRunning}>
        {isRunning ? <Busy what="Running" /> : <Empty title="No rows yet">Run the query to see them here.</Empty>}
      </section>
    );
  }
  const { rows } = result;
  return (
    <section aria-label="Answer" className="panel answer" aria-busy={isRunning}>
      <div className="answer-head">
        <p>
          <strong>{count(rows.count, "row")}</strong> in {seconds(result.milliseconds)} · {words(result.mode)} · version {result.schemaVersion}, commit {result.commitSeq}
          {result.servedBy && result.servedBy !== "motherduck" ? ` · from ${result.servedBy}` : ""}
          {result.sql !== sql && <span className="badge">of the query before your change</span>}
        </p>
        <div className="tabs" role="group" aria-label="Show as">
          <button type="button" aria-pressed={shown === "table"} onClick={() => setShown("table")}>Table</button>
          <button type="button" aria-pressed={shown === "chart"} onClick={() => setShown("chart")}>Chart</button>
        </div>
        <SaveReport sql={result.sql} />
      </div>
      {result.isTruncated && (
        <p className="warning" role="note">There are more rows than these {number(rows.count)}. Ask for more rows, or aggregate or filter in the query.</p>
      )}
      {rows.count === 0
        ? <Empty title="The query found no rows">It ran well; nothing fits its conditions {result.mode === "time_travel" ? "as of then" : "now"}. Loosen a filter{result.mode === "time_travel" ? ", or look at a later commit" : ""}.</Empty>
        : shown === "table"
          ? <ResultTable key={result.executionId} rows={rows} label="Rows of the query" />
          : <Suspense fallback={<Busy what="Opening the chart" />}><ResultChart rows={rows} /></Suspense>}
    </section>
  );
}

/** The relations that one may read. A click puts a query of it into the editor. */
function Tables({ relations, isLoading, problem, onRetry }: { relations: Relation[]; isLoading: boolean; problem?: Problem; onRetry: () => void }) {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = relations.filter(({ name, columns }) => name.toLowerCase().includes(wanted) || columns.some((column) => column.name.toLowerCase().includes(wanted)));
  const show = ({ schema, name }: Relation) => changeDraft({ sql: `FROM ${schema === "main" ? "" : `${identifier(schema)}.`}${identifier(name)}\nLIMIT 100`, generated: undefined, question: "" });
  return (
    <aside className="tables" aria-label="Tables">
      <details open={matchMedia("(min-width: 60rem)").matches}>
        <summary>Tables ({relations.length})</summary>
        <input type="search" aria-label="Find tables and columns" placeholder="Find tables and columns" value={filter} onChange={(event) => setFilter(event.target.value)} />
        {problem && <ProblemNote problem={problem} onRetry={onRetry} />}
        {isLoading && relations.length === 0 && <Busy what="Reading the catalog" />}
        {!isLoading && !problem && shown.length === 0 && <Empty title={wanted ? "No table or column has that name" : "There is no table yet"}>{wanted ? "Try a part of it." : "Land a file, and it shows up here."}</Empty>}
        <ul className="table-list" tabIndex={0} aria-label="Tables and columns">
          {shown.map((relation) => (
            <li key={`${relation.schema}.${relation.name}`}>
              <details>
                <summary><span>{relation.schema === "main" ? "" : `${relation.schema}.`}<strong>{relation.name}</strong></span></summary>
                <button type="button" className="small" onClick={() => show(relation)}>Query it</button>
                <ul>
                  {relation.columns.map(({ name, type, description }) => <li key={name} title={description ?? undefined}><span>{name}</span> <small>{type}</small></li>)}
                </ul>
              </details>
            </li>
          ))}
        </ul>
      </details>
    </aside>
  );
}
