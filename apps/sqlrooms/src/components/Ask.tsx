/** A question in plain words becomes a query, which is shown, explained and edited before anybody runs it. */

import { useState } from "react";

import type { VerifiedQuery } from "../api/model";
import { changeDraft, useDraft } from "../lib/draft";
import { count, day } from "../lib/format";
import { useAction, useLoaded } from "../lib/requests";
import { useRoom } from "../room";
import { Empty, ProblemNote } from "./States";

export function Ask() {
  const { api, say } = useRoom();
  const { question, generated, sql, result } = useDraft();
  const [hasNoModel, setNoModel] = useState(false);
  const verified = useLoaded("verified", (signal) => api.call("get", "/api/query/verified", { signal }));

  const ask = useAction(async () => {
    if (!question.trim()) return;
    setNoModel(false);
    try {
      const answer = await api.call("post", "/api/query/generate", { body: { question } });
      changeDraft({ sql: answer.sql, generated: answer });
      say("The query is in the editor. Read it, change it, then run it.");
    } catch (error) {
      if ((error as { status?: number }).status !== 501) throw error;
      setNoModel(true);
    }
  });
  const verify = useAction(async () => {
    await api.call("post", "/api/query/verified", { body: { question, sql } });
    verified.reload();
    say("Kept as the right query for this question.");
  });

  const isVerified = verified.value?.queries.find((one) => one.question === question && one.sql === sql);
  const ran = result?.sql === sql;
  return (
    <section className="ask" aria-label="Ask">
      <form onSubmit={(event) => { event.preventDefault(); void ask.run(); }}>
        <label htmlFor="question">Ask in your own words</label>
        <div className="ask-line">
          <input id="question" value={question} maxLength={2000} placeholder="How many ships has each flag?"
            onChange={(event) => changeDraft({ question: event.target.value, generated: undefined })} />
          <button type="submit" disabled={ask.isBusy || !question.trim()}>{ask.isBusy ? "Writing SQL…" : "Write SQL"}</button>
        </div>
      </form>
      {hasNoModel && (
        <div className="note" role="status">
          <p><strong>No language model is configured here</strong>, so nobody writes SQL for you. Write the query below, or start from one that somebody verified.</p>
        </div>
      )}
      {ask.problem && <ProblemNote problem={ask.problem} onRetry={() => void ask.run()} />}
      {generated && (
        <div className="note">
          <p>{generated.explanation}</p>
          <p className="chips"><span>Reads</span>{generated.tables.map((table) => <code key={table}>{table}</code>)}</p>
          {generated.warnings.map((warning) => <p key={warning} className="warning">{warning}</p>)}
          <p className="hint">
            Written by {generated.model} for version {generated.schema_version}{generated.attempts > 1 ? `, in ${generated.attempts} attempts` : ""}
            {generated.examples_used.length > 0 ? `, after ${count(generated.examples_used.length, "verified query", "verified queries")}` : ""}.{ran ? "" : " It hasn't run yet."}
          </p>
        </div>
      )}
      {question.trim() && ran && (
        <p className="ask-verify">
          {isVerified
            ? <span className="badge good">✓ Verified by {isVerified.verified_by}, {day(isVerified.verified_at)}</span>
            : <button type="button" disabled={verify.isBusy} onClick={() => void verify.run()}>✓ This is the right query for the question</button>}
        </p>
      )}
      {verify.problem && <ProblemNote problem={verify.problem} />}
      <VerifiedList queries={verified.value?.queries ?? []} />
    </section>
  );
}

function VerifiedList({ queries }: { queries: VerifiedQuery[] }) {
  return (
    <details className="verified">
      <summary>Verified queries ({queries.length})</summary>
      {queries.length === 0
        ? <Empty title="Nobody has verified a query yet">Ask a question, run its query, and mark it as the right one.</Empty>
        : (
          <ul>
            {queries.map((one) => (
              <li key={one.id}>
                <button type="button" className="link" onClick={() => changeDraft({ question: one.question, sql: one.sql, generated: undefined })}>{one.question}</button>
                <small> ✓ {one.verified_by}, {day(one.verified_at)}</small>
              </li>
            ))}
          </ul>
        )}
    </details>
  );
}
