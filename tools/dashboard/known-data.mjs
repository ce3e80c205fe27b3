/**
 * A warehouse whose every figure is known: 28 days of landings, versions and queries by simple rules, and what waits now. Tests hold views,
 * panels and alerts against it, and the pictures of the dashboard are drawn from it.
 *
 * A day is named by how many days ago it was: 29 is the first, 2 the last, so that "within the last 24 hours" is only what is said to
 * be minutes ago.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Days of the rules, from the first to the last. */
export const DAYS = Array.from({ length: 28 }, (_, n) => 29 - n);

/** When the module was loaded, and the midnight (UTC) before it. */
const NOW = Date.now();
const TODAY = NOW - (NOW % DAY);

/**
 * @param {number} days How many days ago.
 * @param {string} [time] Of that day.
 * @returns {number} milliseconds since 1970.
 */
export const at = (days, time = "00:00:00") => TODAY - days * DAY + Date.parse(`1970-01-01T${time}Z`);

/** @param {number} minutes */
export const ago = (minutes) => NOW - minutes * MINUTE;

/** The days of the rules, whole, as a range of the dashboard. */
export const RANGE = { from: new Date(at(30)).toISOString(), to: new Date(at(1)).toISOString() };

const timestamp = (ms) => `TIMESTAMP '${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}'`;
const text = (value) => (value === null ? "NULL" : `'${String(value).replaceAll("'", "''")}'`);
const json = (value) => text(JSON.stringify(value));
const id = (number) => `'018f0000-0000-7000-8000-${number.toString(16).padStart(12, "0")}'`;

/** A number for each day of the rules: 0 for the first. */
export const numberOf = (day) => 29 - day;

// ---- What the rules say of day n --------------------------------------------------------------------------------------

export const annotatedRows = (n) => 100 * (1 + (n % 4));
export const rejectedRows = (n) => n % 3;
export const hasDocuments = (n) => n % 2 === 0;
/** Two days of seven bring nothing new. */
export const bringsNews = (n) => n % 7 < 5;
export const newEntityTypes = (n) => 1 + (n % 2);
export const hasDecision = (n) => n % 7 === 3;
/** Days whose first load widens a type, breaks one, and removes a field. */
export const WIDENS = 10;
export const BREAKS = 17;
export const REMOVES = 24;
/** Query i of 1 to 100 took `10 * i * slowness(n)` ms. */
export const slowness = (n) => 1 + (n % 5);

// ---- The catalog ------------------------------------------------------------------------------------------------------

const entity = (name) => ({ kind: "entity_type", scope: "port-calls", question: "entities", name });
const field = (name) => ({ kind: "field", scope: "fleet", question: "", name });

/** An item of the log, with its counts: labels in responses, or rows with a value. */
function item(key, { count, first, last, status = "approved", stored = status, similar, ruling, canonical = null, leads = true, names, totals, isNew = false }) {
  const times = { first_seen: first * 1000, last_seen: last * 1000 };
  const counts = (number) =>
    key.kind === "field" ? { loads: 1, rows: number, present: number, ...times } : { responses: number, suggestions: 0, records: number, examples: [], ...times };
  return {
    key, isNew, status, canonical, leads, names, flagged: leads && status === "flagged", totals: totals === undefined ? undefined : counts(totals),
    item: { key, status: stored, totals: counts(count), ...(similar && { similar }), ...(ruling && { ruling }) },
  };
}

const looksLike = (key) => ({ item: key, score: 0.99, reason: "same name but for case, separators or accents" });

// ---- The statements ---------------------------------------------------------------------------------------------------

/**
 * What makes the known data in a warehouse that is set up and empty.
 *
 * @returns {string[]}
 */
export function knownData() {
  const commits = [];
  const ledger = [];
  const log = [];
  const versions = [];
  let version = 1;
  // The number of the decision that merges "IMO no." into "imo".
  let merge = 0;

  const attempt = (loadId, bucket, key, etag, uploaded, started, dataset, end) => {
    const row = (time, state, reason) =>
      `(${loadId}, ${timestamp(time)}, '${state}', ${text(bucket)}, ${text(key)}, ${text(etag)}, ${timestamp(uploaded)}, 1000, '${dataset}', ${text(reason)})`;
    ledger.push(row(started, "started", null));
    if (end) ledger.push(row(end.at, end.state, end.reason));
  };
  let attempts = 0;
  const failedAttempt = (...of) => attempt(id(1_000_000 + attempts++), ...of);

  /** Commits a load a minute after it began, and folds it in. */
  const load = ({ time, seconds, bucket, key, etag = "e1", dataset, source, rows, rejected = 0, changes = [], items = [], isFolded = true }) => {
    const sequence = commits.length + 1;
    const uploaded = time - seconds * 1000;
    attempt(id(sequence), bucket, key, etag, uploaded, time - 10_000, dataset);
    commits.push(
      `(${sequence}, 'load', ${id(sequence)}, ${text(bucket)}, ${text(key)}, ${text(etag)}, ${timestamp(uploaded)}, '${dataset}', ${text(source)}, 'batch', 1, NULL, ` +
        `'test', ${rows}, ${rejected}, 'push', ${timestamp(time)}, NULL)`,
    );
    if (isFolded) fold(sequence, time, changes, items, [{ load_id: id(sequence).slice(1, -1), bucket, key }]);
    return sequence;
  };

  const decide = (time, decision, changes, items) => {
    const sequence = commits.length + 1;
    commits.push(
      `(${sequence}, 'decision', ${"NULL, ".repeat(13)}NULL, ${timestamp(time)}, ${json({ by: "ann", reason: "one thing", ...decision })})`,
    );
    fold(sequence, time, changes, items(sequence), [{ decision: sequence }]);
  };

  const fold = (sequence, time, changes, items, lineage) => {
    log.push(`(${sequence}, 0, 'commit', ${"NULL, ".repeat(14)}${json(changes)}, NULL)`);
    items.forEach(({ key, isNew, status, canonical, leads, names, flagged, totals, item: content }, i) => {
      log.push(
        `(${sequence}, ${i + 1}, '${key.kind}', ${text(key.scope)}, ${text(key.question)}, ${text(key.name)}, ${isNew}, true, '${status}', ${text(canonical)}, ${leads}, ` +
          `${key.kind === "field" ? "'BIGINT'" : "NULL"}, NULL, ${names ? json(names) : "NULL"}, ${flagged}, ${totals ? json(totals) : "NULL"}, ${json(content)}, NULL, NULL)`,
      );
    });
    if (changes.length > 0) {
      version += 1;
      versions.push(`(${version}, ${version - 1}, ${timestamp(time)}, 'hash', '{"entity_types":[],"fields":[]}', ${json(changes)}, ${sequence}, ${json(lineage)})`);
    }
  };

  const change = (what, compatibility, key) => ({ change: what, compatibility, ...key });
  const added = (key) => change("added", "additive", key);

  // Long ago: what was there at first. "IMO no." looked like "imo", and waited.
  const old = { first: at(200), last: at(200) };
  load({
    time: at(200), seconds: 60, bucket: "argilla-exports", key: "port-calls/first.parquet", dataset: "annotations", source: "port-calls", rows: 1000,
    changes: [...["vessel", "port", "tug", "barge"].map((name) => added(entity(name))), added(field("imo")), added(field("IMO no."))],
    items: [
      item(entity("vessel"), { ...old, count: 390, isNew: true }),
      item(entity("port"), { ...old, count: 100, isNew: true }),
      item(entity("tug"), { ...old, count: 50, last: at(120), isNew: true }),
      item(entity("barge"), { ...old, count: 3, last: at(31), isNew: true }),
      item(field("imo"), { ...old, count: 95, isNew: true }),
      item(field("IMO no."), { ...old, count: 78, status: "flagged", similar: looksLike(field("imo")), isNew: true }),
    ],
  });

  for (const day of DAYS) {
    const n = numberOf(day);
    const times = { first: at(day, "09:00:00"), last: at(day, "09:00:00") };
    const news = bringsNews(n) ? Array.from({ length: newEntityTypes(n) }, (_, i) => added(entity(`type ${n}.${i}`))) : [];
    if (n === WIDENS) news.push(change("type_changed", "widening", field("tonnage")));
    if (n === BREAKS) news.push(change("type_changed", "breaking", field("tonnage")));
    if (n === REMOVES) news.push(change("removed", "breaking", field("old")));
    const items = [];
    if (n === 10) items.push(item(entity("ships"), { ...times, count: 12, status: "flagged", similar: looksLike(entity("vessel")), isNew: true }));
    if (n === 20) {
      items.push(
        item(entity("vessel"), { first: at(200), last: times.last, count: 400 }),
        item(entity("port"), { first: at(200), last: times.last, count: 160 }),
        item(entity("Vessel"), { ...times, count: 2, status: "flagged", similar: looksLike(entity("vessel")), isNew: true }),
        item(field("imo"), { first: at(200), last: times.last, count: 100, names: ["imo", "IMO no."], totals: 180 }),
        item(field("IMO no."), {
          first: at(200), last: times.last, count: 80, stored: "flagged", similar: looksLike(field("imo")), canonical: "imo", leads: false,
          ruling: { verdict: "merged", into: field("imo"), canonical: "imo", decision: merge },
        }),
      );
    }
    if (n === 24) items.push(item(entity("buoy"), { ...times, count: 9, status: "waiting", leads: false, isNew: true }));
    if (n % 9 === 4) {
      failedAttempt("argilla-exports", `daily/${n}.parquet`, "e1", at(day, "08:58:00"), at(day, "08:58:10"), "annotations", {
        at: at(day, "08:58:20"), state: "failed", reason: "the warehouse doesn't answer",
      });
    }
    load({
      time: at(day, "09:00:00"), seconds: 120, bucket: "argilla-exports", key: `daily/${n}.parquet`, dataset: "annotations", source: "port-calls",
      rows: annotatedRows(n), rejected: rejectedRows(n), changes: news, items,
    });
    load({
      time: at(day, "09:10:00"), seconds: 300, bucket: "vessel-csv", key: `fleet/${n}.parquet`, dataset: "structured_data", source: "fleet", rows: 1000,
      changes: bringsNews(n) ? [added(field(`field ${n}`))] : [],
    });
    if (hasDocuments(n)) {
      load({ time: at(day, "09:20:00"), seconds: 60, bucket: "vessel-ocr", key: `${n}.parquet`, dataset: "raw_documents", source: null, rows: 50 });
    }
    if (n % 7 === 1) {
      failedAttempt("vessel-ocr", `bad/${n}.parquet`, "e1", at(day, "11:59:00"), at(day, "11:59:30"), "raw_documents", {
        at: at(day, "12:00:00"), state: "quarantined", reason: "not a Parquet file: it doesn't end with the letters PAR1",
      });
    }
    // One of them was mended and uploaded again.
    if (n === 9) load({ time: at(day, "13:00:00"), seconds: 60, bucket: "vessel-ocr", key: "bad/8.parquet", etag: "e2", dataset: "raw_documents", source: null, rows: 50 });
    if (n === 14) {
      failedAttempt("vessel-csv", "gone.parquet", "e1", at(day, "12:00:00"), at(day, "12:00:10"), "structured_data", {
        at: at(day, "12:00:20"), state: "discarded", reason: "the object is gone",
      });
    }
    if (hasDecision(n)) {
      // The first merges "IMO no." into "imo", the third keeps "ships"; the others are about things without items here.
      decide(at(day, "15:00:00"), { action: "merge" }, [change("names_changed", "additive", field("imo"))], (sequence) => {
        if (n === 3) merge = sequence;
        if (n === 3) {
          return [
            item(field("imo"), { ...old, count: 95, names: ["imo", "IMO no."], totals: 173 }),
            item(field("IMO no."), {
              ...old, count: 78, stored: "flagged", similar: looksLike(field("imo")), status: "approved", canonical: "imo", leads: false,
              ruling: { verdict: "merged", into: field("imo"), canonical: "imo", decision: sequence },
            }),
          ];
        }
        if (n === 17) {
          const seen = at(19, "09:00:00");
          return [
            item(entity("ships"), {
              first: seen, last: seen, count: 12, stored: "flagged", similar: looksLike(entity("vessel")), ruling: { verdict: "kept", decision: sequence },
            }),
          ];
        }
        return [];
      });
    }
  }

  // Now: a version half an hour ago, two commits that discovery hasn't seen, and two objects that ingest is at.
  const recent = { dataset: "annotations", bucket: "argilla-exports", source: "port-calls", rows: 10, seconds: 60 };
  load({ ...recent, time: ago(30), key: "now/0.parquet", changes: [added(entity("new"))] });
  load({ ...recent, time: ago(10), key: "now/1.parquet", isFolded: false });
  load({ ...recent, time: ago(5), key: "now/2.parquet", isFolded: false });
  failedAttempt("vessel-csv", "slow/1.parquet", "e1", ago(26), ago(25), "structured_data", { at: ago(24), state: "failed", reason: "the warehouse doesn't answer" });
  failedAttempt("vessel-csv", "slow/1.parquet", "e1", ago(26), ago(5), "structured_data");
  failedAttempt("vessel-csv", "slow/2.parquet", "e1", at(10), at(10), "structured_data", { at: at(10), state: "discarded", reason: "the object changed" });
  failedAttempt("vessel-csv", "slow/2.parquet", "e2", ago(3), ago(2), "structured_data");

  return [
    `INSERT INTO commits VALUES ${commits.join(", ")}`,
    `INSERT INTO load_ledger VALUES ${ledger.join(", ")}`,
    `INSERT INTO catalog_log VALUES ${log.join(", ")}`,
    `INSERT INTO schema_snapshots VALUES ${versions.join(", ")}`,
    ...DAYS.flatMap((day) => {
      const n = numberOf(day);
      const slow = slowness(n);
      return [
        queries(100, { first: at(day, "10:00:00"), every: 30, milliseconds: `10 * i * ${slow}`, version: 2 + n, error: "CASE WHEN i > 98 THEN 'time_limit' END" }),
        queries(10, { first: at(day, "11:00:00"), every: 30, milliseconds: "1", version: 2 + n, cached: true }),
      ];
    }),
    queries(20, { first: ago(30), every: 60, milliseconds: "1000", version }),
    // All that there was to tell on those days was told.
    `INSERT INTO outbox_attempts SELECT fact, channel, 1, ${id(7)}, since FROM outbox_facts WHERE channel = 'slack' AND since < ${timestamp(at(1))}`,
    `INSERT INTO outbox_outcomes VALUES (${id(7)}, 'slack', ${timestamp(at(1))}, 'sent', NULL, NULL)`,
  ];
}

/** Queries `i` from 1 to `count`. */
function queries(count, { first, every, milliseconds, version, cached = false, error = "NULL" }) {
  return (
    `INSERT INTO query_executions ` +
    `SELECT uuid(), ${timestamp(first)} + to_seconds((i - 1) * ${every}), 'ann', 'FROM annotations SELECT ' || (i % 4), md5(CAST(i % 4 AS VARCHAR)), 'live', ` +
    `${version}, ${version}, NULL, NULL, ${milliseconds}, ${cached}, 1, false, NULL, ${error} FROM range(1, ${count + 1}) AS t(i)`
  );
}

/**
 * What goes wrong after that, so that every alert fires: versions, slow queries, and things that wait too long.
 *
 * @returns {string[]}
 */
export function trouble() {
  return [
    `INSERT INTO schema_snapshots SELECT version + i, version + i - 1, ${timestamp(ago(20))}, 'hash', '{}', diff, commit_seq, lineage ` +
      `FROM schema_snapshots, range(1, 11) AS t(i) WHERE version = (SELECT max(version) FROM schema_snapshots)`,
    queries(20, { first: ago(25), every: 60, milliseconds: "12000", version: 2 }),
    `INSERT INTO load_ledger VALUES (${id(2_000_000)}, ${timestamp(ago(90))}, 'started', 'vessel-csv', 'stuck.parquet', 'e1', ${timestamp(ago(91))}, 1, 'structured_data', NULL)`,
    `UPDATE commits SET committed_at = ${timestamp(ago(180))} WHERE commit_seq = (SELECT max(commit_seq) FROM commits)`,
  ];
}
