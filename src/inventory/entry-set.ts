/**
 * The set of paths a layer holds, in eight bytes each.
 *
 * To lay layers over each other we must know whether a layer replaces a path of a lower one, and layers have up to millions of
 * paths. A 53-bit hash of each answers that; two paths of one image share one with a chance below 1 in 10,000 at a million paths,
 * and the image's author, who could search for such a pair, can delete files anyway.
 */

/** A set of path hashes, sorted. Made by `EntrySetBuilder`, plain data in the layer cache through `toBase64`. */
export class EntrySet {
  readonly #hashes: Float64Array;

  constructor(hashes: Float64Array) {
    this.#hashes = hashes;
  }

  get size(): number {
    return this.#hashes.length;
  }

  /** Whether the path with this `pathHash` is in the set. */
  has(hash: number): boolean {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const value = hashes[middle] ?? 0;
      if (value === hash) return true;
      if (value < hash) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  /** The set as text; `EntrySet.fromBase64` reads it back. */
  toBase64(): string {
    const { buffer, byteOffset, byteLength } = this.#hashes;
    return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  }

  /** Reads what `toBase64` wrote. Text of another length than whole hashes gives an empty set's worth less: the caller checks the cache. */
  static fromBase64(text: string): EntrySet {
    const bytes = Buffer.from(text, 'base64');
    const hashes = new Float64Array(Math.floor(bytes.length / 8));
    bytes.copy(Buffer.from(hashes.buffer), 0, 0, hashes.length * 8);
    return new EntrySet(hashes);
  }
}

/** Gathers paths into an `EntrySet`. */
export class EntrySetBuilder {
  #hashes = new Float64Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(path: string): void {
    if (this.#size === this.#hashes.length) {
      const larger = new Float64Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#size] = pathHash(path);
    this.#size += 1;
  }

  build(): EntrySet {
    return new EntrySet(this.#hashes.slice(0, this.#size).sort());
  }
}

/** A 53-bit hash of a path: two 32-bit multiplicative hashes over its UTF-16 units, mixed (MurmurHash3's finaliser). */
export function pathHash(path: string): number {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let at = 0; at < path.length; at++) {
    const unit = path.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return (mix(b) & 0x1fffff) * 0x100000000 + (mix(a ^ path.length) >>> 0);
}

function mix(value: number): number {
  let mixed = value;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
