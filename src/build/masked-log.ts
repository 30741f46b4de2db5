/**
 * Output of programs as people may see it: whole lines, secrets replaced, nothing that steers a terminal, and not without end.
 */
import { printable } from '#base/text.ts';

/** Takes output piece by piece. */
export interface MaskedLog {
  /** Bytes as they came, of one program at a time. */
  write(bytes: Uint8Array): void;
  /** Passes on a line of our own, after what is still open. */
  line(text: string): void;
  /** Passes on what is still open; the program ended. */
  flush(): void;
  /** The last lines passed on, up to 20. */
  readonly tail: readonly string[];
}

/** Longer lines lose their end. */
const MAX_LINE = 8 * 1024;
const TAIL_LINES = 20;
/** Shorter values are in every second word; masking them would hide the log and tell the value. */
const MIN_SECRET = 4;
const MASK = '***';

/**
 * A log that replaces `secrets` by `***`, also in base64 and as they look in a URL, and drops what comes after `limitBytes`.
 * Secrets of fewer than 4 characters are let through. `emit` gets one or more whole lines.
 */
export function openMaskedLog(options: {
  readonly secrets: readonly string[];
  readonly limitBytes: number;
  readonly emit: (text: string) => void;
  /** Told once when the limit is reached. */
  readonly onLimit?: (() => void) | undefined;
}): MaskedLog {
  return new LineLog(options.secrets, options.limitBytes, options.emit, options.onLimit ?? (() => {}));
}

/** `text` with each of `secrets` replaced, in any of the forms that the log masks. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return maskAll(text, formsOf(secrets));
}

class LineLog implements MaskedLog {
  readonly #forms: readonly string[];
  readonly #longest: number;
  readonly #emit: (text: string) => void;
  readonly #onLimit: () => void;
  #decoder = new TextDecoder();
  #open = '';
  #isCut = false;
  #leftBytes: number;
  #tail: string[] = [];

  constructor(secrets: readonly string[], limitBytes: number, emit: (text: string) => void, onLimit: () => void) {
    this.#forms = formsOf(secrets);
    this.#longest = this.#forms[0]?.length ?? 0;
    this.#leftBytes = limitBytes;
    this.#emit = emit;
    this.#onLimit = onLimit;
  }

  get tail(): readonly string[] {
    return this.#tail;
  }

  write(bytes: Uint8Array): void {
    if (this.#leftBytes < 0) return;
    this.#leftBytes -= bytes.byteLength;
    if (this.#leftBytes < 0) {
      this.flush();
      this.#pass(['(the output is longer than the limit: the rest is left out)']);
      this.#onLimit();
      return;
    }
    const pieces = this.#decoder.decode(bytes, { stream: true }).split(/\r\n|[\r\n]/);
    const last = pieces.pop() ?? '';
    const lines: string[] = [];
    for (const piece of pieces) {
      this.#grow(piece);
      lines.push(this.#take());
    }
    this.#grow(last);
    this.#pass(lines);
  }

  line(text: string): void {
    this.flush();
    this.#pass([this.#safe(text)]);
  }

  flush(): void {
    this.#grow(this.#decoder.decode());
    this.#decoder = new TextDecoder();
    if (this.#open !== '') this.#pass([this.#take()]);
  }

  /** Adds to the open line as much as is needed to find each secret that begins before the cut. */
  #grow(piece: string): void {
    const room = MAX_LINE + this.#longest - this.#open.length;
    if (piece.length > room) this.#isCut = true;
    this.#open += piece.slice(0, Math.max(0, room));
  }

  #take(): string {
    let line = this.#safe(this.#open);
    if (this.#isCut) {
      // The last characters may be the beginning of a secret whose end was dropped.
      line = `${line.slice(0, Math.max(0, Math.min(MAX_LINE, line.length - this.#longest)))} (line cut)`;
    }
    this.#open = '';
    this.#isCut = false;
    return line;
  }

  #safe(text: string): string {
    // Colours and cursor movements first, so that they do not split a secret; a tab is no harm.
    const plain = text.replace(/\u001b\[[0-9;?]{0,20}[A-Za-z]/g, '').replaceAll('\t', '  ');
    return printable(maskAll(plain, this.#forms), 4 * (MAX_LINE + this.#longest));
  }

  #pass(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const said = lines.filter(line => line !== '');
    this.#tail = [...this.#tail, ...said].slice(-TAIL_LINES);
    this.#emit(`${lines.join('\n')}\n`);
  }
}

/** Every form in which a secret is looked for, longest first, so that one inside another does not hide half of it. */
function formsOf(secrets: readonly string[]): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    // A log has lines: a key of many lines is found line by line.
    const lines = secret.split(/\r?\n/).filter(line => !line.startsWith('-----'));
    for (const form of [...lines, ...encodings(secret)]) {
      if (form.trim().length >= MIN_SECRET) forms.add(form.trim());
    }
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

function encodings(secret: string): readonly string[] {
  if (secret.length < MIN_SECRET || secret.includes('\n')) return [];
  const base64 = Buffer.from(secret).toString('base64');
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [base64, base64.replace(/=+$/, ''), encodeURIComponent(secret), escaped];
}

function maskAll(text: string, forms: readonly string[]): string {
  let masked = text;
  for (const form of forms) masked = masked.replaceAll(form, MASK);
  return masked;
}
