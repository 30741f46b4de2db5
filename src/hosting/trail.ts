/** How far something had come a while ago: what trails it by a given time asks here. */

/** Sizes are remembered for tenths of the time. */
const STEPS = 10;

/** See above; times are of one steady clock, in milliseconds. */
export class Trail {
  readonly #delayMs: number;
  readonly #marks: { readonly at: number; bytes: number }[] = [];
  #ripeBytes = 0;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** It has come to `bytes` by now. */
  note(bytes: number, now: number): void {
    const step = Math.max(1, this.#delayMs / STEPS);
    const at = Math.ceil(now / step) * step;
    const last = this.#marks.at(-1);
    if (last?.at === at) last.bytes = bytes;
    else this.#marks.push({ at, bytes });
  }

  /** How far it had come by the delay ago. */
  ripe(now: number): number {
    for (let [first] = this.#marks; first !== undefined && first.at + this.#delayMs <= now; [first] = this.#marks) {
      this.#ripeBytes = first.bytes;
      this.#marks.shift();
    }
    return this.#ripeBytes;
  }

  /** When more is ripe, in milliseconds from now; `undefined` when nothing is on its way. */
  nextMs(now: number): number | undefined {
    const [first] = this.#marks;
    return first === undefined ? undefined : Math.max(1, first.at + this.#delayMs - now);
  }
}
