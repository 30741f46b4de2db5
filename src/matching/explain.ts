/**
 * Why a record calls a package affected, in one sentence: what was compared with what.
 */
import { fixesFor, judgePrepared, prepareRange, type RangeEvent } from '#version/range.ts';
import { type Candidate, preparedRange } from './candidate.ts';

/** For example `source package openssl 3.0.15-1 is older than 3.0.16-1, which has the fix`. */
export function explain({ affected, question, installed }: Candidate): string {
  const what = question.nameKind === 'own' ? 'version' : `${question.nameKind} package ${question.name}`;
  const subject = `${what} ${installed.text}`;
  const range = preparedRange(affected.range, question.scheme);
  const [fix] = fixesFor(installed, range);
  if (fix !== undefined) return `${subject} is older than ${fix}, which has the fix`;
  if (range.isEverything) return `${subject} is affected like every other`;
  const { ranges } = affected.range;
  const isWithin = judgePrepared(installed, prepareRange({ ranges }, question.scheme)).kind === 'affected';
  if (!isWithin) return `${subject} is listed as affected`;
  const bounds = ranges.map(events =>
    events
      .map(describe)
      .filter(text => text !== '')
      .join(', '),
  );
  return `${subject} is affected: ${bounds.slice(0, MAX_RANGES).join('; ')}`;
}

const MAX_RANGES = 3;

function describe({ kind, version }: RangeEvent): string {
  switch (kind) {
    case 'introduced':
      return version === '0' ? '' : `since ${version}`;
    case 'fixed':
      return `fixed in ${version}`;
    case 'last-affected':
      return `up to ${version}`;
    case 'limit':
      return version === '*' ? '' : `before ${version}`;
    default:
      return kind satisfies never;
  }
}
