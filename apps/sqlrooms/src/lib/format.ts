/** How numbers, times and names are written. */

import type { ItemKey, Lineage } from "../api/model";

const NUMBER = new Intl.NumberFormat("en");
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const number = (value: number) => NUMBER.format(value);

/** `3 rows`, `1 row`. */
export const count = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** The API's times are UTC, as RFC 3339 has them, or as DuckDB prints them. */
export function parseTime(text: string): Date {
  const iso = text.replace(" ", "T");
  return new Date(/(Z|[+-]\d\d(:?\d\d)?)$/.test(iso) ? iso.replace(/([+-]\d\d)$/, "$1:00") : `${iso}Z`);
}

export function time(text: string | null | undefined): string {
  if (!text) return "never";
  const date = parseTime(text);
  return Number.isNaN(date.getTime()) ? text : TIME.format(date);
}

export function day(text: string | null | undefined): string {
  if (!text) return "never";
  const date = parseTime(text);
  return Number.isNaN(date.getTime()) ? text : DATE.format(date);
}

/** Milliseconds as seconds. */
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 1)} s`;

/** `1 Jan 2026 to 3 Feb 2026`, or the one day. */
export const days = (first: string, last: string) => (day(first) === day(last) ? day(first) : `${day(first)} to ${day(last)}`);

/** `data_changed` as `data changed`. */
export const words = (name: string) => name.replaceAll("_", " ");

export const kindName = (kind: ItemKey["kind"]) => (kind === "entity_type" ? "entity type" : "field");

/** Where an item is: its dataset and question, or its table. */
export const place = ({ kind, scope, question }: ItemKey) => (kind === "entity_type" && question ? `${scope} › ${question}` : scope);

export const sameItem = (a: ItemKey, b: ItemKey) => a.kind === b.kind && a.scope === b.scope && (a.question ?? "") === (b.question ?? "") && a.name === b.name;

/** What caused a version, in a few words. */
export function lineage(causes: unknown): string {
  const all = Array.isArray(causes) ? (causes as Lineage[]) : [];
  const shown = all.map(({ bucket, key, decision }) => (bucket && key ? `${bucket}/${key}` : `decision ${decision ?? ""}`.trim()));
  return shown.length === 0 ? "the start" : shown.join(", ");
}

/** A name as SQL has it, quoted where it has to be. */
export const identifier = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** A JSON value in a table's cell. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
