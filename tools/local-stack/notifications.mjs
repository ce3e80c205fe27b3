/**
 * The rules by which a bucket's events reach a queue, as notifications.json states them.
 *
 * Each rule has the arguments of one `wrangler r2 bucket notification create`, under their own names, so that a deployment
 * is one command a rule and what it makes is what the local stack does. JSON, as both Node and a shell with Node read it.
 */

/**
 * @typedef {"PutObject" | "CopyObject" | "CompleteMultipartUpload" | "DeleteObject" | "LifecycleDeletion"} Action
 */

/**
 * @typedef {object} Rule
 * @property {string} bucket
 * @property {string} queue
 * @property {("object-create" | "object-delete")[]} event_types
 * @property {string} [prefix] Only keys that start so.
 * @property {string} [suffix] Only keys that end so.
 * @property {string} [description] For people.
 */

/** The actions of each event type, as wrangler sends them to the platform. */
export const ACTIONS = Object.freeze({
  "object-create": Object.freeze(["PutObject", "CompleteMultipartUpload", "CopyObject"]),
  "object-delete": Object.freeze(["DeleteObject", "LifecycleDeletion"]),
});

const REQUIRED = ["bucket", "queue", "event_types"];
const OPTIONAL = ["prefix", "suffix", "description"];

/**
 * Parses and checks notifications.json.
 *
 * @param {string} text
 * @param {string} file Name for error messages.
 * @returns {Rule[]}
 * @throws {Error} that names the rule and what is wrong with it.
 */
export function parseRules(text, file) {
  /** @type {Rule[]} */
  const rules = JSON.parse(text).rules;
  if (!Array.isArray(rules)) throw new Error(`${file}: "rules" must be a list`);
  rules.forEach((rule, index) => {
    const fail = (problem) => {
      throw new Error(`${file}, rule ${index + 1}: ${problem}`);
    };
    const unknown = Object.keys(rule).find((name) => ![...REQUIRED, ...OPTIONAL].includes(name));
    if (unknown) fail(`there is no setting "${unknown}"`);
    const missing = REQUIRED.find((name) => !rule[name]?.length);
    if (missing) fail(`"${missing}" is missing or empty`);
    const type = rule.event_types.find((name) => !(name in ACTIONS));
    if (type) fail(`there is no event type "${type}"; there are ${Object.keys(ACTIONS).join(" and ")}`);
    const other = rules.slice(0, index).findIndex((earlier) => overlap(earlier, rule));
    // The platform refuses such a pair whatever their event types.
    if (other >= 0) fail(`rule ${other + 1} takes some of the same keys of "${rule.bucket}"`);
  });
  return rules;
}

/** Whether a key of one bucket could match both rules. */
function overlap(a, b) {
  const nested = (x = "", y = "", startsOrEnds) => x[startsOrEnds](y) || y[startsOrEnds](x);
  return a.bucket === b.bucket && nested(a.prefix, b.prefix, "startsWith") && nested(a.suffix, b.suffix, "endsWith");
}

/**
 * The queue that an event goes to, if any: rules of one bucket don't overlap.
 *
 * @param {Rule[]} rules
 * @param {{ action: Action, bucket: string, object: { key: string } }} event
 * @returns {string | undefined}
 */
export function queueFor(rules, { action, bucket, object }) {
  return rules.find(
    (rule) =>
      rule.bucket === bucket &&
      object.key.startsWith(rule.prefix ?? "") &&
      object.key.endsWith(rule.suffix ?? "") &&
      rule.event_types.some((type) => ACTIONS[type].includes(action)),
  )?.queue;
}
