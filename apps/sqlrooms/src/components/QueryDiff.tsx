/** How a report differs between two points in time: first what caused it, then columns, figures and rows. Signs say what colours do. */

import { Fragment } from "react";

import type { Report, ReportDiff, SchemaCause } from "../api/model";
import { cell, count, number, place, time, words } from "../lib/format";
import { useLoaded } from "../lib/requests";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

export default function QueryDiff({ report, from, to }: { report: Report; from?: string; to?: string }) {
  const { api } = useRoom();
  const { report_id: id, revision } = report;
  const diff = useLoaded(`diff ${id} ${revision} ${from} ${to}`, (signal) => api.call("get", "/api/reports/{id}/diff", { path: { id }, query: { from, to }, signal }));
  if (diff.problem) return <ProblemNote problem={diff.problem} onRetry={diff.reload} />;
  if (!diff.value) return <Busy what="Running it at both points in time" />;
  const { value } = diff;
  return (
    <div className="diff">
      <p className="diff-sides">
        <span>{side(value.from)}</span> <span aria-hidden="true">→</span><span className="hidden"> held against </span> <span>{side(value.to)}</span>
      </p>
      <CauseList cause={value.cause} />
      <Columns diff={value} />
      <Figures diff={value} />
      <RowChanges diff={value} />
    </div>
  );
}

const side = ({ revision, schema_version, commit_seq }: ReportDiff["from"]) =>
  `${revision ? `Revision ${revision}` : "Now"} (version ${schema_version}, commit ${commit_seq})`;

function CauseList({ cause }: { cause: ReportDiff["cause"] }) {
  const changes = cause.schema_changes as SchemaCause[];
  return (
    <section aria-labelledby="diff-cause">
      <h3 id="diff-cause">Because of</h3>
      {cause.loads.length + changes.length === 0 && <Empty title="Nothing happened to what the query reads" />}
      <ul className="plain">
        {cause.loads.map(({ kind, bucket, key, rows, rows_replaced, committed_at, commit_seq }) => (
          <li key={commit_seq}>
            <strong>{kind === "retraction" ? "A removal" : "A load"}</strong>: <code>{bucket}/{key}</code>, {count(rows, "row")}
            {rows_replaced ? `, in place of ${number(rows_replaced)}` : ""} <span className="hint">commit {commit_seq}, {time(committed_at)}</span>
          </li>
        ))}
        {cause.loads_left_out > 0 && <li>and {count(cause.loads_left_out, "more load")}</li>}
        {changes.map((change, i) => (
          <li key={i}>
            <strong>{change.decision ? `A decision by ${change.decision.by}` : "The schema"}</strong>: {change.decision ? `${words(change.decision.action)}, ` : ""}
            {words(change.change)} <code>{change.name}</code> <span className="hint">{place(change)}{change.version ? `, version ${change.version}` : ""}</span>
            {change.decision?.reason && <span> “{change.decision.reason}”</span>}
          </li>
        ))}
        {cause.schema_changes_left_out > 0 && <li>and {count(cause.schema_changes_left_out, "more change")} of the schema</li>}
      </ul>
    </section>
  );
}

function Columns({ diff: { columns } }: { diff: ReportDiff }) {
  const { added, removed, retyped, reordered } = columns;
  if (added.length + removed.length + retyped.length === 0 && !reordered) return null;
  return (
    <section aria-labelledby="diff-columns">
      <h3 id="diff-columns">Columns</h3>
      <ul className="plain">
        {added.map(({ name, type }) => <li key={name}><Sign of="added" /> <code>{name}</code> <small>{type}</small></li>)}
        {removed.map(({ name, type }) => <li key={name}><Sign of="removed" /> <code>{name}</code> <small>{type}</small></li>)}
        {retyped.map(({ name, before, after }) => <li key={name}><Sign of="changed" /> <code>{name}</code> is <small>{after}</small>, was <small>{before}</small></li>)}
        {reordered && <li>The columns come in another order.</li>}
      </ul>
    </section>
  );
}

function Figures({ diff: { numbers } }: { diff: ReportDiff }) {
  if (numbers.length === 0) return null;
  return (
    <section aria-labelledby="diff-figures">
      <h3 id="diff-figures">Figures</h3>
      <div className="scroll" tabIndex={0} role="region" aria-label="Figures of both sides">
        <table>
          <thead><tr><th scope="col">Column</th><th scope="col" className="numeric">Sum</th><th scope="col" className="numeric">Mean</th><th scope="col" className="numeric">Least</th><th scope="col" className="numeric">Most</th></tr></thead>
          <tbody>
            {numbers.map(({ column, before, after }) => (
              <tr key={column}>
                <th scope="row">{column}</th>
                {(["sum", "mean", "min", "max"] as const).map((name) => <td key={name} className="numeric"><Change before={figure(before[name])} after={figure(after[name])} /></td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const figure = (value: number | null | undefined) => (value === null || value === undefined ? "–" : number(Math.round(value * 100) / 100));

function Change({ before, after }: { before: string; after: string }) {
  if (before === after) return <>{after}</>;
  return <><del>{before}</del> <span aria-hidden="true">→</span> <ins>{after}</ins></>;
}

function RowChanges({ diff }: { diff: ReportDiff }) {
  const { rows, key, partial } = diff;
  const total = rows.added.count + rows.removed.count + rows.changed.count;
  return (
    <section aria-labelledby="diff-rows">
      <h3 id="diff-rows">Rows</h3>
      <p>
        <span className="diff-count"><Sign of="changed" /> {number(rows.changed.count)} changed</span>
        <span className="diff-count"><Sign of="added" /> {number(rows.added.count)} added</span>
        <span className="diff-count"><Sign of="removed" /> {number(rows.removed.count)} removed</span>
        <span className="diff-count">{number(rows.unchanged)} unchanged</span>
      </p>
      {key && <p className="hint">A row is named by {key.join(", ")}.</p>}
      {partial && <p className="warning">One side has more rows than were looked at.</p>}
      {total === 0 ? <Empty title="The rows are the same" /> : (
        <>
          <ChangedRows diff={diff} />
          <WholeRows of="added" listed={rows.added} columns={columnNames(diff, "added")} />
          <WholeRows of="removed" listed={rows.removed} columns={columnNames(diff, "removed")} />
        </>
      )}
    </section>
  );
}

/** The API gives rows with the columns of their own side, whose names the difference alone doesn't have: those of the key come by name. */
function columnNames({ key, rows }: ReportDiff, of: "added" | "removed"): string[] {
  const width = rows[of].listed[0]?.length ?? 0;
  const cells = [...new Set(rows.changed.listed.flatMap((row) => row.cells.map(({ column }) => column)))];
  const named = [...(key ?? []), ...cells];
  return named.length === width ? named : Array.from({ length: width }, (_, i) => named[i] ?? "");
}

function ChangedRows({ diff: { rows: { changed }, key } }: { diff: ReportDiff }) {
  if (changed.count === 0) return null;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Changed rows">
      <table className="diff-table" data-kind="changed">
        <caption>Changed</caption>
        <thead><tr><th scope="col"><span className="hidden">Kind</span></th>{(key ?? []).map((name) => <th key={name} scope="col">{name}</th>)}<th scope="col">Column</th><th scope="col">Then</th><th scope="col">After</th></tr></thead>
        <tbody>
          {changed.listed.map((row, i) => (
            <Fragment key={i}>
              {row.cells.map(({ column, before, after }, j) => (
                <tr key={column}>
                  <td><Sign of="changed" /></td>
                  {row.key.map((value, k) => <td key={k}>{j === 0 ? cell(value) : <span className="hidden">{cell(value)}</span>}</td>)}
                  <td>{column}</td>
                  <td><del>{cell(before)}</del></td>
                  <td><ins>{cell(after)}</ins></td>
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
      {changed.left_out > 0 && <p className="hint">and {number(changed.left_out)} more</p>}
    </div>
  );
}

function WholeRows({ of, listed, columns }: { of: "added" | "removed"; listed: { count: number; listed: unknown[][]; left_out: number }; columns: string[] }) {
  if (listed.count === 0) return null;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`Rows ${of}`}>
      <table className="diff-table" data-kind={of}>
        <caption>{of === "added" ? "Added" : "Removed"}</caption>
        {columns.some(Boolean) && <thead><tr><th scope="col"><span className="hidden">Kind</span></th>{columns.map((name, i) => <th key={i} scope="col">{name || <span className="hidden">Column {i + 1}</span>}</th>)}</tr></thead>}
        <tbody>
          {listed.listed.map((row, i) => (
            <tr key={i}><td><Sign of={of} /></td>{row.map((value, j) => <td key={j}>{cell(value)}</td>)}</tr>
          ))}
        </tbody>
      </table>
      {listed.left_out > 0 && <p className="hint">and {number(listed.left_out)} more</p>}
    </div>
  );
}

const SIGNS = { added: "+", removed: "−", changed: "≠" };

function Sign({ of }: { of: keyof typeof SIGNS }) {
  return <span className={`sign ${of}`}><span aria-hidden="true">{SIGNS[of]}</span><span className="hidden">{of}</span></span>;
}
