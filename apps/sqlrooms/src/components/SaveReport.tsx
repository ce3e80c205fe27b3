/** Saves the query that ran as a report, pinned to what is there now. */

import { useId, useRef } from "react";

import { useDraft } from "../lib/draft";
import { useAction } from "../lib/requests";
import { address, go } from "../lib/route";
import { useRoom } from "../room";
import { ProblemNote } from "./States";

export function SaveReport({ sql }: { sql: string }) {
  const { api, say } = useRoom();
  const { question } = useDraft();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const save = useAction(async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const key = text("key").split(",").map((column) => column.trim()).filter(Boolean);
    // With an id, a second click or a lost answer makes no second report.
    const report = await api.call("post", "/api/reports", {
      body: { id: crypto.randomUUID(), name: text("name"), description: text("description") || null, sql, key: key.length > 0 ? key : null },
    });
    dialog.current?.close();
    say(`Saved, pinned to version ${report.schema_version} and commit ${report.commit_seq}.`);
    go(address("reports", [report.report_id]));
  });
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>Save Report</button>
      <dialog ref={dialog} aria-labelledby={`${id}-title`}>
        <form onSubmit={(event) => { event.preventDefault(); void save.run(new FormData(event.currentTarget)); }}>
          <h2 id={`${id}-title`}>Save Report</h2>
          <p>It keeps giving the rows of now, and says when it would give others.</p>
          <label htmlFor={`${id}-name`}>Name</label>
          <input id={`${id}-name`} name="name" required maxLength={200} defaultValue={question} autoFocus />
          <label htmlFor={`${id}-description`}>Description <small>(optional)</small></label>
          <textarea id={`${id}-description`} name="description" maxLength={1000} rows={2} />
          <label htmlFor={`${id}-key`}>Columns that name a row <small>(optional, with commas between; else they are looked for)</small></label>
          <input id={`${id}-key`} name="key" />
          {save.problem && <ProblemNote problem={save.problem} />}
          <p className="dialog-foot">
            <button type="button" onClick={() => dialog.current?.close()}>Cancel</button>
            <button type="submit" className="primary" disabled={save.isBusy}>{save.isBusy ? "Running and saving…" : "Save"}</button>
          </p>
        </form>
      </dialog>
    </>
  );
}
