/** Requests to the schema API, typed by its OpenAPI document. The page talks to the origin that it came from, and to nothing else. */

import type { paths } from "./openapi";
import { Problem } from "./problem";

type Method = "get" | "post" | "delete";
type Operation<P extends keyof paths, M extends Method> = paths[P][M];

/** Paths that take a method. */
export type PathOf<M extends Method> = { [P in keyof paths]: Operation<P, M> extends { responses: unknown } ? P : never }[keyof paths];

type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer A } } } } ? A : never;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;
type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : never;

/** What a request may have besides its method and path. */
export interface Options<O> {
  /** Values of the path's `{name}`s. */
  path?: Record<string, string | number>;
  query?: Query<O>;
  body?: Body<O>;
  signal?: AbortSignal;
}

export interface RawOptions {
  path?: Record<string, string | number>;
  query?: object;
  body?: BodyInit | object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A client with somebody's token; without one the browser's cookies say who asks (Cloudflare Access). */
export class Api {
  readonly #token: string | undefined;
  readonly #onUnauthorized: () => void;

  /** `onUnauthorized` is called when the API doesn't know the token any more. */
  constructor(token: string | undefined, onUnauthorized: () => void = () => {}) {
    this.#token = token;
    this.#onUnauthorized = onUnauthorized;
  }

  /** The header by which the API knows who asks, for clients of others: SQLRooms' bridge. */
  authorization(): Record<string, string> {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  /**
   * Sends a request and reads its JSON.
   *
   * @throws {Problem} if it's answered with an error, or not at all.
   */
  async call<M extends Method, P extends PathOf<M>>(method: M, path: P, options: Options<Operation<P, M>> = {}): Promise<Answer<Operation<P, M>>> {
    const response = await this.send(method, path, options as RawOptions);
    return (await response.json()) as Answer<Operation<P, M>>;
  }

  /** As `call`, for what the OpenAPI document doesn't describe further, or answers that aren't JSON. */
  async send(method: string, path: string, { path: parts = {}, query = {}, body, headers = {}, signal }: RawOptions = {}): Promise<Response> {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name])));
    const url = new URL(filled, location.origin);
    for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    const isJson = body !== undefined && !(body instanceof Blob) && typeof body !== "string";
    const all = {
      ...this.authorization(),
      ...(isJson && { "content-type": "application/json" }),
      ...headers,
    };
    let response;
    try {
      response = await fetch(url, { method: method.toUpperCase(), headers: all, body: isJson ? JSON.stringify(body) : (body as BodyInit), signal });
    } catch (error) {
      throw error instanceof TypeError ? Problem.from(error) : error;
    }
    if (response.ok) return response;
    if (response.status === 401) this.#onUnauthorized();
    throw await Problem.of(response);
  }
}
