/** The query that somebody is at: kept while they look at other views. */

import { useSyncExternalStore } from "react";

import type { Generated } from "../api/model";
import type { Problem } from "../api/problem";
import type { Look, Result } from "./run";

export interface Draft {
  sql: string;
  look: Look;
  maxRows: number;
  /** The question that the query answers, if it was asked in words. */
  question: string;
  /** What the model said of it; gone when another question is asked. */
  generated?: Generated;
  result?: Result;
  problem?: Problem;
  /** Runs of this tab, the newest first. */
  runs: Result[];
}

const FIRST = "FROM entity_mentions\nSELECT dataset, label, count(*) AS mentions\nGROUP BY ALL\nORDER BY mentions DESC, label";

/** Runs that are offered to be had again. */
const KEPT_RUNS = 20;

let draft: Draft = { sql: FIRST, look: { mode: "live" }, maxRows: 1000, question: "", runs: [] };
const listeners = new Set<() => void>();

export function changeDraft(changes: Partial<Draft>) {
  draft = { ...draft, ...changes };
  for (const listener of listeners) listener();
}

export function keepRun(result: Result) {
  changeDraft({ result, problem: undefined, runs: [result, ...draft.runs].slice(0, KEPT_RUNS) });
}

export function useDraft(): Draft {
  return useSyncExternalStore((changed) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  }, () => draft);
}
