/**
 * EPSS scores: how probable it is that a CVE will be exploited within 30 days.
 *
 * Source: first.org/epss, `epss_scores-current.csv.gz`: a comment with model and date, a header, then `cve,epss,percentile`. The rows
 * are checked by hand: there are 300,000 of them, of three fields. An entry of the tally is a row.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ExploitProbability } from '../advisory.ts';
import { isCve } from '../cve-id.ts';
import type { ReadTally } from '../read-tally.ts';

/** 10 MB in 2026. */
const MAX_LENGTH = 256 * 1024 * 1024;
const MAX_LINE_LENGTH = 1000;

export interface Scores {
  /** `v2025.03.14`, the model; missing in files of before 2022. */
  readonly model?: string;
  /** When the scores were computed, ISO 8601. */
  readonly date?: string;
  /** Read while it is iterated. */
  readonly scores: Iterable<ExploitProbability>;
}

/** Reads a file of scores, inflated. @throws {PlimsollError} `ADVISORY_INVALID` when it has another header, `LIMIT_EXCEEDED`. */
export function parseEpss(input: Uint8Array | string, tally: ReadTally): Scores {
  if (input.length > MAX_LENGTH) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read EPSS scores: over ${MAX_LENGTH} bytes`);
  }
  const text = (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')).replace(/^\ufeff/, '');
  let start = 0;
  let comment = '';
  // More than one line of comments has never been seen, and would be harmless.
  while (text[start] === '#') {
    comment ||= text.slice(start, Math.min(endOfLine(text, start), start + MAX_LINE_LENGTH));
    start = endOfLine(text, start) + 1;
  }
  const end = endOfLine(text, start);
  const header = text.slice(start, Math.min(end, start + MAX_LINE_LENGTH)).trim();
  if (header !== 'cve,epss,percentile') {
    throw new PlimsollError('ADVISORY_INVALID', `Cannot read EPSS scores: the header is "${printable(header, 80)}"`);
  }
  const model = /model_version:([\w.-]{1,40})/.exec(comment)?.[1];
  const date = /score_date:([0-9T:.+-]{10,35}Z?)/.exec(comment)?.[1];
  return { ...(model && { model }), ...(date && { date }), scores: readRows(text, end + 1, tally) };
}

function* readRows(text: string, from: number, tally: ReadTally): Generator<ExploitProbability> {
  for (let start = from; start < text.length; ) {
    const end = endOfLine(text, start);
    const line = end - start > MAX_LINE_LENGTH ? '?' : text.slice(start, end).trim();
    start = end + 1;
    if (line === '') continue;
    const [cve = '', epss = '', percentile = ''] = line.split(',', 3);
    const score = toShare(epss);
    const rank = toShare(percentile);
    if (!isCve(cve) || score === undefined || rank === undefined) {
      tally.skip('row that is no CVE with numbers between 0 and 1');
      continue;
    }
    tally.keep();
    yield { cve, score, percentile: rank };
  }
}

/** A number between 0 and 1 in plain or scientific notation: `9.7e-05`. */
function toShare(text: string): number | undefined {
  if (!/^[0-9.]{1,30}(?:e-?[0-9]{1,3})?$/i.test(text)) return undefined;
  const share = Number(text);
  return share >= 0 && share <= 1 ? share : undefined;
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}
