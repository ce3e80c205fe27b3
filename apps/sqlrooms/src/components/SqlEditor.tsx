/** SQLRooms' editor for DuckDB's SQL, with the names of the catalog to complete. */

import { makeQualifiedTableName } from "@sqlrooms/duckdb-core";
import { SqlCodeMirrorEditor } from "@sqlrooms/sql-editor/dist/SqlCodeMirrorEditor";
import { useMemo } from "react";

import type { Relation } from "../lib/catalog";
import { useTheme } from "../lib/theme";

export default function SqlEditor({ sql, relations, onChange, onRun }: {
  sql: string;
  relations: Relation[];
  onChange: (sql: string) => void;
  onRun: (sql: string) => void;
}) {
  const theme = useTheme();
  const tables = useMemo(
    () => relations.map(({ schema, name, columns }) => ({
      table: makeQualifiedTableName({ schema, table: name }),
      isView: true, schema, tableName: name, columns: columns.map((column) => ({ name: column.name, type: column.type })),
    })),
    [relations],
  );
  return (
    <SqlCodeMirrorEditor key={theme} className="editor" value={sql} tableSchemas={tables} onChange={onChange} onRunQuery={onRun}
      onMount={(view) => {
        view.contentDOM.setAttribute("aria-label", "SQL. Control and Enter run it, Tab leaves");
        view.scrollDOM.tabIndex = -1;
      }} />
  );
}
