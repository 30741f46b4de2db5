/**
 * What findings tell of a record's texts. A database reads texts anew each time they are asked for, and many packages have the same record.
 */
import type { Advisory } from '#advisory/advisory.ts';

/** The texts of one record. */
export interface RecordText {
  readonly title: string | undefined;
  /** The first sentence of its details, for records without a title. */
  readonly sentence: string | undefined;
  /** At most 30. */
  readonly urls: readonly string[];
}

const MAX_URLS = 30;
const MAX_LENGTH = 160;
const TEXTS = new WeakMap<Advisory, RecordText>();

/** The texts of `record`, read once. */
export function textOf(record: Advisory): RecordText {
  let text = TEXTS.get(record);
  if (text === undefined) {
    text = readText(record);
    TEXTS.set(record, text);
  }
  return text;
}

/** What findings would tell of these texts. */
export function readText(record: Pick<Advisory, 'title' | 'details' | 'references'>): RecordText {
  const { title, references } = record;
  return {
    title,
    sentence: title === undefined ? firstSentence(record.details) : undefined,
    urls: references.slice(0, MAX_URLS).map(({ url }) => url),
  };
}

/** Debian and Python's database have details and no titles. */
function firstSentence(details: string | undefined): string | undefined {
  const line = details?.split('\n', 20).find(text => /[A-Za-z]/.test(text) && !text.startsWith('#'));
  if (line === undefined) return undefined;
  const text = line.trim().slice(0, MAX_LENGTH * 4);
  const end = text.search(/[.!?](?:\s|$)/);
  const sentence = end > 0 ? text.slice(0, end) : text;
  if (sentence.length <= MAX_LENGTH) return sentence;
  return `${sentence.slice(0, MAX_LENGTH).replace(/\s+\S*$/, '')}…`;
}
