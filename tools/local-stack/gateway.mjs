/**
 * R2's S3 interface on a port of its own, path style: what DuckDB's httpfs, boto3 and the AWS SDKs talk to.
 *
 * Miniflare has the interface itself, under a path prefix that clients like DuckDB can't be given. So this checks a request's
 * signature, signs it anew for the address with the prefix, and passes it on; bodies are streamed. Errors, ranges, conditions,
 * multipart uploads and listings are Miniflare's.
 */

import { createServer, request as httpRequest } from "node:http";
import { timingSafeEqual } from "node:crypto";
import { pipeline } from "node:stream/promises";

import { AwsV4Signer } from "aws4fetch";

/** Where Miniflare serves the S3 interface. */
const UPSTREAM_PREFIX = "/cdn-cgi/local/r2/s3";

/** How far a request's date may be off, as with S3. */
const MAX_CLOCK_SKEW_MS = 15 * 60 * 1000;

/** Headers that belong to one connection, or that the new signature replaces. */
const NOT_PASSED_ON = new Set(["authorization", "connection", "expect", "host", "keep-alive", "transfer-encoding"]);

/** An answer of the gateway's own, in S3's form. */
class S3Error extends Error {
  /**
   * @param {number} status
   * @param {string} code S3's error code.
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Serves the buckets of a stack.
 *
 * @param {object} options
 * @param {number} options.port 0 takes a free one.
 * @param {string} options.accessKeyId
 * @param {string} options.secretAccessKey
 * @param {() => URL | undefined} options.upstream Miniflare's address; undefined while workerd is down.
 * @param {import("./events.mjs").BucketEvents} options.events Told of copies.
 * @returns {Promise<{ port: number, endpoint: string, close: () => Promise<void> }>} `endpoint` is `host:port`.
 */
export async function serveGateway({ port, accessKeyId, secretAccessKey, upstream, events }) {
  // The cache holds the signing key of each day and region, which both directions use.
  const credentials = { accessKeyId, secretAccessKey, cache: new Map() };
  const server = createServer((request, response) => {
    handle(request, response, credentials, upstream, events).catch((error) => {
      if (response.headersSent) response.destroy();
      else sendError(response, error instanceof S3Error ? error : new S3Error(503, "ServiceUnavailable", String(error)));
    });
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: address.port,
    endpoint: `127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(request, response, credentials, upstream, events) {
  await checkSignature(request, credentials);
  if (request.headers["x-amz-content-sha256"]?.startsWith("STREAMING-")) {
    // Miniflare would store the chunks' framing as content.
    throw new S3Error(
      501,
      "NotImplemented",
      'Chunked signing ("aws-chunked") is not implemented here: compute checksums only when required (request_checksum_calculation=when_required)',
    );
  }
  const base = upstream();
  if (!base) throw new S3Error(503, "ServiceUnavailable", "The Workers' process is down");

  const forward = () => passOn(request, response, credentials, base);
  const copy = copyOf(request);
  await (copy ? events.copying(copy.bucket, copy.key, copy.source, forward) : forward());
}

/** Signs a request for Miniflare's address, sends it, and streams the answer back. */
async function passOn(request, response, credentials, base) {
  const url = new URL(UPSTREAM_PREFIX + request.url, base);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !NOT_PASSED_ON.has(name)));
  for (const name of [...url.searchParams.keys()]) {
    if (/^x-amz-(algorithm|credential|date|expires|signature|signedheaders)$/i.test(name)) url.searchParams.delete(name);
  }
  headers["x-amz-content-sha256"] ??= "UNSIGNED-PAYLOAD";
  delete headers["x-amz-date"];
  const signed = await new AwsV4Signer({ ...credentials, method: request.method, url: url.href, headers, service: "s3", region: "auto" }).sign();

  const upstreamResponse = await new Promise((resolve, reject) => {
    const outgoing = httpRequest(signed.url, { method: request.method, headers: Object.fromEntries(signed.headers) }, resolve);
    outgoing.once("error", reject);
    pipeline(request, outgoing).catch(reject);
  });
  response.writeHead(upstreamResponse.statusCode, upstreamResponse.headers);
  await pipeline(upstreamResponse, response);
}

/** @returns {{ bucket: string, key: string, source: { bucket: string, object: string } } | undefined} for a CopyObject. */
function copyOf(request) {
  const source = request.headers["x-amz-copy-source"];
  const url = new URL(request.url, "http://localhost");
  // With a part number it's UploadPartCopy, which makes no object.
  if (request.method !== "PUT" || !source || url.searchParams.has("partNumber")) return undefined;
  const split = (text) => /^\/?([^/]+)\/(.+)$/.exec(decodeURIComponent(text))?.slice(1) ?? [];
  const [bucket, key] = split(url.pathname);
  const [sourceBucket, object] = split(source);
  return bucket && sourceBucket ? { bucket, key, source: { bucket: sourceBucket, object } } : undefined;
}

/**
 * Checks a request's signature (version 4), in its header or in the query of a presigned address, by signing the same request.
 *
 * @throws {S3Error}
 */
async function checkSignature(request, credentials) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const claimed = claimOf(request.headers, url);
  const [accessKeyId, , region, service] = claimed.credential.split("/");
  if (accessKeyId !== credentials.accessKeyId) throw new S3Error(403, "InvalidAccessKeyId", "There is no such access key id");

  const signedHeaders = claimed.signedHeaders.split(";").filter((name) => name !== "host");
  const headers = Object.fromEntries(signedHeaders.map((name) => [name, request.headers[name] ?? ""]));
  for (const name of ["X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders"]) {
    url.searchParams.delete(name);
  }
  const signer = new AwsV4Signer({
    ...credentials,
    method: request.method,
    url: url.href,
    headers,
    service,
    region,
    datetime: claimed.date,
    signQuery: claimed.presigned,
    // Clients sign some headers that this library leaves out by default, such as Range.
    allHeaders: true,
  });
  if (region === "") {
    // R2 takes an empty region for "auto", and DuckDB's R2 secrets have it; the library would put its own default there.
    signer.region = region;
    signer.credentialString = claimed.credential.slice(accessKeyId.length + 1);
  }
  const expected = Buffer.from(await signer.signature());
  const actual = Buffer.from(claimed.signature);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    throw new S3Error(403, "SignatureDoesNotMatch", "The signature is not that of this request with this secret");
  }
  checkDate(claimed);
}

/** What a request says of its own signature. */
function claimOf(headers, url) {
  const query = url.searchParams;
  if (query.has("X-Amz-Signature")) {
    return {
      presigned: true,
      credential: query.get("X-Amz-Credential") ?? "",
      signedHeaders: query.get("X-Amz-SignedHeaders") ?? "",
      signature: query.get("X-Amz-Signature") ?? "",
      date: query.get("X-Amz-Date") ?? "",
      expiresMs: Number(query.get("X-Amz-Expires")) * 1000,
    };
  }
  const authorization = headers.authorization ?? "";
  const field = (name) => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? "";
  if (!authorization.startsWith("AWS4-HMAC-SHA256 ")) {
    throw new S3Error(403, "AccessDenied", "The request is not signed with AWS Signature Version 4");
  }
  return {
    presigned: false,
    credential: field("Credential"),
    signedHeaders: field("SignedHeaders"),
    signature: field("Signature"),
    date: headers["x-amz-date"] ?? "",
    expiresMs: MAX_CLOCK_SKEW_MS,
  };
}

function checkDate({ date, expiresMs }) {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const age = Date.now() - Date.UTC(year, month - 1, day, hour, minute, second);
  // Not `>`: a date that doesn't parse gives NaN.
  if (!(age < expiresMs && age > -MAX_CLOCK_SKEW_MS)) {
    throw new S3Error(403, "RequestTimeTooSkewed", "The request is too old, or of the future");
  }
}

function sendError(response, { status, code, message }) {
  const escaped = message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${escaped}</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
}
