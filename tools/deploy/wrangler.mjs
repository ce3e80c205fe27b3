/** wrangler, and what of its answers a deployment needs. Its words are those of the pinned version (tests/deploy/wrangler.test.mjs). */

import { spawn } from "node:child_process";

/** What wrangler says of something that isn't there. */
const NO_QUEUE = /Queue "[^"]*" does not exist\./;
const NO_WORKER = /Worker "[^"]*"( \(env: [^)]*\))? not found\./;
/** The bucket is there: R2's API has the one, its documents the other (https://developers.cloudflare.com/r2/api/error-codes/). Nobody could check without an account. */
const BUCKET_IS_THERE = /\[code: (10004|10073)\]/;

/**
 * @typedef {object} Answer
 * @property {number} code
 * @property {string} stdout
 * @property {string} output Standard output and error, for messages.
 */

/**
 * Runs wrangler with these arguments, and further variables of its environment.
 *
 * @typedef {(parameters: string[], options: { env?: Record<string, string>, onOutput?: (text: string) => void }) => Promise<Answer>} Ask
 */

export class Wrangler {
  #ask;

  /**
   * @param {Ask} ask
   * @param {string} config The configuration, whose account is the one that is asked.
   */
  constructor(ask, config) {
    // In another folder wrangler would take the repository's.
    this.#ask = (parameters, options = {}) => ask([...parameters, ...(parameters.includes("--config") ? [] : ["--config", config])], options);
  }

  /** @returns {Promise<Set<string>>} the first page of the account's buckets. */
  async buckets() {
    return new Set(records(await this.run(["r2", "bucket", "list"])).map(({ name }) => name));
  }

  /**
   * @param {string[]} parameters Those of the command that creates it.
   * @returns {Promise<boolean>} whether it wasn't there.
   */
  async createBucket(parameters) {
    const answer = await this.#ask(parameters);
    if (answer.code !== 0 && BUCKET_IS_THERE.test(answer.output)) return false;
    checked(answer, parameters);
    return true;
  }

  /** @param {string} name */
  async hasQueue(name) {
    const answer = await this.#ask(["queues", "info", name]);
    if (answer.code !== 0 && NO_QUEUE.test(answer.output)) return false;
    checked(answer, ["queues", "info", name]);
    return true;
  }

  /** @returns {Promise<Map<string, string>>} ids of the account's KV namespaces by title. */
  async namespaces() {
    return new Map(json(await this.run(["kv", "namespace", "list"])).map(({ title, id }) => [title, id]));
  }

  /**
   * @param {string} environment Of wrangler.toml.
   * @returns {Promise<string[]>} names of the secrets that the Worker has; none if it isn't there.
   */
  async secrets(environment) {
    const parameters = ["secret", "list", "--env", environment, "--format", "json"];
    const answer = await this.#ask(parameters);
    if (answer.code !== 0 && NO_WORKER.test(answer.output)) return [];
    return json(checked(answer, parameters)).map(({ name }) => name);
  }

  /**
   * @param {string} bucket
   * @returns {Promise<{ queue: string, prefix: string, suffix: string, actions: string[] }[] | undefined>} its rules; undefined if wrangler
   *   gives none, as of a bucket that never had one.
   */
  async rules(bucket) {
    const answer = await this.#ask(["r2", "bucket", "notification", "list", bucket]);
    if (answer.code !== 0) return undefined;
    return records(answer.stdout)
      .filter(({ queue_name }) => queue_name)
      .map(({ queue_name: queue, prefix, suffix, event_type }) => ({
        queue,
        prefix: prefix === "(all prefixes)" ? "" : prefix,
        suffix: suffix === "(all suffixes)" ? "" : suffix,
        actions: event_type.split(",").sort(),
      }));
  }

  /**
   * @param {string[]} parameters
   * @param {object} [options]
   * @param {Record<string, string>} [options.env] Further variables.
   * @param {(line: string) => void} [options.onOutput]
   * @returns {Promise<string>} its standard output.
   * @throws {Error} with its words, if it fails.
   */
  async run(parameters, options) {
    return checked(await this.#ask(parameters, options), parameters);
  }
}

/**
 * wrangler as a program.
 *
 * @param {string} program
 * @param {object} options
 * @param {string} options.cwd
 * @param {Record<string, string | undefined>} options.env
 * @returns {Ask}
 */
export function wranglerProgram(program, { cwd, env }) {
  return (parameters, { env: further = {}, onOutput } = {}) =>
    new Promise((resolve, reject) => {
      // Without a terminal wrangler asks nothing and takes the answer that goes on.
      const child = spawn(program, parameters, { cwd, env: { ...env, NO_COLOR: "1", ...further }, stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, output] = ["", ""];
      const take = (text) => {
        output += text;
        onOutput?.(text);
      };
      child.stdout.setEncoding("utf8").on("data", (text) => {
        stdout += text;
        take(text);
      });
      child.stderr.setEncoding("utf8").on("data", take);
      child.once("error", reject);
      child.once("close", (code, signal) => (signal ? reject(new Error(`wrangler ${parameters.join(" ")} ended with ${signal}`)) : resolve({ code, stdout, output })));
    });
}

/** @param {Answer} answer */
function checked({ code, stdout, output }, parameters) {
  if (code !== 0) throw new Error(`wrangler ${parameters.join(" ")} failed:\n${output.trim()}`);
  return stdout;
}

/** What wrangler prints as `name:  value` lines, with an empty line between two things. */
function records(text) {
  return text
    .split(/\n\s*\n/)
    .map((block) => Object.fromEntries([...block.matchAll(/^(\w+):[ \t]+(.*?)[ \t]*$/gm)].map(([, name, value]) => [name, value])))
    .filter((record) => Object.keys(record).length > 0);
}

/** JSON that may have lines of text before it. */
function json(text) {
  const start = text.search(/^[[{]/m);
  if (start < 0) throw new Error(`wrangler's answer has no JSON:\n${text}`);
  return JSON.parse(text.slice(start));
}
