/**
 * A stand-in for an Argilla 2 server, by its REST API (argilla-server 2.8.0: `api/handlers/v1`): users, workspaces, datasets with their
 * fields, questions and metadata properties, records with responses and suggestions. The `argilla` client of PyPI works with it.
 *
 * What the server does with times is kept: a record's `updated_at` moves when its own row changes (fields, metadata, status), not when a
 * response or a suggestion does; and the index that `search` asks has the `updated_at` of the last time that the record was indexed whole.
 *
 *     node tools/stand-ins/argilla.mjs [--port N]
 */

import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { StandIn } from "./server.mjs";

/** The API key of the owner, who is there from the start. */
export const KEY = "argilla.apikey";

const MAX_PAGE = 1000;
const DEFAULT_PAGE = 50;
const MAX_BULK = 500;
const MAX_DELETED = 100;
const LABELLED = ["label_selection", "multi_label_selection", "ranking", "span"];

/** An answer other than success, as the server's handlers raise them. */
class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const notFound = (what, id) => new Refusal(404, `${what} with id \`${id}\` not found`);
const unprocessable = (detail) => new Refusal(422, detail);

/**
 * @param {number} [port] Any free one by default.
 * @returns {Promise<StandIn & { url: string, store: Store }>} that keeps the requests it took: `{ method, path }`.
 */
export async function startArgilla(port) {
  const store = new Store();
  const service = new StandIn("Argilla", (request, body) => answer(store, request, body));
  await service.start(port);
  return Object.assign(service, { url: service.origin, store });
}

/** What the server keeps. */
class Store {
  #lastMicros = 0;
  users = new Map();
  workspaces = new Map();
  datasets = new Map();
  records = new Map();

  constructor() {
    this.addUser({ username: "argilla", first_name: "Argilla", role: "owner", api_key: KEY });
  }

  /** Now, in UTC without a zone, to the microsecond and never twice the same. */
  now() {
    this.#lastMicros = Math.max(Date.now() * 1000, this.#lastMicros + 1);
    const micros = this.#lastMicros;
    return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 23)}${String(micros % 1000).padStart(3, "0")}`;
  }

  stamped(values) {
    const now = this.now();
    return { id: randomUUID(), ...values, inserted_at: now, updated_at: now };
  }

  addUser({ id, username, first_name, last_name = null, role = "annotator", api_key = randomUUID() }) {
    const user = this.stamped({ ...(id && { id }), first_name, last_name, username, role, api_key });
    this.users.set(user.id, user);
    return user;
  }

  dataset(id) {
    const dataset = this.datasets.get(id);
    if (!dataset) throw notFound("Dataset", id);
    return dataset;
  }

  record(id) {
    const record = this.records.get(id);
    if (!record) throw notFound("Record", id);
    return record;
  }
}

/** By method and path, whose parts with a colon are parameters. */
const ROUTES = [
  ["GET /api/v1/version", () => ({ version: "2.8.0" })],
  ["GET /api/v1/status", () => ({ version: "2.8.0" })],
  ["GET /api/v1/me", ({ user }) => user],
  ["GET /api/v1/users", ({ store }) => items(store.users.values())],
  ["POST /api/v1/users", createUser],
  ["GET /api/v1/users/:user", ({ store, id }) => store.users.get(id.user) ?? fail(notFound("User", id.user))],
  ["GET /api/v1/users/:user/workspaces", ({ store }) => items(store.workspaces.values())],
  ["GET /api/v1/me/workspaces", ({ store }) => items([...store.workspaces.values()].map(workspaceView))],
  ["POST /api/v1/workspaces", createWorkspace],
  ["GET /api/v1/workspaces/:workspace", ({ store, id }) => workspaceView(workspaceOf(store, id.workspace))],
  ["DELETE /api/v1/workspaces/:workspace", deleteWorkspace],
  ["GET /api/v1/workspaces/:workspace/users", ({ store, id }) => items(workspaceOf(store, id.workspace).users)],
  ["POST /api/v1/workspaces/:workspace/users", addToWorkspace],
  ["GET /api/v1/me/datasets", listDatasets],
  ["POST /api/v1/datasets", createDataset],
  ["GET /api/v1/datasets/:dataset", ({ store, id }) => datasetView(store.dataset(id.dataset))],
  ["PATCH /api/v1/datasets/:dataset", updateDataset],
  ["DELETE /api/v1/datasets/:dataset", deleteDataset],
  ["PUT /api/v1/datasets/:dataset/publish", publishDataset],
  ["GET /api/v1/datasets/:dataset/progress", progress],
  ["GET /api/v1/datasets/:dataset/fields", ({ store, id }) => items(store.dataset(id.dataset).fields)],
  ["POST /api/v1/datasets/:dataset/fields", (call) => createPart(call, "fields")],
  ["GET /api/v1/datasets/:dataset/questions", ({ store, id }) => items(store.dataset(id.dataset).questions)],
  ["POST /api/v1/datasets/:dataset/questions", (call) => createPart(call, "questions")],
  ["GET /api/v1/me/datasets/:dataset/metadata-properties", ({ store, id }) => items(store.dataset(id.dataset).metadataProperties)],
  ["POST /api/v1/datasets/:dataset/metadata-properties", (call) => createPart(call, "metadataProperties")],
  ["GET /api/v1/datasets/:dataset/vectors-settings", () => items([])],
  ["GET /api/v1/datasets/:dataset/records", listRecords],
  ["DELETE /api/v1/datasets/:dataset/records", deleteRecords],
  ["POST /api/v1/datasets/:dataset/records/search", searchRecords],
  ["POST /api/v1/datasets/:dataset/records/bulk", createRecords],
  ["PUT /api/v1/datasets/:dataset/records/bulk", upsertRecords],
  ["GET /api/v1/records/:record", ({ store, id }) => recordView(store.record(id.record))],
  ["PATCH /api/v1/records/:record", updateRecord],
  ["DELETE /api/v1/records/:record", deleteRecord],
  ["POST /api/v1/records/:record/responses", createResponse],
  ["GET /api/v1/records/:record/suggestions", ({ store, id }) => items([...store.record(id.record).suggestions.values()].map(suggestionView))],
  ["PUT /api/v1/records/:record/suggestions", upsertSuggestion],
  ["DELETE /api/v1/records/:record/suggestions", deleteSuggestions],
  ["POST /api/v1/me/responses/bulk", upsertResponses],
  ["PUT /api/v1/responses/:response", updateResponse],
  ["DELETE /api/v1/responses/:response", deleteResponse],
].map(([route, handler]) => {
  const [method, path] = route.split(" ");
  return { method, pattern: new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`), handler };
});

/** What handlers answer with, if not 200: the server's own. */
const CREATED = new Set([createUser, createWorkspace, addToWorkspace, createDataset, createRecords, createResponse]);

function answer(store, request, body) {
  const url = new URL(request.url, "http://stand-in");
  const say = (status, value, taken) => ({ status, type: "application/json", body: value === undefined ? "" : JSON.stringify(value), taken });
  try {
    const user = [...store.users.values()].find((known) => known.api_key === request.headers["x-argilla-api-key"]);
    if (!user && !url.pathname.endsWith("/version")) throw new Refusal(401, "Could not validate credentials");
    const route = ROUTES.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
    if (!route) throw new Refusal(404, "Not Found");
    const id = route.pattern.exec(url.pathname).groups ?? {};
    const value = route.handler({ store, user, id, query: url.searchParams, body: body ? JSON.parse(body) : undefined });
    const status = value === undefined ? 204 : CREATED.has(route.handler) || (request.method === "POST" && /\/(fields|questions|metadata-properties)$/.test(url.pathname)) ? 201 : 200;
    return say(status, value, { method: request.method, path: request.url });
  } catch (error) {
    if (error instanceof Refusal) return say(error.status, { detail: error.message });
    if (error instanceof SyntaxError) return say(422, { detail: "the body is not JSON" });
    throw error;
  }
}

// ---- Users, workspaces, datasets ---------------------------------------------------------------------------------------------------

function createUser({ store, body }) {
  if (!body.username || !body.first_name || !(body.password?.length >= 8)) throw unprocessable("a user has a username, a first_name and a password of 8 characters");
  if ([...store.users.values()].some(({ username, id }) => username === body.username || id === body.id)) throw new Refusal(409, `User username \`${body.username}\` is not unique`);
  return store.addUser({ id: body.id, username: body.username, first_name: body.first_name, last_name: body.last_name, role: body.role });
}

function workspaceOf(store, id) {
  return store.workspaces.get(id) ?? fail(notFound("Workspace", id));
}

function createWorkspace({ store, body }) {
  if (!body.name) throw unprocessable("a workspace has a name");
  if ([...store.workspaces.values()].some(({ name }) => name === body.name)) throw new Refusal(409, `Workspace with name \`${body.name}\` already exists`);
  const workspace = store.stamped({ ...(body.id && { id: body.id }), name: body.name, users: [] });
  store.workspaces.set(workspace.id, workspace);
  return workspaceView(workspace);
}

function workspaceView({ users, ...workspace }) {
  return workspace;
}

function deleteWorkspace({ store, id }) {
  const workspace = workspaceOf(store, id.workspace);
  if ([...store.datasets.values()].some(({ workspace_id }) => workspace_id === workspace.id)) throw new Refusal(409, `Cannot delete the workspace ${workspace.id}. This workspace has some datasets linked`);
  store.workspaces.delete(workspace.id);
  return workspaceView(workspace);
}

function addToWorkspace({ store, id, body }) {
  const user = store.users.get(body.user_id) ?? fail(unprocessable(`User with id \`${body.user_id}\` not found`));
  workspaceOf(store, id.workspace).users.push(user);
  return user;
}

function listDatasets({ store, query }) {
  const wanted = (name) => query.get(name);
  const fits = (dataset) => ["workspace_id", "name", "status"].every((name) => !wanted(name) || dataset[name] === wanted(name));
  return items([...store.datasets.values()].filter(fits).map(datasetView));
}

function createDataset({ store, body }) {
  if (!body.name || body.name.length > 200) throw unprocessable("a dataset's name has 1 to 200 characters");
  workspaceOf(store, body.workspace_id);
  if ([...store.datasets.values()].some(({ name, workspace_id }) => name === body.name && workspace_id === body.workspace_id)) {
    throw new Refusal(409, `Dataset with name \`${body.name}\` already exists for workspace with id \`${body.workspace_id}\``);
  }
  const dataset = store.stamped({
    name: body.name,
    guidelines: body.guidelines ?? null,
    allow_extra_metadata: body.allow_extra_metadata ?? true,
    status: "draft",
    distribution: body.distribution ?? { strategy: "overlap", min_submitted: 1 },
    metadata: body.metadata ?? null,
    workspace_id: body.workspace_id,
    fields: [],
    questions: [],
    metadataProperties: [],
    records: [],
  });
  dataset.last_activity_at = dataset.inserted_at;
  store.datasets.set(dataset.id, dataset);
  return datasetView(dataset);
}

function datasetView({ fields, questions, metadataProperties, records, ...dataset }) {
  return dataset;
}

function updateDataset({ store, id, body }) {
  const dataset = store.dataset(id.dataset);
  for (const name of ["name", "guidelines", "allow_extra_metadata", "distribution", "metadata"]) if (name in body) dataset[name] = body[name];
  dataset.updated_at = dataset.last_activity_at = store.now();
  return datasetView(dataset);
}

function deleteDataset({ store, id }) {
  const dataset = store.dataset(id.dataset);
  for (const record of dataset.records) store.records.delete(record.id);
  store.datasets.delete(dataset.id);
  return datasetView(dataset);
}

function publishDataset({ store, id }) {
  const dataset = store.dataset(id.dataset);
  if (dataset.status === "ready") throw unprocessable("Dataset is already published");
  if (!dataset.fields.some(({ required }) => required)) throw unprocessable("Dataset cannot be published without required fields");
  if (!dataset.questions.some(({ required }) => required)) throw unprocessable("Dataset cannot be published without required questions");
  dataset.status = "ready";
  dataset.updated_at = dataset.last_activity_at = store.now();
  return datasetView(dataset);
}

function progress({ store, id }) {
  const { records } = store.dataset(id.dataset);
  const completed = records.filter(({ status }) => status === "completed").length;
  return { total: records.length, completed, pending: records.length - completed };
}

/** A field, question or metadata property of a dataset that isn't published yet. */
function createPart({ store, id, body }, parts) {
  const dataset = store.dataset(id.dataset);
  if (!body.name || !body.settings?.type) throw unprocessable("it has a name and settings with a type");
  if (dataset.status === "ready" && parts !== "metadataProperties") throw unprocessable(`${body.name} cannot be created for a published dataset`);
  if (dataset[parts].some(({ name }) => name === body.name)) throw new Refusal(409, `${body.name} already exists for dataset with id \`${dataset.id}\``);
  if (LABELLED.includes(body.settings.type) && !(body.settings.options?.length > 0)) throw unprocessable("the question has options");
  if (body.settings.type === "span" && !dataset.fields.some(({ name }) => name === body.settings.field)) throw unprocessable(`\`${body.settings.field}\` is not a valid field name`);
  const { name, title, required = false, description = null, settings, visible_for_annotators = true } = body;
  const common = { name, title: title ?? name, settings, dataset_id: dataset.id };
  const part = store.stamped(parts === "metadataProperties" ? { ...common, type: settings.type, visible_for_annotators } : { ...common, required: required ?? false, ...(parts === "questions" && { description }) });
  dataset[parts].push(part);
  return part;
}

// ---- Records -----------------------------------------------------------------------------------------------------------------------

function recordView(record, include = ["responses", "suggestions"]) {
  const { id, status, fields, metadata, external_id, dataset_id, inserted_at, updated_at } = record;
  return {
    id, status, fields, metadata, external_id,
    ...(include.includes("responses") && { responses: [...record.responses.values()] }),
    ...(include.includes("suggestions") && { suggestions: [...record.suggestions.values()].map(suggestionView) }),
    ...(include.includes("vectors") && { vectors: {} }),
    dataset_id, inserted_at, updated_at,
  };
}

function suggestionView({ question, ...suggestion }) {
  return suggestion;
}

function page(query) {
  const limit = Number(query.get("limit") ?? DEFAULT_PAGE);
  const offset = Number(query.get("offset") ?? 0);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE && Number.isInteger(offset) && offset >= 0)) {
    throw unprocessable(`limit is from 1 to ${MAX_PAGE}, offset from 0`);
  }
  return { limit, offset, include: query.getAll("include").flatMap((names) => names.split(",")) };
}

function listRecords({ store, user, id, query }) {
  if (user.role === "annotator") throw new Refusal(403, "Operation not allowed");
  const { records } = store.dataset(id.dataset);
  const { limit, offset, include } = page(query);
  return { items: records.slice(offset, offset + limit).map((record) => recordView(record, include)), total: records.length };
}

function searchRecords({ store, id, query, body }) {
  const { records } = store.dataset(id.dataset);
  const { limit, offset, include } = page(query);
  const text = body.query?.text;
  const holds = (record) => {
    if (text) {
      const words = text.q.toLowerCase().split(/\s+/);
      const searched = (text.field ? [record.fields[text.field]] : Object.values(record.fields)).join(" ").toLowerCase();
      if (!words.every((word) => searched.includes(word))) return false;
    }
    return (body.filters?.and ?? []).every((filter) => scoped(record, filter.scope).some((value) => passes(value, filter)));
  };
  const found = records.filter(holds);
  for (const { scope, order } of [...(body.sort ?? [])].reverse()) {
    const sign = order === "desc" ? -1 : 1;
    found.sort((a, b) => sign * compare(scoped(a, scope)[0], scoped(b, scope)[0]));
  }
  return { items: found.slice(offset, offset + limit).map((record) => ({ record: recordView(record, include), query_score: 1 })), total: found.length };
}

/** The values of a record that the index has in a scope. */
function scoped(record, { entity, property, question, metadata_property: name }) {
  if (entity === "record") return [property === "updated_at" ? record.indexedUpdatedAt : record[property]];
  if (entity === "metadata") return [record.metadata?.[name]].flat();
  if (entity === "suggestion") return [...record.suggestions.values()].filter((one) => one.question === question).flatMap((one) => one[property ?? "value"]);
  const responses = [...record.responses.values()];
  if (question) return responses.flatMap(({ values }) => values?.[question]?.value ?? []);
  return responses.length > 0 ? responses.map(({ status }) => status) : ["pending"];
}

function passes(value, { type, values, ge, le }) {
  if (value === undefined || value === null) return false;
  if (type === "terms") return values.map(String).includes(String(value));
  return (ge === undefined || ge === null || compare(value, ge) >= 0) && (le === undefined || le === null || compare(value, le) <= 0);
}

function compare(a, b) {
  if (a === b) return 0;
  return a === undefined || a === null || a < b ? -1 : 1;
}

function bulkItems({ items: given } = {}) {
  if (!Array.isArray(given) || given.length < 1 || given.length > MAX_BULK) throw unprocessable(`items are from 1 to ${MAX_BULK}`);
  const ids = given.map(({ external_id }) => external_id).filter((id) => id !== null && id !== undefined);
  if (new Set(ids).size < ids.length) throw unprocessable("External IDs must be unique");
  return given;
}

function createRecords({ store, id, body }) {
  const dataset = ready(store.dataset(id.dataset));
  const given = bulkItems(body);
  given.forEach((item, position) => {
    if (dataset.records.some(({ external_id }) => external_id !== null && external_id === item.external_id)) throw unprocessable(`Record at position ${position} is not valid because found records with same external id: ${item.external_id}`);
    checkRecord(store, dataset, item, position);
  });
  return { items: given.map((item) => recordView(insertRecord(store, dataset, item))) };
}

function upsertRecords({ store, id, body }) {
  const dataset = ready(store.dataset(id.dataset));
  const given = bulkItems(body);
  const byExternalId = new Map(dataset.records.map((record) => [record.external_id, record]));
  const known = given.map((item) => {
    const byId = item.id && store.records.get(item.id);
    return byId?.dataset_id === dataset.id ? byId : item.external_id && byExternalId.get(item.external_id);
  });
  given.forEach((item, position) => checkRecord(store, dataset, item, position, known[position]));
  const records = given.map((item, position) => (known[position] ? changeRecord(store, dataset, known[position], item) : insertRecord(store, dataset, item)));
  return { items: records.map((record) => recordView(record)), updated_item_ids: known.filter(Boolean).map((record) => record.id) };
}

function ready(dataset) {
  if (dataset.status !== "ready") throw unprocessable("records cannot be created for a non published dataset");
  return dataset;
}

function checkRecord(store, dataset, item, position, known) {
  const refuse = (why) => fail(unprocessable(`Record at position ${position} is not valid because ${why}`));
  const fields = item.fields ?? known?.fields;
  if (!fields || Object.keys(fields).length === 0) refuse("fields cannot be empty");
  for (const { name, required, settings } of dataset.fields) {
    if (required && (fields[name] ?? null) === null) refuse(`missing required value for field: '${name}'`);
    if (settings.type === "text" && (fields[name] ?? null) !== null && typeof fields[name] !== "string") refuse(`text field '${name}' value must be a string`);
  }
  const extra = Object.keys(fields).filter((name) => !dataset.fields.some((field) => field.name === name));
  if (extra.length > 0) refuse(`found fields values for non configured fields: ${extra}`);
  for (const [name, value] of Object.entries(item.metadata ?? {})) {
    const property = dataset.metadataProperties.find((known) => known.name === name);
    if (!property && !dataset.allow_extra_metadata) refuse(`metadata is not valid: '${name}' metadata property does not exists`);
    if (property?.settings.type === "integer" && value !== null && !Number.isInteger(value)) refuse(`metadata is not valid: '${name}' is not an integer`);
  }
  const users = (item.responses ?? []).map(({ user_id }) => user_id);
  if (new Set(users).size < users.length) refuse("'responses' contains several responses for the same user_id");
  for (const response of item.responses ?? []) {
    if (!store.users.has(response.user_id)) refuse(`user with id ${response.user_id} not found`);
    checkValues(dataset, fields, response, refuse);
  }
  for (const suggestion of item.suggestions ?? []) checkSuggestion(dataset, fields, suggestion, refuse);
}

function checkValues(dataset, fields, { values, status }, refuse = (why) => fail(unprocessable(why))) {
  if (!["submitted", "draft", "discarded"].includes(status)) refuse(`${status} is no status of a response`);
  if (status === "submitted") {
    for (const { name, required } of dataset.questions) if (required && !(name in (values ?? {}))) refuse(`missing response value for required question with name='${name}'`);
  }
  for (const [name, { value }] of Object.entries(values ?? {})) {
    const question = dataset.questions.find((known) => known.name === name);
    if (!question) refuse(`found response value for non configured question with name='${name}'`);
    checkValue(question, fields, value, refuse);
  }
}

function checkSuggestion(dataset, fields, { question_id, value, score }, refuse = (why) => fail(unprocessable(why))) {
  const question = dataset.questions.find(({ id }) => id === question_id);
  if (!question) refuse(`question_id=${question_id} does not exist`);
  checkValue(question, fields, value, refuse);
  const scores = Array.isArray(score) ? score : [score ?? 0];
  if (scores.length === 0) refuse("score must have at least one item");
  if (!scores.every((one) => one >= 0 && one <= 1)) refuse("score must be between 0 and 1");
  if (Array.isArray(score) && (!Array.isArray(value) || value.length !== score.length)) refuse("number of items on value and score attributes doesn't match");
}

function checkValue({ settings }, fields, value, refuse) {
  const options = settings.options?.map((option) => option.value);
  const known = (label) => options.includes(label) || refuse(`undefined label '${label}' for ${settings.type} question.\nValid labels are: ${options}`);
  switch (settings.type) {
    case "text":
      return typeof value === "string" || refuse("text question expects a text value");
    case "rating":
    case "label_selection":
      return known(value);
    case "multi_label_selection":
      return (Array.isArray(value) && value.length > 0 && value.forEach(known)) || Array.isArray(value) || refuse("multi label selection questions expects a list of values");
    case "ranking":
      return Array.isArray(value) ? value.forEach((item) => known(item.value)) : refuse("ranking question expects a list of values");
    default: {
      if (!Array.isArray(value)) return refuse("span question expects a list of values");
      // The server counts code points, as Python does.
      const length = [...(fields[settings.field] ?? "")].length;
      for (const { start, end, label } of value) {
        if (!(start >= 0 && start < end && end <= length)) refuse(`span question response value \`end\` must have a value lower or equal than record field \`${settings.field}\` length that is \`${length}\``);
        known(label);
      }
    }
  }
}

function insertRecord(store, dataset, { fields, metadata = null, external_id = null, responses, suggestions }) {
  const record = { ...store.stamped({ status: "pending", fields, metadata, external_id, dataset_id: dataset.id }), responses: new Map(), suggestions: new Map() };
  dataset.records.push(record);
  store.records.set(record.id, record);
  relate(store, dataset, record, { responses, suggestions });
  return record;
}

function changeRecord(store, dataset, record, item) {
  let changed = false;
  for (const name of ["fields", "metadata"]) {
    if (item[name] === undefined || item[name] === null || JSON.stringify(item[name]) === JSON.stringify(record[name])) continue;
    record[name] = item[name];
    changed = true;
  }
  if (changed) record.updated_at = store.now();
  relate(store, dataset, record, item);
  return record;
}

/** Responses and suggestions that come with a record; then it's indexed whole. */
function relate(store, dataset, record, { responses, suggestions }) {
  for (const { user_id, values, status } of responses ?? []) keepResponse(store, record, user_id, { values, status });
  for (const suggestion of suggestions ?? []) keepSuggestion(store, dataset, record, suggestion);
  updateStatus(store, dataset, record);
  record.indexedUpdatedAt = record.updated_at;
}

function keepResponse(store, record, userId, { values = null, status }) {
  const known = record.responses.get(userId);
  const response = known ? { ...known, values, status, updated_at: store.now() } : store.stamped({ values, status, record_id: record.id, user_id: userId });
  record.responses.set(userId, response);
  return response;
}

function keepSuggestion(store, dataset, record, { question_id, type = null, value, agent = null, score = null }) {
  const known = record.suggestions.get(question_id);
  const question = dataset.questions.find(({ id }) => id === question_id).name;
  const suggestion = known ? { ...known, type, value, agent, score, updated_at: store.now() } : store.stamped({ question_id, question, type, value, agent, score });
  record.suggestions.set(question_id, suggestion);
  return suggestionView(suggestion);
}

/** By the overlap strategy. The record's row changes only if its status does. */
function updateStatus(store, dataset, record) {
  const submitted = [...record.responses.values()].filter(({ status }) => status === "submitted").length;
  const status = submitted >= dataset.distribution.min_submitted ? "completed" : "pending";
  if (status === record.status) return;
  record.status = status;
  record.updated_at = store.now();
}

function updateRecord({ store, id, body }) {
  const record = store.record(id.record);
  const dataset = store.dataset(record.dataset_id);
  checkRecord(store, dataset, { ...body, responses: [] }, 0, record);
  if (body.suggestions) record.suggestions.clear();
  changeRecord(store, dataset, record, { ...body, responses: [] });
  record.updated_at = record.indexedUpdatedAt = store.now();
  return recordView(record);
}

function removeRecord(store, record) {
  const dataset = store.dataset(record.dataset_id);
  dataset.records.splice(dataset.records.indexOf(record), 1);
  store.records.delete(record.id);
}

function deleteRecord({ store, id }) {
  const record = store.record(id.record);
  removeRecord(store, record);
  return recordView(record, []);
}

function deleteRecords({ store, id, query }) {
  const dataset = store.dataset(id.dataset);
  const ids = (query.get("ids") ?? "").split(",").filter(Boolean);
  if (ids.length === 0 || ids.length > MAX_DELETED) throw unprocessable(`Cannot delete more than ${MAX_DELETED} records at once`);
  for (const record of ids.map((one) => store.records.get(one))) if (record?.dataset_id === dataset.id) removeRecord(store, record);
}

// ---- Responses and suggestions -----------------------------------------------------------------------------------------------------

function touch(store, dataset) {
  dataset.last_activity_at = store.now();
}

function createResponse({ store, user, id, body }) {
  const record = store.record(id.record);
  const dataset = store.dataset(record.dataset_id);
  // The client names the user of a response; the server takes whoever asks.
  if (record.responses.has(user.id)) throw new Refusal(409, `Response already exists for record with id \`${record.id}\` and by user with id \`${user.id}\``);
  checkValues(dataset, record.fields, body);
  const response = keepResponse(store, record, user.id, body);
  touch(store, dataset);
  updateStatus(store, dataset, record);
  return response;
}

function upsertResponses({ store, user, body }) {
  if (!Array.isArray(body.items) || body.items.length < 1 || body.items.length > 100) throw unprocessable("items are from 1 to 100");
  return items(body.items.map((item) => {
    try {
      const record = store.record(item.record_id);
      const dataset = store.dataset(record.dataset_id);
      checkValues(dataset, record.fields, item);
      const response = keepResponse(store, record, user.id, item);
      touch(store, dataset);
      updateStatus(store, dataset, record);
      return { item: response, error: null };
    } catch (error) {
      if (error instanceof Refusal) return { item: null, error: { detail: error.message } };
      throw error;
    }
  }));
}

function findResponse(store, id) {
  for (const record of store.records.values()) {
    for (const response of record.responses.values()) if (response.id === id) return { record, response };
  }
  throw notFound("Response", id);
}

function updateResponse({ store, id, body }) {
  const { record, response } = findResponse(store, id.response);
  const dataset = store.dataset(record.dataset_id);
  checkValues(dataset, record.fields, body);
  const kept = keepResponse(store, record, response.user_id, body);
  touch(store, dataset);
  updateStatus(store, dataset, record);
  return kept;
}

function deleteResponse({ store, id }) {
  const { record, response } = findResponse(store, id.response);
  const dataset = store.dataset(record.dataset_id);
  record.responses.delete(response.user_id);
  touch(store, dataset);
  updateStatus(store, dataset, record);
  return response;
}

function upsertSuggestion({ store, id, body }) {
  const record = store.record(id.record);
  const dataset = store.dataset(record.dataset_id);
  checkSuggestion(dataset, record.fields, body);
  return keepSuggestion(store, dataset, record, body);
}

function deleteSuggestions({ store, id, query }) {
  const { suggestions } = store.record(id.record);
  const ids = (query.get("ids") ?? "").split(",").filter(Boolean);
  if (ids.length === 0) throw unprocessable("No suggestions IDs provided");
  for (const [question, suggestion] of suggestions) if (ids.includes(suggestion.id)) suggestions.delete(question);
}

// ---- Parts -------------------------------------------------------------------------------------------------------------------------

function items(values) {
  return { items: [...values] };
}

function fail(error) {
  throw error;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const argilla = await startArgilla(Number(values.port));
  console.log(`a stand-in for Argilla at ${argilla.url}, API key ${KEY}`);
}
