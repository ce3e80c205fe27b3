/** Spreadsheets that are uploaded: what would be read of one, and what became of it. The API passes these on to the csv Worker. */

import type { Api } from "../api/client";

/** Bytes of a file that is previewed before it's uploaded, as the csv Worker has it. */
export const PREVIEWED = 16 << 20;

export interface Sheet {
  name: string;
  state: string;
  header: string[];
  rows: number;
  columns: number;
  types: string[];
  first: string[][];
}

export interface Preview {
  file: string;
  sheets: Sheet[];
  warnings: string[];
}

/** Where an upload went. */
export interface Uploaded {
  bucket: string;
  key: string;
  source_table: string;
  etag: string;
  size: number;
}

/** What became of an upload. */
export interface UploadState {
  bucket: string;
  key: string;
  source_table: string;
  size: number;
  uploaded_at: string;
  state: "waiting" | "converting" | "converted" | "refused";
  reason?: string;
  warnings?: string[];
  outputs?: Output[];
  /** What became of each output in the warehouse: of those that it has heard of. */
  loads?: Load[];
}

/** A table of an upload, as Parquet. */
export interface Output {
  bucket: string;
  key: string;
  sheet?: string;
  rows: number;
  columns: [name: string, type: string][];
}

/** An attempt to load an output: the newest. */
export interface Load {
  key: string;
  state: "started" | "failed" | "quarantined" | "discarded" | "committed" | "replaced";
  reason?: string | null;
  commit_seq?: number | null;
  /** The version of the schema that takes it in; null: not yet. */
  schema_version?: number | null;
}

/** How far an upload has come. */
export type Progress = "uploaded" | "read" | "committed" | "catalogued";

/** How far all of an upload has come, and why it won't come further, if so. */
export function progress({ state, reason, outputs = [], loads = [] }: UploadState): { reached: Progress; failure?: string } {
  if (state === "refused") return { reached: "uploaded", failure: reason };
  if (state !== "converted") return { reached: "uploaded" };
  const found = outputs.map(({ key }) => loads.find((load) => load.key === key));
  const stuck = found.find((load) => load?.state === "quarantined");
  if (stuck) return { reached: "read", failure: stuck.reason ?? "ingest put it into quarantine" };
  if (!found.every((load) => load?.state === "committed" || load?.state === "replaced")) return { reached: "read" };
  return { reached: found.every((load) => typeof load?.schema_version === "number") ? "catalogued" : "committed" };
}

/** Whether this deployment takes uploads, and this token may make some. */
export async function takesUploads(api: Api, signal: AbortSignal): Promise<boolean> {
  try {
    await api.send("get", "/api/uploads", { signal });
    return true;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return false;
    throw error;
  }
}

export async function preview(api: Api, file: File, signal?: AbortSignal): Promise<Preview> {
  const headers = { "content-type": "application/octet-stream" };
  const response = await api.send("post", "/api/uploads/preview", { query: { name: file.name }, body: file, headers, signal });
  return (await response.json()) as Preview;
}

export async function upload(api: Api, table: string, file: File): Promise<Uploaded> {
  const headers = { "content-type": "application/octet-stream" };
  const response = await api.send("put", "/api/uploads/{table}/{file}", { path: { table, file: file.name }, body: file, headers });
  return (await response.json()) as Uploaded;
}

export async function uploadState(api: Api, { bucket, key }: { bucket: string; key: string }, signal?: AbortSignal): Promise<UploadState> {
  const response = await api.send("get", "/api/uploads", { query: { bucket, key }, signal });
  return (await response.json()) as UploadState;
}

/** A name for a table, of a file's: letters, digits and underscores. */
export function tableName(file: string): string {
  const stem = file.replace(/\.[^.]*$/, "");
  return stem.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "") || "table";
}
