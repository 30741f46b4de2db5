/**
 * Keeps what was read last, within a bound on its weight and at the cost of a look-up in a map.
 *
 * Two generations: what is asked for moves to the young one; when that has half the weight allowed, it becomes the old one, and what nobody
 * asked for in the meantime is gone. A list in order of use would cost more than a look-up at each use.
 */
export class RecordCache<K, V> {
  readonly #maxWeight: number;
  readonly #weigh: (value: V) => number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #weight = 0;

  /** `weigh` must give the same for the same value each time. */
  constructor(maxWeight: number, weigh: (value: V) => number = () => 1) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#weight += this.#weigh(value);
    if (this.#weight > this.#maxWeight / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = this.#weigh(value);
    }
    this.#young.set(key, value);
  }
}
