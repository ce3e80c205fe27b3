/** A spreadsheet is dropped, looked at, uploaded, and followed until the schema has it. */

import { useEffect, useId, useRef, useState } from "react";

import { changeDraft } from "../lib/draft";
import { count, identifier, number } from "../lib/format";
import { useAction, useLoaded } from "../lib/requests";
import { go } from "../lib/route";
import { PREVIEWED, type Preview, type Progress, type Sheet, type UploadState, type Uploaded, preview, progress, tableName, takesUploads, upload, uploadState } from "../lib/uploads";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

/** Milliseconds between two looks at what became of an upload. */
const LOOK = 1500;

/** What the readers read. */
const TYPES = ".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods";

export default function Upload() {
  const { api } = useRoom();
  const taken = useLoaded("takes uploads", (signal) => takesUploads(api, signal));
  const [file, setFile] = useState<File>();
  const [uploaded, setUploaded] = useState<Uploaded>();
  const again = () => {
    setFile(undefined);
    setUploaded(undefined);
  };
  return (
    <div className="page">
      <h1>Upload</h1>
      {taken.problem && <ProblemNote problem={taken.problem} onRetry={taken.reload} />}
      {taken.isLoading && taken.value === undefined && <Busy what="Looking whether uploads are taken" />}
      {taken.value === false && (
        <Empty title="This deployment takes no uploads">Its API isn't connected with the csv Worker. Put the file into R2, or ask whoever runs the system to connect it (docs/operations/deploy.md).</Empty>
      )}
      {taken.value && !file && <Drop onFile={setFile} />}
      {taken.value && file && !uploaded && <Look file={file} onUploaded={setUploaded} onAgain={again} />}
      {uploaded && <Follow uploaded={uploaded} onAgain={again} />}
    </div>
  );
}

function Drop({ onFile }: { onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null) => files?.[0] && onFile(files[0]);
  return (
    <div className="drop" data-over={isOver} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); }}>
      <label htmlFor="file">Drop a spreadsheet here, or choose one</label>
      <input id="file" type="file" accept={TYPES} onChange={(event) => take(event.target.files)} />
      <p className="hint">CSV and TSV of any encoding, XLSX, XLSB, XLS, ODS. Nothing is uploaded before you have seen what would be read.</p>
    </div>
  );
}

/** What would be read of the file, and into which table. */
function Look({ file, onUploaded, onAgain }: { file: File; onUploaded: (uploaded: Uploaded) => void; onAgain: () => void }) {
  const { api } = useRoom();
  const [table, setTable] = useState(tableName(file.name));
  const isPreviewed = file.size <= PREVIEWED;
  const seen = useLoaded(isPreviewed ? `preview ${file.name} ${file.size}` : undefined, (signal) => preview(api, file, signal));
  const put = useAction(async () => onUploaded(await upload(api, table.trim(), file)));
  return (
    <>
      <section className="panel" aria-label="File">
        <div className="head">
          <h2>{file.name}</h2>
          <button type="button" onClick={onAgain}>Choose another</button>
        </div>
        <p className="hint">{number(Math.ceil(file.size / 1024))} KiB</p>
        <form className="travel-row" onSubmit={(event) => { event.preventDefault(); if (table.trim()) void put.run(); }}>
          <label htmlFor="table">Into the table</label>
          <input id="table" value={table} required maxLength={200} onChange={(event) => setTable(event.target.value)} />
          <button type="submit" className="primary" disabled={put.isBusy || seen.problem !== undefined || (isPreviewed && !seen.value)}>{put.isBusy ? "Uploading…" : "Upload"}</button>
        </form>
        {put.problem && <ProblemNote problem={put.problem} onRetry={() => void put.run()} />}
      </section>
      {!isPreviewed && <p className="note">It's too large to be looked at before it's uploaded. Its warnings come after.</p>}
      {seen.problem && <ProblemNote problem={seen.problem} onRetry={seen.problem.status === 422 ? undefined : seen.reload}><p>Mend the file, then choose it again.</p></ProblemNote>}
      {isPreviewed && seen.isLoading && <Busy what="Reading the file" />}
      {seen.value && <PreviewView preview={seen.value} />}
    </>
  );
}

function PreviewView({ preview: { sheets, warnings } }: { preview: Preview }) {
  return (
    <>
      {warnings.length > 0 && (
        <section className="warning" aria-label="Warnings">
          <strong>{count(warnings.length, "warning")}</strong>
          <ul className="plain">{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>
        </section>
      )}
      {sheets.map((sheet) => <SheetView key={sheet.name} sheet={sheet} />)}
    </>
  );
}

function SheetView({ sheet }: { sheet: Sheet }) {
  const { name, state, header, rows, columns, types, first } = sheet;
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="head">
        <h2 id={id}>{name}</h2>
        {state !== "visible" && <span className="badge">{state}</span>}
      </div>
      <p>{count(rows, "row")}, {count(columns, "column")}. The first {first.length}:</p>
      <div className="scroll" tabIndex={0} role="region" aria-label={`First rows of ${name}`}>
        <table>
          <thead>
            <tr>{Array.from({ length: columns }, (_, i) => <th key={i} scope="col">{header[i] || <em>column {i + 1}</em>}<br /><small>{types[i] ?? ""}</small></th>)}</tr>
          </thead>
          <tbody>{first.map((row, i) => <tr key={i}>{Array.from({ length: columns }, (_, j) => <td key={j}>{row[j] ?? ""}</td>)}</tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}

const STEPS: { step: Progress; name: string; what: string }[] = [
  { step: "uploaded", name: "Landed", what: "The file is in R2" },
  { step: "read", name: "Read", what: "Its tables are Parquet" },
  { step: "committed", name: "Committed", what: "Its rows are in the warehouse" },
  { step: "catalogued", name: "Catalogued", what: "The schema has its fields" },
];

/** Follows an upload until it's catalogued, or stuck. */
function Follow({ uploaded, onAgain }: { uploaded: Uploaded; onAgain: () => void }) {
  const { api, say } = useRoom();
  const [state, setState] = useState<UploadState>();
  const done = progress(state ?? { ...uploaded, uploaded_at: "", state: "waiting" });
  const isOver = done.failure !== undefined || done.reached === "catalogued";
  const latest = useRef(isOver);
  latest.current = isOver;
  const look = useLoaded(`upload ${uploaded.key} ${uploaded.etag}`, (signal) => uploadState(api, uploaded, signal));
  useEffect(() => {
    if (look.value) setState(look.value);
  }, [look.value]);
  useEffect(() => {
    const timer = setInterval(() => !latest.current && look.reload(), LOOK);
    return () => clearInterval(timer);
  }, [look.reload]);
  useEffect(() => {
    if (done.reached === "catalogued") say(`The schema has ${uploaded.source_table}.`, true);
  }, [done.reached, say, uploaded]);
  const place = STEPS.findIndex(({ step }) => step === done.reached);
  const query = () => {
    changeDraft({ sql: `FROM typed.${identifier(uploaded.source_table)}\nLIMIT 100`, look: { mode: "live" }, question: "", generated: undefined });
    go("#/query");
  };
  return (
    <section className="panel page" aria-label="Progress">
      <h2>{uploaded.key}</h2>
      <ol className="steps" aria-label="Steps">
        {STEPS.map(({ step, name, what }, i) => {
          const at = i <= place ? "done" : i > place + 1 ? "later" : done.failure ? "failed" : "now";
          return (
            <li key={step} data-state={at} aria-current={at === "now" ? "step" : undefined}>
              <span aria-hidden="true">{at === "done" ? "✓" : at === "failed" ? "!" : at === "now" ? "…" : "○"}</span> {name}
              <span className="hidden"> ({at === "now" ? "under way" : at})</span>
              <br /><small>{what}</small>
            </li>
          );
        })}
      </ol>
      <p role="status">{done.failure ? "" : isOver ? "Everything is there." : "This takes some seconds. You may leave: it goes on without you."}</p>
      {done.failure && <div className="problem" role="alert"><p className="problem-title">It goes no further</p><p>{done.failure}</p><p>Mend the file, and upload it again under the same name.</p></div>}
      {look.problem && <ProblemNote problem={look.problem} onRetry={look.reload} />}
      {state?.outputs && (
        <ul className="plain">
          {state.outputs.map(({ key, sheet, rows, columns }) => <li key={key}>{sheet ? <strong>{sheet}: </strong> : null}{count(rows, "row")}, {count(columns.length, "column")} <span className="hint">{key}</span></li>)}
        </ul>
      )}
      {state?.warnings && state.warnings.length > 0 && <ul className="warning plain" aria-label="Warnings">{state.warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>}
      <div className="actions">
        {done.reached === "catalogued" && <button type="button" className="primary" onClick={query}>Query its rows</button>}
        {done.reached === "catalogued" && <a className="button" href="#/schema">See its fields</a>}
        <button type="button" onClick={onAgain}>Upload another</button>
      </div>
    </section>
  );
}
