/** Random numbers that come again with their seed. Not for secrets. */

export class Random {
  #state;

  /** @param {number} seed Of its bits the lowest 32 count. */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** The next number, from 0 up to, not including, 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `from` up to, not including, `to`. */
  integer(from, to) {
    return from + Math.floor(this.next() * (to - from));
  }

  /** Whether what has this chance, from 0 to 1, happens. */
  happens(chance) {
    return this.next() < chance;
  }

  /**
   * One of some, each as likely as its weight says.
   *
   * @template T
   * @param {T[]} items At least one.
   * @param {(item: T) => number} [weight] 1 for each by default.
   * @returns {T}
   */
  pick(items, weight = () => 1) {
    let left = this.next() * items.reduce((sum, item) => sum + weight(item), 0);
    return items.find((item) => (left -= weight(item)) < 0) ?? items.at(-1);
  }

  /**
   * Fisher and Yates's shuffle.
   *
   * @template T
   * @param {T[]} items
   * @returns {T[]} a copy in another order.
   */
  shuffled(items) {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i -= 1) {
      const j = this.integer(0, i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}
