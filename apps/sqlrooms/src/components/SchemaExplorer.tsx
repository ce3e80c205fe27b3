/** What the data has: entity types and fields with their figures, the versions of the schema, and how it grew. */

import { Suspense, lazy } from "react";

import { address, useRoute } from "../lib/route";
import { Items } from "./SchemaItems";
import { Busy } from "./States";

const Versions = lazy(() => import("./SchemaVersions"));
const Growth = lazy(() => import("./SchemaGrowth"));

const TABS = [["items", "Items"], ["versions", "Versions"], ["growth", "Growth"]] as const;

export default function SchemaExplorer() {
  const { parts: [tab = "items"] } = useRoute();
  return (
    <div className="page">
      <div className="head">
        <h1>Schema</h1>
        <nav className="tabs" aria-label="Of the schema">
          {TABS.map(([name, title]) => <a key={name} href={address("schema", [name])} aria-current={name === tab ? "page" : undefined}>{title}</a>)}
        </nav>
      </div>
      <Suspense fallback={<Busy what="Opening" />}>
        {tab === "versions" ? <Versions /> : tab === "growth" ? <Growth /> : <Items />}
      </Suspense>
    </div>
  );
}
