/** The schema's versions, for all views that need them. */

import type { Api } from "../api/client";
import type { Schema, Version } from "../api/model";

/** Pages of a hundred that are read: more make no line that one could read. */
const PAGES = 5;

/** The newest versions, oldest first. */
export async function recentVersions(api: Api, signal?: AbortSignal): Promise<Version[]> {
  const versions: Version[] = [];
  let before: number | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await api.call("get", "/api/schema/versions", { query: { before }, signal });
    versions.push(...answer.versions);
    if (answer.next === null || answer.next === undefined) break;
    before = answer.next;
  }
  return versions.reverse();
}

/** The newest version of the schema, whole. */
export async function currentSchema(api: Api, signal?: AbortSignal): Promise<Schema> {
  return (await api.call("get", "/api/schema/current", { signal })) as Schema;
}

/** Versions that stand for all in a picture: the first, the newest, and some between. */
export function sampled(versions: Version[], most: number): Version[] {
  if (versions.length <= most) return versions;
  const places = Array.from({ length: most }, (_, i) => Math.round((i * (versions.length - 1)) / (most - 1)));
  return [...new Set(places)].map((i) => versions[i]!);
}

/** The schema at each of some versions. They never change but for descriptions, so the browser has most of them already. */
export async function schemasAt(api: Api, versions: Version[], signal?: AbortSignal): Promise<Schema[]> {
  const one = async ({ version }: Version) => (await api.call("get", "/api/schema/versions/{version}", { path: { version }, signal })) as Schema;
  return Promise.all(versions.map(one));
}
