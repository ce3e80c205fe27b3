/** Entity types and fields as one list, with what is told of them over time. */

import type { EntityType, Field, ItemKey, Schema } from "../api/model";

export interface Item extends ItemKey {
  status: string;
  aliases: string[];
  description?: string | null;
  descriptionSource?: string | null;
  /** Spans, or rows with a value. */
  occurrences: number;
  examples: string[];
  firstSeen: string;
  lastSeen: string;
  entity?: EntityType;
  field?: Field;
}

export function items(schema: Schema): Item[] {
  const types = schema.entity_types.map((entity): Item => ({ kind: "entity_type", scope: entity.dataset, question: entity.question, name: entity.label, ...shared(entity), entity }));
  const fields = schema.fields.map((field): Item => ({ kind: "field", scope: field.source_table, name: field.column_name, ...shared(field), field }));
  return [...types, ...fields];
}

const shared = ({ status, aliases, description, description_source, occurrence_count, examples, first_seen, last_seen }: EntityType | Field) => ({
  status, aliases, description, descriptionSource: description_source, occurrences: occurrence_count, examples, firstSeen: first_seen, lastSeen: last_seen,
});

export const itemId = ({ kind, scope, question = "", name }: ItemKey) => JSON.stringify([kind, scope, question, name]);

/** How often each item occurred at each of some versions, by its id; an item that wasn't there: 0. */
export function trends(schemas: Schema[]): Map<string, number[]> {
  const all = new Map<string, number[]>();
  schemas.forEach((schema, at) => {
    for (const item of items(schema)) {
      const id = itemId(item);
      if (!all.has(id)) all.set(id, schemas.map(() => 0));
      all.get(id)![at] = item.occurrences;
    }
  });
  return all;
}
