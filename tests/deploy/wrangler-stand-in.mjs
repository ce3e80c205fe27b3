/**
 * Stands in for wrangler and the account behind it: takes the commands that a deployment gives, keeps what they make, notes each call, and
 * answers with wrangler's own words (wrangler.test.mjs holds those against the real one). It refuses what the platform refuses: a Worker
 * that is bound to something that isn't there, a second rule for the same keys, a name that is taken.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { ACTIONS } from "../../tools/local-stack/notifications.mjs";

const OPTIONS = {
  config: { type: "string" }, env: { type: "string" }, queue: { type: "string" }, prefix: { type: "string" }, suffix: { type: "string" },
  description: { type: "string" }, format: { type: "string" }, "secrets-file": { type: "string" }, "update-config": { type: "string" },
  "event-types": { type: "string", multiple: true },
};

/** An error that wrangler prints. */
class Refusal extends Error {}

const apiError = (path, message, code) => new Refusal(`A request to the Cloudflare API (${path}) failed.\n\n  ${message} [code: ${code}]`);
const labelled = (things) => things.map((thing) => Object.entries(thing).map(([name, value]) => `${`${name}:`.padEnd(16)}${value}`).join("\n")).join("\n\n");

export class StandInAccount {
  buckets = [];
  queues = [];
  namespaces = [];
  workers = {};
  rules = {};
  /** The commands that it was given, oldest first. @type {string[]} */
  calls = [];
  /** The number of the call at which the connection is lost, and whether that is after what was asked is done. */
  dies = { at: 0, late: false };

  /** @type {import("../../tools/deploy/wrangler.mjs").Ask} */
  ask = async (parameters, { env = {} }) => {
    this.calls.push(parameters.join(" "));
    const dies = this.calls.length === this.dies.at;
    const lost = { code: 1, stdout: "", output: "✘ [ERROR] fetch failed" };
    if (dies && !this.dies.late) return lost;
    const answer = this.#answer(parameters, env);
    return dies ? lost : answer;
  };

  #answer(parameters, env) {
    try {
      const stdout = this.#run(parameters, env) ?? "";
      return { code: 0, stdout, output: stdout };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { code: 1, stdout: "", output: `\n✘ [ERROR] ${error.message}\n` };
    }
  }

  #run(parameters, env) {
    const { values, positionals } = parseArgs({ args: parameters, allowPositionals: true, options: OPTIONS });
    // This parser takes one value of a list; the others stand among the words.
    const isType = (word) => word in ACTIONS;
    const words = positionals.filter((word) => !isType(word));
    const types = [...(values["event-types"] ?? []), ...positionals.filter(isType)];
    const name = words.at(-1);
    const config = () => JSON.parse(readFileSync(values.config, "utf8")).env[values.env];
    switch (words.slice(0, words[0] === "deploy" ? 1 : words[1] === "bucket" && words[2] === "notification" ? 4 : ["queues", "secret"].includes(words[0]) ? 2 : 3).join(" ")) {
      case "r2 bucket list":
        return `Listing buckets...\n${labelled(this.buckets.map((bucket) => ({ name: bucket, creation_date: "2026-11-30T00:00:00.000Z" })))}`;
      case "r2 bucket create":
        if (this.buckets.includes(name)) throw apiError("/r2/buckets", "The bucket you tried to create already exists, and you own it.", 10004);
        return void this.buckets.push(name);
      case "queues info":
        this.#needsQueue(name);
        return `Queue Name: ${name}`;
      case "queues create":
        if (this.queues.includes(name)) throw apiError("/queues", `Queue name '${name}' is already taken.`, 11009);
        return void this.queues.push(name);
      case "kv namespace list":
        return JSON.stringify(this.namespaces, null, 2);
      case "kv namespace create":
        if (this.namespaces.some(({ title }) => title === name)) throw new Refusal(`A KV namespace with the title "${name}" already exists.`);
        return void this.namespaces.push({ id: String(this.namespaces.length + 1).padStart(32, "a"), title: name });
      case "secret list": {
        const { name: worker } = config();
        if (!this.workers[worker]) throw new Refusal(`Worker "${worker}" (env: ${values.env}) not found.`);
        return JSON.stringify(Object.keys(this.workers[worker].secrets).map((secret) => ({ name: secret, type: "secret_text" })));
      }
      case "r2 bucket notification list":
        return this.#listRules(name);
      case "r2 bucket notification create":
        return this.#createRule(name, values, types);
      case "deploy":
        return this.#deploy(config(), JSON.parse(readFileSync(values["secrets-file"], "utf8")), env.WRANGLER_OUTPUT_FILE_PATH);
      default:
        throw new Refusal(`Unknown command: ${words.join(" ")}`);
    }
  }

  #needsQueue(name) {
    if (!this.queues.includes(name)) throw new Refusal(`Queue "${name}" does not exist. To create it, run: wrangler queues create ${name}`);
  }

  #listRules(bucket) {
    const rules = this.rules[bucket] ?? [];
    if (rules.length === 0) throw apiError("/event_notifications", "workers.api.error.invalid_r2_event_notification_configuration", 11014);
    const shown = rules.map(({ queue, prefix, suffix, actions }, index) => ({
      rule_id: `rule-${index}`, created_at: "2026-11-30T00:00:00.000Z", queue_name: queue,
      prefix: prefix || "(all prefixes)", suffix: suffix || "(all suffixes)", event_type: actions.join(","),
    }));
    return `Fetching notification rules for bucket ${bucket}...\n${labelled(shown)}`;
  }

  #createRule(bucket, { queue, prefix = "", suffix = "" }, types) {
    this.#needsQueue(queue);
    if (!this.buckets.includes(bucket)) throw apiError("/event_notifications", "workers.api.error.bucket_not_found", 10085);
    const rules = (this.rules[bucket] ??= []);
    if (rules.some((rule) => rule.prefix === prefix && rule.suffix === suffix)) throw apiError("/event_notifications", "event notification rules conflict", 11020);
    rules.push({ queue, prefix, suffix, actions: types.flatMap((type) => ACTIONS[type]) });
  }

  #deploy({ name, r2_buckets = [], kv_namespaces = [], services = [], queues, triggers, secrets: { required } }, given, report) {
    const bound = [...queues.consumers.flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue]), ...queues.producers.map(({ queue }) => queue)];
    const absent = [
      ...r2_buckets.map(({ bucket_name }) => bucket_name).filter((bucket) => !this.buckets.includes(bucket)),
      ...kv_namespaces.map(({ id }) => id).filter((id) => !this.namespaces.some((namespace) => namespace.id === id)),
      ...services.map(({ service }) => service).filter((service) => !this.workers[service]),
      ...bound.filter((queue) => queue && !this.queues.includes(queue)),
    ];
    if (absent.length > 0) throw new Refusal(`${name} is bound to ${absent.join(", ")}, which isn't there`);
    const secrets = { ...this.workers[name]?.secrets, ...given };
    const without = required.filter((secret) => !(secret in secrets));
    if (without.length > 0) throw new Refusal(`The following required secrets have not been set: ${without.join(", ")}`);
    const crons = triggers?.crons ?? [];
    this.workers[name] = { secrets, crons, kv: kv_namespaces };
    const targets = [`https://${name}.example.workers.dev`, ...crons.map((cron) => `schedule: ${cron}`)];
    writeFileSync(report, `${JSON.stringify({ type: "wrangler-session", version: 1 })}\n${JSON.stringify({ type: "deploy", version: 1, targets })}\n`);
  }
}
