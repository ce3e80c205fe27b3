/** What there should be: each object with the content that was put last, or none. */

/** @typedef {import("./contents.mjs").Content} Content */

/**
 * @typedef {object} SoakObject
 * @property {string} bucket
 * @property {string} key
 * @property {Content | null} content Null once it's deleted.
 */

export class World {
  /** By `bucket/key`. @type {Map<string, SoakObject>} */
  #objects = new Map();
  /** Contents by their tags, those that others replaced too. @type {Map<string, Content>} */
  #contents = new Map();
  counts = { landed: 0, replaced: 0, deleted: 0, spreadsheets: 0, unreadable: 0, rows: 0 };

  /** Notes what was put. */
  put(bucket, key, content) {
    const before = this.content(bucket, key);
    this.counts[before ? "replaced" : "landed"] += 1;
    if (bucket === "vessel-uploads") this.counts.spreadsheets += 1;
    if (content.unreadable) this.counts.unreadable += 1;
    this.counts.rows += content.rows + content.rejected;
    this.#contents.set(content.tag, content);
    this.#objects.set(`${bucket}/${key}`, { bucket, key, content });
  }

  /** Notes what was deleted. */
  delete(bucket, key) {
    this.counts.deleted += 1;
    this.#objects.set(`${bucket}/${key}`, { bucket, key, content: null });
  }

  /** @returns {Content | null | undefined} undefined if the key was never used. */
  content(bucket, key) {
    return this.#objects.get(`${bucket}/${key}`)?.content;
  }

  /** @param {string} tag */
  contentOf(tag) {
    return this.#contents.get(tag);
  }

  /** All objects of a bucket, the deleted ones too. @param {string} bucket @returns {SoakObject[]} */
  objects(bucket) {
    return [...this.#objects.values()].filter((object) => object.bucket === bucket);
  }

  /**
   * What ingest should have: the Parquet objects that were put, and those that the csv Worker makes of spreadsheets.
   *
   * @returns {SoakObject[]}
   */
  parquet() {
    const made = this.objects("vessel-uploads")
      .filter(({ content }) => !content?.unreadable)
      .map(({ key, content }) => ({ bucket: "vessel-csv", key: `${key}.parquet`, content }));
    return [...this.putAsParquet(), ...made];
  }

  /** Of these, those that were put as Parquet. @returns {SoakObject[]} */
  putAsParquet() {
    return ["vessel-csv", "vessel-ocr", "argilla-exports"].flatMap((bucket) => this.objects(bucket));
  }
}
