/** Names for what the API gives. What its OpenAPI document says no more of than "an object" is written out here. */

import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Schema = Schemas["Schema"];
export type EntityType = Schemas["EntityType"];
export type Field = Schemas["Field"];
export type Version = Schemas["Version"];
export type Report = Schemas["Report"];
export type ReportSummary = Schemas["Summary"];
export type ReportRun = Schemas["ReportRun"];
export type ReportDiff = Schemas["ReportDiff"];
export type ReportHistory = Schemas["ReportHistory"];
export type Generated = Schemas["GenerateResponse"];
export type VerifiedQuery = Schemas["VerifiedQuery"];
export type QueryRequest = Schemas["QueryRequest"];

/** What the schema has items of: a label of an annotated dataset (with its question), or a column of a source table. */
export interface ItemKey {
  kind: "entity_type" | "field";
  /** The dataset, or the source table. */
  scope: string;
  question?: string;
  name: string;
}

/** An item that looks like another, and what was decided. */
export interface Conflict {
  conflict_id: string;
  state: ConflictState;
  item: ItemKey;
  similar_to: ItemKey | null;
  /** From 0 to 1. */
  score: number | null;
  reason: string;
  suggestion: "merge" | "keep_both";
  /** The last decision about it; 0: there's none. */
  revision: number;
  opened_at: string;
  decided_at: string | null;
  decided_by: string | null;
  decided_because: string | null;
}

export type ConflictState = "open" | "merged" | "kept" | "renamed" | "rejected";

export interface Conflicts {
  conflicts: Conflict[];
  next: string | null;
}

/** What a person decides. */
export type Decision =
  | { action: "merge"; item: ItemKey; into: ItemKey }
  | { action: "keep_both"; item: ItemKey }
  | { action: "rename"; item: ItemKey; to: string }
  | { action: "reject"; item: ItemKey }
  | { action: "undo"; decision: number };

/** What a decision would change. */
export interface DecisionPreview {
  changes: SchemaChange[];
  versions: { next: number | null; unchanged: number };
  counts: (ItemKey & { before: number; after: number })[];
  views: string[];
  reports: { report_id: string; name: string; schema_version: number }[];
}

export interface DecisionMade {
  decision: number;
  version: number;
}

/** What happened to an item between two versions. */
export interface SchemaChange extends ItemKey {
  change: "added" | "removed" | "type_changed" | "meaning_changed" | "names_changed" | "reviewed";
  compatibility: "additive" | "widening" | "breaking";
  before?: ItemDefinition;
  after?: ItemDefinition;
}

export interface ItemDefinition {
  type?: string;
  meaning?: string;
  names?: string[];
  flagged?: boolean;
}

/** A change of the schema that had a part in a report's change. */
export interface SchemaCause extends SchemaChange {
  version?: number;
  commit_seq?: number;
  decision?: { by: string; action: string; reason?: string };
}

/** A load or a decision that caused a version. */
export interface Lineage {
  bucket?: string;
  key?: string;
  /** Its commit. */
  decision?: number;
}
