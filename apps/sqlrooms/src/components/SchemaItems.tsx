/** Entity types and fields: found by name and filters, each with its figures. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";

import { changeDraft } from "../lib/draft";
import { day, identifier, kindName, lineage, number, parseTime, place, time, words } from "../lib/format";
import { type Item, itemId, items, trends } from "../lib/items";
import { useLoaded } from "../lib/requests";
import { go } from "../lib/route";
import { currentSchema, recentVersions, sampled, schemasAt } from "../lib/versions";
import { useRoom } from "../room";
import { Busy, Empty, ProblemNote } from "./States";

/** Versions that a trend is drawn from. */
const TREND = 8;

const ROW_HEIGHT = 52;

type Order = "occurrences" | "name" | "newest";

export function Items() {
  const { api } = useRoom();
  const schema = useLoaded("schema", (signal) => currentSchema(api, signal));
  const versions = useLoaded("versions", (signal) => recentVersions(api, signal));
  const history = useLoaded(versions.value && `trend ${versions.value.at(-1)?.version}`, async (signal) => trends(await schemasAt(api, sampled(versions.value ?? [], TREND), signal)));
  const [search, setSearch] = useState("");
  const [kind, setKind] = useState("");
  const [scope, setScope] = useState("");
  const [status, setStatus] = useState("");
  const [order, setOrder] = useState<Order>("occurrences");
  const [chosen, setChosen] = useState<string>();

  const all = useMemo(() => (schema.value ? items(schema.value) : []), [schema.value]);
  const scopes = useMemo(() => [...new Set(all.filter((item) => !kind || item.kind === kind).map((item) => item.scope))].sort(), [all, kind]);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    const fits = ({ name, aliases, description, examples, ...item }: Item) =>
      (!kind || item.kind === kind) && (!scope || item.scope === scope) && (!status || item.status === status) &&
      (!wanted || [name, item.scope, description ?? "", ...aliases, ...examples].some((text) => text.toLowerCase().includes(wanted)));
    const compare: Record<Order, (a: Item, b: Item) => number> = {
      occurrences: (a, b) => b.occurrences - a.occurrences,
      name: (a, b) => a.name.localeCompare(b.name),
      newest: (a, b) => parseTime(b.firstSeen).getTime() - parseTime(a.firstSeen).getTime(),
    };
    return all.filter(fits).sort(compare[order]);
  }, [all, search, kind, scope, status, order]);
  const item = shown.find((one) => itemId(one) === chosen);

  if (schema.problem) return <ProblemNote problem={schema.problem} onRetry={schema.reload} />;
  if (!schema.value) return <Busy what="Reading the schema" />;
  if (all.length === 0) return <Empty title="The schema is empty">It follows the data: land a file, and what is in it shows up here. <a href="#/upload">Upload a spreadsheet</a></Empty>;
  return (
    <>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <input type="search" aria-label="Find by name, alias, example or description" placeholder="Find by name, alias, example" value={search} onChange={(event) => setSearch(event.target.value)} />
        <Choice label="Kind" value={kind} onChange={(value) => { setKind(value); setScope(""); }} options={[["", "all kinds"], ["entity_type", "entity types"], ["field", "fields"]]} />
        <Choice label="In" value={scope} onChange={setScope} options={[["", "all datasets and tables"], ...scopes.map((name): [string, string] => [name, name])]} />
        <Choice label="Status" value={status} onChange={setStatus} options={[["", "any status"], ["approved", "approved"], ["flagged", "waits for review"]]} />
        <Choice label="Sort by" value={order} onChange={(value) => setOrder(value as Order)} options={[["occurrences", "most frequent"], ["name", "name"], ["newest", "newest"]]} />
        <span className="hint" role="status">{number(shown.length)} of {number(all.length)}</span>
      </form>
      <div className="split" data-open={item !== undefined}>
        <section className="split-list" aria-label="Items">
          {shown.length === 0 ? <Empty title="Nothing fits"><button type="button" onClick={() => { setSearch(""); setKind(""); setScope(""); setStatus(""); }}>Clear all filters</button></Empty>
            : <ItemList items={shown} chosen={chosen} trends={history.value} onChoose={setChosen} />}
        </section>
        <section className="split-main" aria-label="Item">
          {item
            ? <ItemView item={item} trend={history.value?.get(itemId(item))} origin={versions.value?.find(({ created_at }) => parseTime(created_at) >= parseTime(item.firstSeen))} onClose={() => setChosen(undefined)} />
            : <Empty title="No item is chosen">Choose one in the list to see its examples, its other names and where it came from.</Empty>}
        </section>
      </div>
    </>
  );
}

function Choice({ label, value, options, onChange }: { label: string; value: string; options: (readonly [string, string])[]; onChange: (value: string) => void }) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([name, text]) => <option key={name} value={name}>{text}</option>)}
    </select>
  );
}

/** Only the items in sight are in the page. */
function ItemList({ items: all, chosen, trends: history, onChoose }: { items: Item[]; chosen?: string; trends?: Map<string, number[]>; onChoose: (id: string) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: all.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 8 });
  return (
    <div ref={scroller} className="item-scroll" tabIndex={0} role="region" aria-label="Items: scroll to see all">
      <ul className="item-list" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const item = all[index]!;
          const id = itemId(item);
          return (
            <li key={id} style={{ transform: `translateY(${start}px)`, height: ROW_HEIGHT }} aria-setsize={all.length} aria-posinset={index + 1}>
              <button type="button" aria-current={id === chosen ? "true" : undefined} onClick={() => onChoose(id)}>
                <strong className="item-name">{item.name}</strong>
                <span className="hint item-place">{item.status === "flagged" && <span className="badge changed">to review</span>} {kindName(item.kind)} · {place(item)}</span>
                <Sparkline values={history?.get(id)} />
                <span className="item-count">{number(item.occurrences)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** A trend as a small line; the numbers are in the item's own view. */
function Sparkline({ values, width = 64, height = 20 }: { values?: number[]; width?: number; height?: number }) {
  if (!values || values.length < 2) return <svg width={width} height={height} aria-hidden="true" />;
  const most = Math.max(...values, 1);
  const points = values.map((value, i) => `${(i / (values.length - 1)) * (width - 2) + 1},${height - 2 - (value / most) * (height - 4)}`).join(" ");
  return <svg className="sparkline" width={width} height={height} aria-hidden="true"><polyline points={points} /></svg>;
}

function ItemView({ item, trend, origin, onClose }: { item: Item; trend?: number[]; origin?: { version: number; lineage: unknown; created_at: string }; onClose: () => void }) {
  const { entity, field } = item;
  const query = () => {
    const sql = entity
      ? `FROM entity_mentions\nSELECT mention, count(*) AS times\nWHERE dataset = '${item.scope.replaceAll("'", "''")}' AND label = '${item.name.replaceAll("'", "''")}'\nGROUP BY ALL\nORDER BY times DESC, mention\nLIMIT 100`
      : `FROM typed.${identifier(item.scope)}\nSELECT ${identifier(item.name)}, count(*) AS times\nGROUP BY ALL\nORDER BY times DESC\nLIMIT 100`;
    changeDraft({ sql, look: { mode: "live" }, question: "", generated: undefined });
    go("#/query");
  };
  return (
    <article>
      <p className="back"><button type="button" className="link" onClick={onClose}>‹ All items</button></p>
      <div className="head">
        <h2>{item.name}</h2>
        <span className={`badge ${item.status === "flagged" ? "changed" : "good"}`}>{item.status === "flagged" ? "waits for review" : item.status}</span>
      </div>
      <p className="hint">{kindName(item.kind)} in {place(item)}</p>
      {item.description && <p>{item.description} {item.descriptionSource?.startsWith("model:") && <span className="hint">Written by {item.descriptionSource.slice(6)}.</span>}</p>}
      <dl className="facts">
        {field && <div><dt>Type</dt><dd>{field.data_type}{field.meaning ? ` · ${words(field.meaning)}` : ""}</dd></div>}
        <div><dt>{entity ? "Spans" : "Rows with a value"}</dt><dd>{number(item.occurrences)}</dd></div>
        {entity && <div><dt>In records</dt><dd>{number(entity.record_count)}</dd></div>}
        {entity && <div><dt>In documents</dt><dd>{entity.document_count >= 256 ? "about " : ""}{number(entity.document_count)}</dd></div>}
        {entity && entity.suggestion_count > 0 && <div><dt>Suggested</dt><dd>{number(entity.suggestion_count)}</dd></div>}
        {field && <div><dt>Rows without</dt><dd>{number(field.null_count)}</dd></div>}
        {field && <div><dt>Different values</dt><dd>about {number(field.distinct_estimate)}</dd></div>}
        {field?.min_value && <div><dt>Range</dt><dd>{field.min_value} to {field.max_value}</dd></div>}
        <div><dt>Also called</dt><dd>{item.aliases.length > 0 ? item.aliases.join(", ") : "nothing else"}</dd></div>
        <div><dt>First seen</dt><dd>{time(item.firstSeen)}</dd></div>
        <div><dt>Last seen</dt><dd>{time(item.lastSeen)}</dd></div>
        {origin && <div><dt>Came with</dt><dd>version {origin.version}, by {lineage(origin.lineage)}, {day(origin.created_at)}</dd></div>}
      </dl>
      {trend && trend.length > 1 && (
        <div className="trend">
          <p className="hint">Over the versions</p>
          <Sparkline values={trend} width={320} height={64} />
          <p className="hint">{trend.map(number).join(" → ")}</p>
        </div>
      )}
      <h3>Examples</h3>
      {item.examples.length === 0 ? <p>None</p> : <ul className="examples">{item.examples.map((example) => <li key={example}>{example}</li>)}</ul>}
      <div className="actions">
        <button type="button" onClick={query}>Count its values</button>
        {item.status === "flagged" && <a className="button" href="#/review">Review it</a>}
      </div>
    </article>
  );
}
