/** Where in the app one is: the address after `#`, so that links need nothing of the server. */

import { useSyncExternalStore } from "react";

/** `#/reports/1?at=3` is the view `reports`, the parts `["1"]`, and `at`. */
export interface Route {
  view: string;
  parts: string[];
  query: URLSearchParams;
}

function subscribe(changed: () => void) {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", ...parts] = path.split("/").map(decodeURIComponent);
  return { view: view || "query", parts, query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

/** The address of a place in the app. */
export function address(view: string, parts: (string | number)[] = [], query: Record<string, string | number | undefined> = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const search = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return `#/${[view, ...parts].map((part) => encodeURIComponent(String(part))).join("/")}${search && `?${search}`}`;
}

export function go(to: string) {
  location.hash = to;
}
