/**
 * Python versions: `[N!]release[{a|b|rc}N][.postN][.devN][+local]` in any of its many spellings, as pip orders them.
 *
 * Source: PEP 440, now the packaging specification "Version specifiers". Checked against Python's `packaging` in against-tools.test.ts.
 * `@renovatebot/pep440` was measured first: 1.2 µs a comparison with no form to keep parsed, and numbers over 2^53 come out equal.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, isLetter, order, toWhole, VersionReader, type Whole } from './version-reader.ts';

interface PythonVersion {
  readonly epoch: Whole;
  /** Without trailing zeros. */
  readonly release: readonly Whole[];
  /** 0 a dev release of the version itself, 1 a, 2 b, 3 rc, 4 final or post. */
  readonly stage: number;
  readonly stageNumber: Whole;
  /** -1 when there is none; the same for `post`. */
  readonly post: Whole;
  /** Infinite when there is none: a dev release comes before what it leads to. */
  readonly dev: Whole;
  /** Empty when there is none. */
  readonly local: readonly (Whole | string)[];
}

const SEPARATORS = '-_.';
const STAGES: Readonly<Record<string, number>> = { alpha: 1, a: 1, beta: 2, b: 2, preview: 3, pre: 3, rc: 3, c: 3 };
const STAGE_WORDS = Object.keys(STAGES);
const POST_WORDS = ['post', 'rev', 'r'];
const DEV_WORDS = ['dev'];
const FINAL = 4;

/** Orders Python versions. Versions older than PEP 440 (`2004d`) are unreadable. A bound without local label speaks of all of them. */
export const pep440 = versionScheme<PythonVersion>({
  id: 'pep440',
  parse(text) {
    const reader = new VersionReader(text.toLowerCase());
    reader.take('v');
    let first = reader.digits();
    let epoch = '0';
    if (first !== '' && reader.take('!')) {
      epoch = first;
      first = reader.digits();
    }
    if (first === '') return undefined;
    const release = [toWhole(first)];
    for (let next = reader.digitsAfter('.'); next !== undefined; next = reader.digitsAfter('.'))
      release.push(toWhole(next));
    const pre = takeLabelled(reader, STAGE_WORDS);
    // A bare `-1` is a post release; in front of the words, since it has none.
    const bare = reader.digitsAfter('-');
    const post = bare === undefined ? takeLabelled(reader, POST_WORDS)?.number : toWhole(bare);
    const dev = takeLabelled(reader, DEV_WORDS)?.number;
    const local = reader.take('+') ? parseLocal(reader.rest) : reader.isDone ? [] : undefined;
    if (local === undefined) return undefined;
    return {
      epoch: toWhole(epoch),
      release: withoutTrailingZeros(release),
      stage: pre ? (STAGES[pre.word] ?? FINAL) : post === undefined && dev !== undefined ? 0 : FINAL,
      stageNumber: pre?.number ?? 0,
      post: post ?? -1,
      dev: dev ?? Number.POSITIVE_INFINITY,
      local,
    };
  },
  compare(a, b) {
    return (
      order(a.epoch, b.epoch) ||
      compareReleases(a.release, b.release) ||
      a.stage - b.stage ||
      order(a.stageNumber, b.stageNumber) ||
      order(a.post, b.post) ||
      order(a.dev, b.dev) ||
      compareLocals(a.local, b.local)
    );
  },
  shorten: version => (version.local.length === 0 ? version : { ...version, local: [] }),
});

/** Reads `[separator]word[separator][digits]`, or nothing. Missing digits are 0. */
function takeLabelled(
  reader: VersionReader,
  words: readonly string[],
): { readonly word: string; readonly number: Whole } | undefined {
  const word = reader.wordAfter(SEPARATORS, words);
  if (word === undefined) return undefined;
  reader.takeAnyOf(SEPARATORS);
  return { word, number: toWhole(reader.digits() || '0') };
}

function parseLocal(text: string): (Whole | string)[] | undefined {
  const segments: (Whole | string)[] = [];
  for (const segment of text.split(/[-_.]/)) {
    const reader = new VersionReader(segment);
    const digits = reader.digits();
    if (reader.isDone && digits !== '') segments.push(toWhole(digits));
    else {
      reader.while(code => isDigit(code) || isLetter(code));
      if (!reader.isDone || segment === '') return undefined;
      segments.push(segment);
    }
  }
  return segments;
}

function withoutTrailingZeros(release: Whole[]): Whole[] {
  while (release.length > 0 && Number(release.at(-1)) === 0) release.pop();
  return release;
}

function compareReleases(a: readonly Whole[], b: readonly Whole[]): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const difference = order(a[at] ?? 0, b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** None before some, texts before numbers, a list before its continuation. */
function compareLocals(a: PythonVersion['local'], b: PythonVersion['local']): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    const isText = typeof x === 'string';
    if (isText !== (typeof y === 'string')) return isText ? -1 : 1;
    const difference = order(x, y);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
