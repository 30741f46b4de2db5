/** `plimsoll db show CVE-…`: all that the vulnerability database knows of a weakness, and which packages it is in. */
import { type Command, Option } from 'commander';
import picocolors from 'picocolors';
import type { Advisory, AffectedPackage, Rating } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { padText, textWidth } from '#report/text-columns.ts';
import type { RangeEvent } from '#version/range.ts';
import { openDatabase, type Relation, type VulnerabilityDatabase } from '#vulndb/vulnerability-database.ts';
import { type CliContext, hasColors } from './context.ts';
import { addDatabaseOption, type DatabaseOptions, databasePath } from './db-options.ts';

interface ShowOptions extends DatabaseOptions {
  readonly format: 'table' | 'json';
}

/** Adds the command to `db`. */
export function addShowCommand(db: Command, context: CliContext): void {
  const command = db
    .command('show')
    .summary('show what is known of a weakness')
    .description(
      'Shows what the vulnerability database knows of a weakness: the advisories of every source that name it, the packages that they ' +
        'say are affected, whether it is known to be exploited and how probable that is.',
    )
    .argument('<id...>', 'CVE, GHSA, or the id of any source; capitals do not matter');
  addDatabaseOption(command)
    .addOption(new Option('-f, --format <format>', 'format of the result').choices(['table', 'json']).default('table'))
    .option('--verbose', 'on failure, print the chain of causes')
    .action((ids: string[], options: ShowOptions) => runShow(ids, options, context));
}

function runShow(ids: readonly string[], options: ShowOptions, context: CliContext): void {
  using database = openDatabase(databasePath(options, context));
  const known = ids.map(id => lookUp(database, id));
  const texts =
    options.format === 'json'
      ? [`${JSON.stringify(known.length === 1 ? toDocument(known[0]) : known.map(toDocument), null, 2)}\n`]
      : known.map(one => toText(one, hasColors(context)));
  context.stdout.write(texts.join('\n'));
}

type Known = ReturnType<typeof lookUp>;

function lookUp(database: VulnerabilityDatabase, id: string) {
  // CVEs are written in capitals, whatever people type.
  const cve = id.toUpperCase();
  const advisories = database.show(id);
  const kev = database.kev(cve);
  const epss = database.epss(cve);
  if (advisories.length === 0 && kev === undefined && epss === undefined) {
    throw new PlimsollError('ADVISORY_UNKNOWN', `The vulnerability database knows nothing of "${printable(id)}"`);
  }
  return { id: advisories.length === 0 ? cve : id, advisories, kev, epss };
}

function toDocument(known: Known | undefined): object {
  const { id = '', advisories = [], kev = null, epss = null } = known ?? {};
  return {
    schema: 'plimsoll/db-show/1',
    id,
    kev,
    epss,
    advisories: advisories.map(({ relation, advisory }) => ({ relation, ...toPlain(advisory) })),
  };
}

/** All of it; the database reads parts of an advisory only when they are asked for. */
function toPlain(advisory: Advisory): object {
  return JSON.parse(JSON.stringify(advisory));
}

const RELATION_WORDS: Readonly<Record<Relation, string>> = {
  id: '',
  alias: 'also called so by',
  upstream: 'named by',
};

function toText({ id, advisories, kev, epss }: Known, isColored: boolean): string {
  const colors = picocolors.createColors(isColored);
  const lines = [colors.bold(printable(id))];
  if (kev !== undefined) {
    const due = kev.due === undefined ? '' : `, to be remedied by ${printable(kev.due)}`;
    const ransom = kev.isRansomware ? ', by ransomware too' : '';
    lines.push(colors.red(`known to be exploited since ${printable(kev.added)}${ransom}${due}`));
  }
  if (epss !== undefined) {
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
    lines.push(`EPSS ${percent(epss.score)}, more probable than ${percent(epss.percentile)} of all`);
  }
  for (const { relation, advisory } of advisories) {
    const word = relation === 'id' ? '' : colors.dim(`${RELATION_WORDS[relation]} `);
    lines.push('', `${word}${colors.bold(printable(advisory.id))} ${colors.dim(`(${advisory.source})`)}`);
    lines.push(...advisoryLines(advisory).map(line => `  ${line}`));
  }
  return `${lines.join('\n')}\n`.toWellFormed();
}

function advisoryLines(advisory: Advisory): readonly string[] {
  const { title, kind, withdrawn, ratings, aliases, upstream, published, modified, references, affected } = advisory;
  const lines: string[] = [];
  if (title !== undefined) lines.push(printable(title, 1000));
  if (withdrawn !== undefined) lines.push(`withdrawn ${printable(withdrawn)}`);
  if (kind !== 'weakness')
    lines.push(kind === 'malware' ? 'the package itself is malicious' : 'a notice, not a weakness');
  const dates = [published && `published ${published.slice(0, 10)}`, modified && `modified ${modified.slice(0, 10)}`];
  if (dates.some(Boolean)) lines.push(printable(dates.filter(Boolean).join(', ')));
  if (ratings.length > 0) lines.push(ratings.map(ratingText).join('; '));
  if (aliases.length > 0) lines.push(`aliases ${aliases.map(one => printable(one)).join(' ')}`);
  if (upstream.length > 0) lines.push(`derives from ${upstream.map(one => printable(one)).join(' ')}`);
  lines.push(...packageLines(affected));
  for (const { url } of references) lines.push(printable(url, 2048));
  return lines;
}

function ratingText(rating: Rating): string {
  return rating.kind === 'word'
    ? `${rating.severity} (${printable(rating.origin)})`
    : `${printable(rating.vector)} (${printable(rating.origin)})`;
}

function packageLines(affected: readonly AffectedPackage[]): readonly string[] {
  const rows = affected.map(one => [printable(one.ecosystem), printable(one.name), statementText(one)] as const);
  const width = (at: 0 | 1) => Math.max(0, ...rows.map(row => textWidth(row[at])));
  return rows.map(([ecosystem, name, text]) => `${padText(ecosystem, width(0))}  ${padText(name, width(1))}  ${text}`);
}

function statementText(affected: AffectedPackage): string {
  const { range, state, isNotAffected, module, arches, repository } = affected;
  const ranges = range.ranges.map(events => events.map(eventText).join(' '));
  const listed = range.versions?.length ?? 0;
  const versions = [...ranges, ...(listed > 0 ? [`${listed} versions listed`] : [])].join(' or ');
  const reason = state !== undefined && 'reason' in state && state.reason !== '' ? ` (${printable(state.reason)})` : '';
  const extras = [
    isNotAffected ? 'not affected' : versions || 'no range',
    state === undefined ? '' : `${state.kind}${reason}`,
    module === undefined ? '' : `module ${printable(module)}`,
    repository === undefined ? '' : `in ${printable(repository)}`,
    arches === undefined ? '' : `for ${printable(arches.join(' '))}`,
  ];
  return extras.filter(text => text !== '').join(', ');
}

const EVENT_SIGNS = { introduced: '>=', fixed: '<', 'last-affected': '<=', limit: '<' } as const;

function eventText({ kind, version }: RangeEvent): string {
  return `${EVENT_SIGNS[kind]}${printable(version)}`;
}
