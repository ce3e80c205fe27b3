import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { AwsV4Signer } from "aws4fetch";

import { startFixture } from "./fixtures/start.mjs";

const Bucket = "shelf";
/** The least size of a part but the last. */
const PART_BYTES = 5 * 1024 * 1024;

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
/** @type {S3Client} */
let client;
before(async () => {
  stack = await startFixture();
  client = clientWith({});
});
after(async () => {
  client.destroy();
  await stack.stop();
});

/** The AWS SDK as R2's documentation sets it up. */
function clientWith(credentials) {
  return new S3Client({
    endpoint: stack.addresses.r2,
    region: "auto",
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 1,
    credentials: { accessKeyId: stack.secrets.r2AccessKeyId, secretAccessKey: stack.secrets.r2SecretAccessKey, ...credentials },
  });
}

const put = (Key, Body, more) => client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key, more) => client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const text = async (reply) => (await reply).Body.transformToString();
const refused = (promise, status, name) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.$metadata.httpStatusCode, error.name], [status, name]);
    return true;
  });

test("an object comes back with its metadata, and its ETag is the MD5 of its content", async () => {
  const { ETag } = await put("a b/ü+(1)'%&=.txt", "hello", { Metadata: { batch_id: "b1" }, ContentType: "text/plain" });
  assert.equal(ETag, `"${createHash("md5").update("hello").digest("hex")}"`);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "a b/ü+(1)'%&=.txt" }));
  assert.deepEqual(
    [head.ContentLength, head.ETag, head.Metadata, head.ContentType],
    [5, ETag, { batch_id: "b1" }, "text/plain"],
  );
  assert.equal(await text(get("a b/ü+(1)'%&=.txt")), "hello");
  assert.equal((await stack.get(Bucket, "a b/ü+(1)'%&=.txt")).toString(), "hello");
});

test("ranges are served, from the start, the middle and the end", async () => {
  await put("digits", "0123456789");
  assert.equal(await text(get("digits", { Range: "bytes=0-1" })), "01");
  assert.equal(await text(get("digits", { Range: "bytes=7-" })), "789");
  const end = await get("digits", { Range: "bytes=-4" });
  assert.deepEqual([end.ContentRange, await text(end)], ["bytes 6-9/10", "6789"]);
  await refused(get("digits", { Range: "bytes=10-20" }), 416, "InvalidRange");
});

test("If-Match reads one version and refuses another", async () => {
  const { ETag } = await put("versioned", "one");
  assert.equal(await text(get("versioned", { IfMatch: ETag })), "one");
  await put("versioned", "two");
  await refused(get("versioned", { IfMatch: ETag }), 412, "PreconditionFailed");
});

test("listings have pages, prefixes and delimiters", async () => {
  for (const name of ["1", "2", "3"]) await put(`list/${name}`, name);
  await put("list/deeper/4", "4");
  const list = (more) => client.send(new ListObjectsV2Command({ Bucket, Prefix: "list/", ...more }));
  const first = await list({ MaxKeys: 2 });
  const second = await list({ ContinuationToken: first.NextContinuationToken });
  assert.deepEqual(
    [first.IsTruncated, [...first.Contents, ...second.Contents].map(({ Key }) => Key)],
    [true, ["list/1", "list/2", "list/3", "list/deeper/4"]],
  );
  const level = await list({ Delimiter: "/" });
  assert.deepEqual(level.CommonPrefixes, [{ Prefix: "list/deeper/" }]);
});

test("every way to make or delete an object through the gateway sends its own event", async () => {
  stack.queues.drain("parquet");
  await put("put.parquet", "x");
  await client.send(new CopyObjectCommand({ Bucket, Key: "copy.parquet", CopySource: `${Bucket}/put.parquet` }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts.parquet" }));
  const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key: "parts.parquet", UploadId, PartNumber: 1, Body: "x" }));
  const Parts = [{ PartNumber: 1, ETag }];
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: "parts.parquet", UploadId, MultipartUpload: { Parts } }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: "put.parquet" }));
  const Objects = [{ Key: "copy.parquet" }, { Key: "parts.parquet" }];
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));

  await stack.waitUntil("the events", () => stack.events.idle);
  const events = stack.queues.drain("parquet");
  assert.deepEqual(events.map(({ action, object }) => `${action} ${object.key}`), [
    "PutObject put.parquet",
    "CopyObject copy.parquet",
    "CompleteMultipartUpload parts.parquet",
    "DeleteObject put.parquet",
    "DeleteObject copy.parquet",
    "DeleteObject parts.parquet",
  ]);
  assert.deepEqual(events[1].copySource, { bucket: Bucket, object: "put.parquet" });
  assert.equal(events[0].copySource, undefined);
});

test("a large object goes up in parts, and an aborted upload leaves nothing", async () => {
  const Key = "large";
  const parts = [Buffer.alloc(PART_BYTES, "a"), Buffer.from("the end")];
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  const { ETag } = await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
  assert.match(ETag, /-2"$/);
  assert.equal(await text(get(Key, { Range: `bytes=${PART_BYTES - 2}-` })), "aathe end");

  const aborted = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "aborted" }));
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: "aborted", UploadId: aborted.UploadId }));
  await refused(get("aborted"), 404, "NoSuchKey");
});

test("what isn't there is an error with S3's code", async () => {
  await refused(get("nothing"), 404, "NoSuchKey");
  await refused(client.send(new GetObjectCommand({ Bucket: "no-bucket", Key: "k" })), 404, "NoSuchBucket");
});

test("a request without the right key and secret is refused", async () => {
  const read = (credentials) => clientWith(credentials).send(new GetObjectCommand({ Bucket, Key: "digits" }));
  await refused(read({ accessKeyId: "another" }), 403, "InvalidAccessKeyId");
  await refused(read({ secretAccessKey: "another" }), 403, "SignatureDoesNotMatch");
  assert.equal((await fetch(`${stack.addresses.r2}/${Bucket}/digits`)).status, 403);
});

test("a presigned address works until it expires", async () => {
  await put("signed", "hello");
  const presigned = async (seconds, datetime) => {
    const { url } = await new AwsV4Signer({
      url: `${stack.addresses.r2}/${Bucket}/signed?X-Amz-Expires=${seconds}`,
      accessKeyId: stack.secrets.r2AccessKeyId,
      secretAccessKey: stack.secrets.r2SecretAccessKey,
      service: "s3",
      region: "auto",
      signQuery: true,
      datetime,
    }).sign();
    return fetch(url);
  };
  assert.equal(await (await presigned(60)).text(), "hello");
  assert.equal((await presigned(60, "20260101T000000Z")).status, 403);
});

test("chunked signing is refused with the way out, not stored wrong", async () => {
  const { url, headers } = await new AwsV4Signer({
    method: "PUT",
    url: `${stack.addresses.r2}/${Bucket}/chunked`,
    headers: { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
    accessKeyId: stack.secrets.r2AccessKeyId,
    secretAccessKey: stack.secrets.r2SecretAccessKey,
    service: "s3",
    region: "auto",
  }).sign();
  const reply = await fetch(url, { method: "PUT", headers, body: "5\r\nhello\r\n0\r\n" });
  assert.equal(reply.status, 501);
  assert.match(await reply.text(), /when_required/);
});

test("DuckDB reads r2:// and s3:// through it, and writes", async () => {
  const script = `
import os, sys, duckdb
con = duckdb.connect()
con.execute(f"LOAD '{os.environ['DUCKDB_HTTPFS']}'")
for kind, region in [("r2", ""), ("s3", ", REGION 'auto'")]:
    con.execute(f"""CREATE SECRET {kind} (TYPE {kind}, KEY_ID '{os.environ['KEY_ID']}', SECRET '{os.environ['SECRET']}',
        ENDPOINT '{os.environ['ENDPOINT']}', URL_STYLE 'path', USE_SSL false{region})""")
con.execute("COPY (SELECT range AS n, 'row ' || range AS t FROM range(200000)) TO 's3://shelf/rows (1).parquet'")
print(con.execute("SELECT count(*), sum(n) FROM read_parquet('r2://shelf/rows (1).parquet')").fetchone())
print(con.execute("SELECT t FROM read_parquet('s3://shelf/rows*.parquet') WHERE n = 123456").fetchone())
`;
  const { stdout } = await promisify(execFile)("python", ["-c", script], {
    env: {
      ...process.env,
      ENDPOINT: new URL(stack.addresses.r2).host,
      KEY_ID: stack.secrets.r2AccessKeyId,
      SECRET: stack.secrets.r2SecretAccessKey,
    },
  });
  assert.equal(stdout, "(200000, 19999900000)\n('row 123456',)\n");
});

test("while the Workers' process is down the gateway says so, and serves the same objects afterwards", async () => {
  await put("survivor", "x");
  await stack.killWorkers();
  await refused(get("survivor"), 503, "ServiceUnavailable");
  await stack.restartWorkers();
  assert.equal(await text(get("survivor")), "x");
});
