/** Somebody who uses Argilla's REST API: for the demo and the tests. */

import { KEY } from "./argilla.mjs";

/** Records in one request, at most. */
const BULK = 500;

export class Labeller {
  #url;

  /** @param {{ url: string }} argilla */
  constructor({ url }) {
    this.#url = url;
  }

  /**
   * One request.
   *
   * @returns {Promise<any>} the answer; undefined if it's empty.
   * @throws {Error} with what Argilla said, if it refuses.
   */
  async call(method, path, body) {
    const response = await fetch(`${this.#url}/api/v1/${path}`, {
      method,
      headers: { "x-argilla-api-key": KEY, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * Makes a dataset of texts with one question for spans, `entities`, in a workspace that's made if need be, and publishes it.
   *
   * @param {string} name
   * @param {string} workspace
   * @param {string[]} labels
   */
  async dataset(name, workspace, labels) {
    const { items } = await this.call("GET", "me/workspaces");
    const { id: workspaceId } = items.find((known) => known.name === workspace) ?? (await this.call("POST", "workspaces", { name: workspace }));
    const dataset = await this.call("POST", "datasets", { name, workspace_id: workspaceId });
    await this.call("POST", `datasets/${dataset.id}/fields`, { name: "text", title: "text", required: true, settings: { type: "text", use_markdown: false } });
    const options = labels.map((label) => ({ value: label, text: label }));
    const settings = { type: "span", field: "text", options, allow_overlapping: true };
    const question = await this.call("POST", `datasets/${dataset.id}/questions`, { name: "entities", title: "entities", required: true, settings });
    await this.call("PUT", `datasets/${dataset.id}/publish`);
    return { ...dataset, questionId: question.id };
  }

  /** Adds records: `{ external_id, fields, metadata }` each. */
  async add(dataset, items) {
    const records = [];
    for (let first = 0; first < items.length; first += BULK) {
      records.push(...(await this.call("POST", `datasets/${dataset.id}/records/bulk`, { items: items.slice(first, first + BULK) })).items);
    }
    return records;
  }

  /** Answers a record. */
  answer(record, spans, status = "submitted") {
    return this.call("POST", `records/${record.id}/responses`, { status, values: { entities: { value: spans } } });
  }

  suggest(dataset, record, spans, agent = "model-1") {
    return this.call("PUT", `records/${record.id}/suggestions`, { question_id: dataset.questionId, value: spans, agent });
  }
}
