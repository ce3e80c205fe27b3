/** Saved reports: the list with what the last look at each found, and one of them with its rows, its difference to now and its history. */

import { useState } from "react";

import type { Report, ReportHistory, ReportSummary } from "../api/model";
import { count, number, time, words } from "../lib/format";
import { useAction, useLoaded } from "../lib/requests";
import { address, go, useRoute } from "../lib/route";
import { jsonRows } from "../lib/rows";
import { useRoom } from "../room";
import QueryDiff from "./QueryDiff";
import { ResultTable } from "./ResultTable";
import { Busy, Empty, ProblemNote } from "./States";

/** What a state of a report is called, and how it looks. The sign says it without the colour. */
const STATES: Record<string, { text: string; tone: "good" | "changed" | "bad" | "plain"; sign: string }> = {
  unchecked: { text: "Not checked yet", tone: "plain", sign: "○" },
  unchanged: { text: "Unchanged", tone: "good", sign: "✓" },
  data_changed: { text: "Report changed", tone: "changed", sign: "≠" },
  schema_changed: { text: "Report changed", tone: "changed", sign: "≠" },
  fails: { text: "Would fail now", tone: "bad", sign: "!" },
};

export function StateBadge({ state }: { state: string }) {
  const { text, tone, sign } = STATES[state] ?? STATES.unchecked!;
  return <span className={`badge ${tone}`}><span aria-hidden="true">{sign}</span> {text}</span>;
}

export default function SavedReports() {
  const { api, say } = useRoom();
  const [id] = useRoute().parts;
  const [state, setState] = useState("");
  const [more, setMore] = useState<ReportSummary[]>([]);
  const [round, setRound] = useState(0);
  const [next, setNext] = useState<string | null>();
  const page = (after?: string, signal?: AbortSignal) => api.call("get", "/api/reports", { query: { after, ...(state && { state: state as "unchanged" }) }, signal });
  const list = useLoaded(`reports ${state}`, async (signal) => {
    const first = await page(undefined, signal);
    setMore([]);
    setNext(first.next);
    return first.reports;
  });
  const readOn = useAction(async () => {
    const answer = await page(next ?? undefined);
    setMore([...more, ...answer.reports]);
    setNext(answer.next);
  });
  const checkAll = useAction(async () => {
    const { checked, left } = await api.call("post", "/api/reports/check");
    list.reload();
    setRound(round + 1);
    say(`${count(checked.length, "report")} looked at${left > 0 ? `, ${number(left)} left: press again` : ""}.`);
  });
  const reports = [...(list.value ?? []), ...more];

  return (
    <div className="page">
      <div className="head">
        <h1>Reports</h1>
        <button type="button" disabled={checkAll.isBusy} onClick={() => void checkAll.run()}>{checkAll.isBusy ? "Checking…" : "Check all now"}</button>
      </div>
      {checkAll.problem && <ProblemNote problem={checkAll.problem} />}
      <div className="split" data-open={id !== undefined}>
        <section className="split-list" aria-label="Saved reports">
          <div className="travel-row">
            <label htmlFor="report-state">Show</label>
            <select id="report-state" value={state} onChange={(event) => setState(event.target.value)}>
              <option value="">all</option>
              {Object.keys(STATES).map((name) => <option key={name} value={name}>{words(name)}</option>)}
            </select>
          </div>
          {list.problem && <ProblemNote problem={list.problem} onRetry={list.reload} />}
          {list.isLoading && !list.value && <Busy what="Reading reports" />}
          {list.value && reports.length === 0 && (
            <Empty title={state ? `No report is ${words(state)}` : "There is no report yet"}>
              {state ? "Choose another state." : <>Run a query in the <a href="#/query">query room</a>, then press “Save Report”.</>}
            </Empty>
          )}
          <ul className="cards">
            {reports.map((report) => (
              <li key={report.report_id}>
                <a href={address("reports", [report.report_id])} aria-current={report.report_id === id ? "true" : undefined}>
                  <span className="card-title">{report.name}</span>
                  <StateBadge state={report.state} />
                  <span className="hint">{report.reason ?? `Pinned to version ${report.schema_version}, commit ${report.commit_seq}`}</span>
                  <span className="hint">{report.created_by}, {time(report.pinned_at)}</span>
                </a>
              </li>
            ))}
          </ul>
          {next && <button type="button" disabled={readOn.isBusy} onClick={() => void readOn.run()}>More</button>}
        </section>
        <section className="split-main" aria-label="Report">
          {id ? <OneReport key={id} id={id} round={round} onChanged={list.reload} /> : <Empty title="No report is open">Choose one in the list.</Empty>}
        </section>
      </div>
    </div>
  );
}

const PARTS = ["result", "difference", "history", "query"] as const;
type Part = (typeof PARTS)[number];
const PART_NAMES: Record<Part, string> = { result: "Result", difference: "View Diff", history: "History", query: "Query" };

/** `round`: grows when all reports were looked at. */
function OneReport({ id, round, onChanged }: { id: string; round: number; onChanged: () => void }) {
  const { api, say } = useRoom();
  const { parts: [, named], query } = useRoute();
  const part = PARTS.find((one) => one === named) ?? "result";
  const report = useLoaded(`report ${id} ${round}`, (signal) => api.call("get", "/api/reports/{id}", { path: { id }, signal }));
  const again = () => {
    report.reload();
    onChanged();
  };
  const refresh = useAction(async (seen: number) => {
    const refreshed = await api.call("post", "/api/reports/{id}/refresh", { path: { id }, body: { seen } });
    again();
    say(`Pinned anew: revision ${refreshed.revision}, version ${refreshed.schema_version}, commit ${refreshed.commit_seq}.`);
  });
  const check = useAction(async () => {
    const { state, reason } = (await api.call("post", "/api/reports/{id}/check", { path: { id } })) as { state: string; reason: string };
    again();
    say(`${STATES[state]?.text ?? state}: ${reason}`);
  });
  const remove = useAction(async (seen: number) => {
    await api.call("delete", "/api/reports/{id}", { path: { id }, query: { seen } });
    onChanged();
    say("Deleted. Its history stays.");
    go(address("reports"));
  });
  const share = useAction(async ({ schema_version: version, commit_seq: commit }: Report) => {
    await navigator.clipboard.writeText(new URL(address("reports", [id], { version, commit }), location.href).href);
    say("The link is in the clipboard. It shows the report as it is pinned now, even after a refresh.");
  });

  if (report.problem) return <ProblemNote problem={report.problem} onRetry={report.reload}><p><a href="#/reports">All reports</a></p></ProblemNote>;
  const { value } = report;
  if (!value) return <Busy what="Reading the report" />;
  const problem = refresh.problem ?? check.problem ?? remove.problem ?? share.problem;
  const pin = { version: Number(query.get("version")) || value.schema_version, commit: Number(query.get("commit")) || value.commit_seq };
  const isEarlier = pin.commit !== value.commit_seq || pin.version !== value.schema_version;
  return (
    <article className="report">
      <p className="back"><a href="#/reports">‹ All reports</a></p>
      <div className="head">
        <h2>{value.name}</h2>
        <StateBadge state={value.check?.state ?? "unchecked"} />
      </div>
      {value.description && <p>{value.description}</p>}
      {value.check && <p className="reason">{value.check.reason} <span className="hint">Looked at {time(value.check.checked_at)}.</span></p>}
      {isEarlier && (
        <p className="note" role="note">
          This link shows version {pin.version} and commit {pin.commit}. The report has been refreshed since. <a href={address("reports", [id])}>Show it as it's pinned now</a>
        </p>
      )}
      <dl className="pins">
        {!isEarlier && <div><dt>Revision</dt><dd>{value.revision}</dd></div>}
        <div><dt>Schema version</dt><dd>{pin.version}</dd></div>
        <div><dt>Commit</dt><dd>{pin.commit}</dd></div>
        {!isEarlier && <div><dt>Rows</dt><dd>{number(value.fingerprint.row_count)}</dd></div>}
        {!isEarlier && <div><dt>Pinned</dt><dd>{time(value.pinned_at)} by {value.pinned_by}</dd></div>}
      </dl>
      <div className="actions">
        <button type="button" className="primary" disabled={refresh.isBusy} onClick={() => void refresh.run(value.revision)}>{refresh.isBusy ? "Refreshing…" : "Refresh"}</button>
        <button type="button" disabled={check.isBusy} onClick={() => void check.run()}>{check.isBusy ? "Checking…" : "Check now"}</button>
        <button type="button" onClick={() => void share.run(value)}>Copy link with its pin</button>
        <a className="button" href={address("query", [], { sql: value.sql, version: pin.version, commit: pin.commit })}>Open in the query room</a>
        <Delete isBusy={remove.isBusy} onDelete={() => void remove.run(value.revision)} />
      </div>
      {problem && <ProblemNote problem={problem} onRetry={problem.status === 409 ? again : undefined} />}
      <nav className="tabs" aria-label="Of the report">
        {PARTS.map((one) => (
          <a key={one} href={address("reports", [id, one], Object.fromEntries(query))} aria-current={one === part ? "page" : undefined}>{PART_NAMES[one]}</a>
        ))}
      </nav>
      {part === "result" && <ReportRows report={value} pin={pin} isEarlier={isEarlier} />}
      {part === "difference" && <QueryDiff report={value} from={query.get("from") ?? undefined} to={query.get("to") ?? undefined} />}
      {part === "history" && <History id={id} />}
      {part === "query" && <pre className="sql"><code>{value.sql}</code></pre>}
    </article>
  );
}

function Delete({ isBusy, onDelete }: { isBusy: boolean; onDelete: () => void }) {
  const [isAsked, setAsked] = useState(false);
  if (!isAsked) return <button type="button" className="quiet" onClick={() => setAsked(true)}>Delete…</button>;
  return (
    <span className="confirm">
      Delete it for everybody?
      <button type="button" className="danger" disabled={isBusy} onClick={onDelete}>Delete</button>
      <button type="button" autoFocus onClick={() => setAsked(false)}>Keep</button>
    </span>
  );
}

/** The rows at the pin. Of an earlier pin, which a link may name, by a snapshot. */
function ReportRows({ report, pin, isEarlier }: { report: Report; pin: { version: number; commit: number }; isEarlier: boolean }) {
  const { api } = useRoom();
  const { report_id: id, sql, parameters } = report;
  const run = useLoaded(`rows ${id} ${report.revision} ${pin.version} ${pin.commit}`, async (signal) => {
    if (!isEarlier) return api.call("post", "/api/reports/{id}/run", { path: { id }, signal });
    const body = { sql, parameters: parameters as unknown[] | null, mode: "snapshot" as const, commit_seq: pin.commit, schema_version: pin.version };
    return { ...(await api.call("post", "/api/query/execute", { body, signal })), reproduced: undefined };
  });
  if (run.problem) return <ProblemNote problem={run.problem} onRetry={run.reload} />;
  if (!run.value) return <Busy what="Running it at its pin" />;
  const { columns, rows, truncated, reproduced } = run.value;
  return (
    <div className="answer">
      {reproduced === true && <p className="badge good"><span aria-hidden="true">✓</span> The same rows as when it was pinned</p>}
      {reproduced === false && (
        <p className="warning">These are not the rows of then. A LIMIT without an ORDER BY does that; else tell whoever runs this system.</p>
      )}
      {truncated && <p className="warning">There are more rows than these.</p>}
      {rows.length === 0 ? <Empty title="It has no rows" /> : <ResultTable rows={jsonRows(columns, rows)} label={`Rows of ${report.name}`} />}
    </div>
  );
}

function History({ id }: { id: string }) {
  const { api } = useRoom();
  const history = useLoaded(`history ${id}`, (signal) => api.call("get", "/api/reports/{id}/history", { path: { id }, signal }));
  if (history.problem) return <ProblemNote problem={history.problem} onRetry={history.reload} />;
  if (!history.value) return <Busy what="Reading the history" />;
  const { revisions, checks }: ReportHistory = history.value;
  return (
    <>
      <h3>Revisions</h3>
      <div className="scroll" tabIndex={0} role="region" aria-label="Table of revisions">
        <table>
          <thead><tr><th scope="col">Revision</th><th scope="col">What</th><th scope="col">When</th><th scope="col" className="numeric">Version</th><th scope="col" className="numeric">Commit</th><th scope="col" className="numeric">Rows</th><th scope="col">Compare</th></tr></thead>
          <tbody>
            {revisions.map(({ revision, action, recorded_at, recorded_by, schema_version, commit_seq, row_count }) => (
              <tr key={revision}>
                <th scope="row">{revision}</th>
                <td>{action} by {recorded_by}</td>
                <td>{time(recorded_at)}</td>
                <td className="numeric">{schema_version}</td>
                <td className="numeric">{commit_seq}</td>
                <td className="numeric">{number(row_count)}</td>
                <td>
                  <a href={address("reports", [id, "difference"], { from: revision })} aria-label={`Revision ${revision} with now`}>with now</a>
                  {revision > 1 && <> · <a href={address("reports", [id, "difference"], { from: revision - 1, to: revision })} aria-label={`Revision ${revision} with ${revision - 1}`}>with {revision - 1}</a></>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>Last looks</h3>
      {checks.length === 0 ? <Empty title="Nobody has looked yet">Press “Check now”; a daily run looks, too.</Empty> : (
        <ul className="plain">
          {checks.map(({ checked_at, state, reason, revision }) => (
            <li key={checked_at}><StateBadge state={state} /> {reason} <span className="hint">Revision {revision}, {time(checked_at)}</span></li>
          ))}
        </ul>
      )}
    </>
  );
}
