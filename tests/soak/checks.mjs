/**
 * What has to hold in the end, each rule by a recount: what was put into the buckets against what readers of the warehouse see.
 *
 * Every check gives sentences, one for each thing that is wrong, and none where all is well.
 */

/** Rows of one answer of the warehouse: below both of its limits. */
const PAGE = 300;

/** The tag in a row's own text is up to this. */
const TAG_END = "#";

/** Where each dataset has the text that begins with the tag of its content. */
const TAGGED = {
  structured_data: "data->>'$.row'",
  raw_documents: "text",
  annotations: "text",
};

/**
 * @typedef {object} Sums
 * @property {number} expected Rows of the objects that are there, as readers should see them.
 * @property {number} seen
 * @property {number} lost
 * @property {number} doubled
 */

/** Reads all rows of a query that has a unique, ordered number `n`. */
async function pages(stack, query) {
  const rows = [];
  for (let last = -1, more = true; more; ) {
    const page = await stack.sql.query(`FROM (${query}) WHERE n > ${last} ORDER BY n LIMIT ${PAGE}`);
    rows.push(...page);
    more = page.length === PAGE;
    last = page.at(-1)?.n;
  }
  return rows;
}

/**
 * Each object that is there is committed with its newest content, whole; and each that is not there isn't seen.
 *
 * @param {import("../../tools/local-stack/index.mjs").Stack} stack
 * @param {import("./world.mjs").World} world
 * @returns {Promise<string[]>}
 */
export async function checkObjects(stack, world) {
  const commits = await pages(stack, `
    SELECT commit_seq AS n, kind, bucket || '/' || key AS object, batch_id, row_count, rejected_count FROM commits WHERE kind <> 'decision'`);
  const newest = new Map(commits.map((commit) => [commit.object, commit]));
  const wrong = [];
  for (const { bucket, key, content } of world.parquet()) {
    const object = `${bucket}/${key}`;
    const commit = newest.get(object);
    const isSeen = commit?.kind === "load";
    if (!content || content.unreadable) {
      if (isSeen) wrong.push(`${object} ${content ? "can't be read" : "is deleted"}, and readers see it`);
    } else if (!isSeen) {
      wrong.push(`${object} isn't committed: ${content.rows} rows are lost`);
    } else if (commit.row_count !== content.rows || commit.rejected_count !== content.rejected) {
      wrong.push(`${object} has ${content.rows} rows and ${content.rejected} to reject; committed are ${commit.row_count} and ${commit.rejected_count}`);
    }
  }
  return wrong;
}

/**
 * Every row that should be seen is seen, once: by the tags that rows have, not by what the commit log says of them.
 *
 * @returns {Promise<{ sums: Sums, wrong: string[] }>}
 */
export async function checkRows(stack, world) {
  const seen = new Map();
  for (const dataset of ["structured_data", "raw_documents"]) {
    const text = TAGGED[dataset];
    const rows = await pages(stack, `
      SELECT row_number() OVER (ORDER BY tag) AS n, tag, rows, different FROM (
        SELECT split_part(${text}, '${TAG_END}', 1) AS tag, count(*) AS rows, count(DISTINCT split_part(${text}, ' ', 1)) AS different
        FROM ${dataset} GROUP BY ALL)`);
    for (const { tag, rows: count, different } of rows) seen.set(tag, { rows: count, different });
  }
  const sums = { expected: 0, seen: 0, lost: 0, doubled: 0 };
  const wrong = [];
  const take = (what, expected, { rows, different }) => {
    sums.expected += expected;
    sums.seen += rows;
    sums.lost += Math.max(0, expected - different);
    sums.doubled += rows - Math.min(different, expected);
    if (rows !== expected || different !== expected) wrong.push(`${what}: ${expected} rows expected, ${rows} seen, ${different} of them different`);
  };
  for (const { bucket, key, content } of world.parquet()) {
    if (!content || content.unreadable || content.records) continue;
    take(`${bucket}/${key}`, content.rows, seen.get(content.tag) ?? { rows: 0, different: 0 });
    seen.delete(content.tag);
  }
  for (const [tag, count] of seen) take(`${tag}, a content that is there no longer`, 0, count);
  await checkRecords(stack, world, take);
  return { sums, wrong };
}

/** Of each annotated record the row of the newest visible content that has it. */
async function checkRecords(stack, world, take) {
  const order = new Map((await pages(stack, "SELECT commit_seq AS n, batch_id FROM commits WHERE dataset = 'annotations' AND kind = 'load'")).map(({ n, batch_id: tag }) => [tag, n]));
  /** By `dataset/record`: the tag that it should have. */
  const expected = new Map();
  const visible = world.objects("argilla-exports").filter(({ content }) => content);
  visible.sort((a, b) => (order.get(a.content.tag) ?? 0) - (order.get(b.content.tag) ?? 0));
  for (const { key, content } of visible) {
    for (const record of content.records) expected.set(`${key.split("/")[0]}/${record}`, content.tag);
  }
  const rows = await pages(stack, `
    SELECT row_number() OVER (ORDER BY dataset, record_id, load_id, row_no) AS n, dataset || '/' || record_id AS record,
           split_part(${TAGGED.annotations}, '${TAG_END}', 1) AS tag
    FROM annotations`);
  const seen = new Map();
  for (const { record, tag } of rows) seen.set(record, [...(seen.get(record) ?? []), tag]);
  for (const record of new Set([...expected.keys(), ...seen.keys()])) {
    const tags = seen.get(record) ?? [];
    const right = tags.filter((tag) => tag === expected.get(record)).length;
    take(`record ${record}`, expected.has(record) ? 1 : 0, { rows: tags.length, different: Math.min(right, 1) });
  }
}

/** What is in quarantine. @returns {Promise<{ object: string, reason: string }[]>} */
export function quarantined(stack) {
  return pages(stack, "SELECT row_number() OVER (ORDER BY bucket, key) AS n, bucket || '/' || key AS object, left(reason, 100) AS reason FROM quarantine");
}

/** What can't be read is in quarantine with a reason, and nothing else is. @returns {Promise<string[]>} */
export async function checkQuarantine(stack, world) {
  const held = new Map((await quarantined(stack)).map(({ object, reason }) => [object, reason]));
  const unreadable = new Set(world.putAsParquet().filter(({ content }) => content?.unreadable).map(({ bucket, key }) => `${bucket}/${key}`));
  return [
    ...[...unreadable].filter((object) => !held.has(object)).map((object) => `${object} can't be read, and is in no quarantine`),
    ...[...held].filter(([object]) => !unreadable.has(object)).map(([object, reason]) => `${object} is in quarantine: ${reason}`),
  ];
}

/** Commits and versions are numbered without a gap, and each commit is folded into the catalog once. @returns {Promise<{ commits: number, versions: number, gaps: number, wrong: string[] }>} */
export async function checkNumbers(stack) {
  const [row] = await stack.sql.query(`
    SELECT (SELECT count(*) FROM commits) AS commits, (SELECT coalesce(max(commit_seq), 0) FROM commits) AS last_commit,
           (SELECT count(*) FROM schema_snapshots) AS versions, (SELECT max(version) FROM schema_snapshots) AS last_version,
           (SELECT count(*) FROM schema_snapshots WHERE version > 1 AND parent_version IS DISTINCT FROM version - 1) AS orphans,
           (SELECT count(*) FROM catalog_log WHERE item_no = 0) AS folded,
           (SELECT count(DISTINCT commit_seq) FROM catalog_log WHERE item_no = 0) AS folded_once`);
  const wrong = [];
  const commitGaps = row.last_commit - row.commits;
  if (commitGaps !== 0) wrong.push(`the last commit is ${row.last_commit}, and there are ${row.commits}`);
  const versionGaps = Math.abs(row.last_version - row.versions) + row.orphans;
  if (versionGaps !== 0) wrong.push(`the last version is ${row.last_version}, there are ${row.versions}, and ${row.orphans} don't follow the one before`);
  if (row.folded !== row.commits || row.folded_once !== row.commits) wrong.push(`of ${row.commits} commits ${row.folded_once} are in the catalog, in ${row.folded} rows`);
  return { commits: row.commits, versions: row.versions, gaps: commitGaps + versionGaps, wrong };
}

/** The catalog counts what a full recount gives, and the typed views have every row. @returns {Promise<string[]>} */
export async function checkCatalog(stack) {
  const wrong = [];
  const types = await stack.sql.query(`
    SELECT coalesce(t.dataset, m.dataset) || ': ' || coalesce(t.label, m.label) AS name, t.n AS counted, m.n AS there
    FROM (SELECT dataset, label, occurrence_count AS n FROM entity_types WHERE occurrence_count > 0) AS t
    FULL JOIN (SELECT dataset, label, count(*) AS n FROM entity_mentions WHERE origin = 'response' GROUP BY ALL) AS m USING (dataset, label)
    WHERE t.n IS DISTINCT FROM m.n LIMIT 20`);
  const fields = await stack.sql.query(`
    SELECT coalesce(f.scope, r.scope) || ': ' || coalesce(f.name, r.name) AS name, f.n AS counted, r.n AS there
    FROM (SELECT source_table AS scope, column_name AS name, occurrence_count AS n FROM field_definitions WHERE occurrence_count > 0) AS f
    FULL JOIN (SELECT source_table AS scope, j.key AS name, count(*) AS n FROM structured_data, json_each(data) AS j WHERE j.type <> 'NULL' GROUP BY ALL) AS r
    USING (scope, name)
    WHERE f.n IS DISTINCT FROM r.n LIMIT 20`);
  for (const { name, counted, there } of [...types, ...fields]) wrong.push(`the catalog counts ${counted} of ${name}, and there are ${there}`);
  for (const { source_table: table, n } of await stack.sql.query("SELECT source_table, count(*) AS n FROM structured_data GROUP BY ALL")) {
    const typed = await stack.sql.value(`SELECT count(*) FROM typed."${table}"`);
    if (typed !== n) wrong.push(`typed.${table} has ${typed} rows, structured_data ${n}`);
  }
  return wrong;
}

/** Workbooks that can't be read are refused. @param {(key: string) => Promise<string>} stateOf @returns {Promise<string[]>} */
export async function checkRefused(world, stateOf) {
  const wrong = [];
  for (const { key, content } of world.objects("vessel-uploads")) {
    if (!content?.unreadable) continue;
    const state = await stateOf(key);
    if (state !== "refused") wrong.push(`${key} can't be read, and is ${state}`);
  }
  return wrong;
}
