/** What queries may read, as SQLRooms' bridge lists it: now, or as it was. */

import { createHttpDbBridge } from "@sqlrooms/db/bridge";

import type { Api } from "../api/client";
import type { Field } from "../api/model";
import { Problem } from "../api/problem";
import type { Look } from "./run";
import { currentSchema } from "./versions";

export interface Relation {
  schema: string;
  name: string;
  columns: { name: string; type: string; description?: string | null }[];
}

/** The id of a connection that looks where a query does, as docs/api.md has it. */
export function connection(look: Look): string {
  if (look.mode !== "time_travel") return "living-schema";
  if (look.commit_seq) return `living-schema@commit:${look.commit_seq}`;
  return look.date ? `living-schema@${look.date}` : "living-schema";
}

/** The relations of a connection. Views of source tables have the columns that the schema knows; of the others the warehouse is asked. */
export async function catalog(api: Api, connectionId: string, signal: AbortSignal): Promise<Relation[]> {
  try {
    return await read(api, connectionId, signal);
  } catch (error) {
    // The bridge's errors are text.
    const [, status, detail] = /^Bridge request failed \((\d{3})\) for [^:]*:? ?(.*)$/s.exec((error as Error).message) ?? [];
    throw status ? new Problem(Number(status), "The catalog can't be read", detail ?? "") : error;
  }
}

async function read(api: Api, connectionId: string, signal: AbortSignal): Promise<Relation[]> {
  const bridge = createHttpDbBridge({ id: "living-schema", baseUrl: location.origin, headers: api.authorization() });
  const [{ tables }, schema] = await Promise.all([bridge.listCatalog(connectionId), currentSchema(api, signal)]);
  const fields = Map.groupBy(schema.fields, (field) => field.source_table);
  const relation = async ({ schema: inSchema = "main", table }: { schema?: string; table: string }): Promise<Relation> => {
    const known = inSchema === "typed" ? fields.get(table) : undefined;
    const columns = known?.map(describedField) ?? (inSchema === "typed" ? [] : await described(table));
    return { schema: inSchema, name: table, columns };
  };
  const described = async (table: string) => {
    const { jsonData = [] } = await bridge.executeQuery({ connectionId, sql: `DESCRIBE ${table}`, queryType: "json", signal });
    return [...jsonData].map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  };
  const sorted = tables.toSorted((a, b) => `${a.schema}.${a.table}`.localeCompare(`${b.schema}.${b.table}`));
  return Promise.all(sorted.map(relation));
}

const describedField = ({ column_name: name, data_type: type, description }: Field) => ({ name, type, description });
