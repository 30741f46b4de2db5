/** Builds for people at a terminal. Nothing that a build or a server says is printed raw. */
import picocolors from 'picocolors';
import { printable } from '#base/text.ts';
import { type GridColumn, layOut } from '#report/grid.ts';
import { countOf, type LabelledFact, labelLines } from '../label-lines.ts';
import type { Build } from './build-answer.ts';

/** How it is shown. */
export interface ShowOptions {
  readonly hasColors: boolean;
  /** `HOST` of the hosted registry; missing where it is not known. */
  readonly host?: string | undefined;
}

const MAX_LISTED = 10;

/** What happened to a build, in one word of a colour. */
function stateText({ state }: Pick<Build, 'state'>, hasColors: boolean): string {
  const colors = picocolors.createColors(hasColors);
  const shown = printable(state);
  if (state === 'succeeded') return colors.green(shown);
  return state === 'failed' || state === 'cancelled' ? colors.red(shown) : colors.yellow(shown);
}

/** All of a build, ending in a line feed. */
export function renderBuild(build: Build, { hasColors, host }: ShowOptions): string {
  const colors = picocolors.createColors(hasColors);
  const { tag, causes, source, commit, repository, digest, failure, changes, notPublished } = build;
  const place = repository === null ? undefined : `${host === undefined ? '' : `${host}/`}${repository}`;
  const facts: LabelledFact[] = [
    ['Build', build.id],
    ['Because', causes.map(({ kind, detail }) => `${kind}: ${detail}`)],
    ['Source', source === null ? null : `${source.url}${source.ref === '' ? '' : `, ${source.ref}`}`],
    ['Commit', commit],
    ['On', build.baseImages.map(({ reference, digest: base }) => `${reference}@${base}`)],
    ['Builder', build.builder],
    ['Begun', build.startedAt],
    ['Ended', build.finishedAt],
    ['Image', digest === null || place === undefined ? null : `${place}:${tag}`],
    ['Digest', digest],
    ...failureFacts(failure),
    ['Since', changes === null ? null : [changes.since, ...changeTexts(changes)]],
    ['Held back', notPublished],
    ['Pull', digest === null || place === undefined ? null : `podman pull ${place}@${digest}`],
  ];
  const lines = [
    `${colors.bold(printable(tag))}  ${stateText(build, hasColors)}`,
    ...labelLines(facts),
    ...build.images.map(image => imageLine(build, image, hasColors)),
    ...(build.state === 'succeeded' && build.images.length === 0
      ? [colors.red('  NOT certified: it has no image of an architecture that is certified')]
      : []),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}

function imageLine({ manifests }: Build, image: Build['images'][number], hasColors: boolean): string {
  const colors = picocolors.createColors(hasColors);
  const platform = manifests.find(({ digest }) => digest === image.digest)?.platform ?? image.digest;
  const verdict = image.isCertified ? colors.green('certified') : colors.red('NOT certified');
  const published = image.isPublished ? 'published' : 'not published';
  return `  ${printable(platform)}: ${verdict}, grade ${printable(image.grade ?? 'unknown')}, ${published}; image ${printable(image.id)}`;
}

function failureFacts(failure: Build['failure']): readonly LabelledFact[] {
  if (failure === null) return [];
  const { message, step, line, tail } = failure;
  return [
    // With a line, the message has it and the instruction.
    ['Failed', line === null ? `${step}: ${message}` : message],
    ['Said last', tail],
  ];
}

function changeTexts(changes: NonNullable<Build['changes']>): readonly string[] {
  const { packages, packageCount, findingsGone, findingsNew } = changes;
  const listed = packages.slice(0, MAX_LISTED).map(({ name, before, after }) => {
    if (before === null) return `${name} ${after ?? ''} is new`;
    return after === null ? `${name} ${before} is gone` : `${name} ${before} is ${after} now`;
  });
  const rest = packageCount - listed.length;
  return [
    ...(packageCount === 0 ? ['no package changed'] : listed),
    ...(rest > 0 ? [`and ${countOf(rest, 'package')} more`] : []),
    ...(findingsGone.length === 0 ? [] : [`gone: ${listOf(findingsGone)}`]),
    ...(findingsNew.length === 0 ? [] : [`NEW: ${listOf(findingsNew)}`]),
  ];
}

function listOf(ids: readonly string[]): string {
  const rest = ids.length - MAX_LISTED;
  return `${ids.slice(0, MAX_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Builds in a table, ending in a line feed. */
export function renderBuilds(
  builds: readonly Build[],
  { hasColors, width }: { readonly hasColors: boolean; readonly width: number },
): string {
  const columns: readonly GridColumn<Build>[] = [
    { title: 'TAG', cell: ({ tag }) => printable(tag), minimum: 8 },
    {
      title: 'STATE',
      cell: ({ state }) => printable(state),
      decorate: (shown, build) => stateText({ ...build, state: shown }, hasColors),
    },
    { title: 'CAUSE', cell: ({ cause }) => printable(cause) },
    { title: 'IMAGES', cell: verdictOf, minimum: 12 },
    { title: 'CHANGES', cell: changeSummary, minimum: 12 },
    { title: 'ADDED', cell: ({ createdAt }) => printable(createdAt.slice(0, 16).replace('T', ' ')) },
    { title: 'BUILD', cell: ({ id }) => printable(id) },
  ];
  const { head, lines } = layOut(columns, builds, width);
  return `${[picocolors.createColors(hasColors).bold(head), ...lines].join('\n')}\n`.toWellFormed();
}

/** The worst of the images counts. */
function verdictOf({ images, failure }: Build): string {
  if (failure !== null) {
    return printable(`${failure.step}${failure.line === null ? '' : `, line ${failure.line}`}`);
  }
  if (images.length === 0) return '';
  const grades = images.map(({ grade }) => grade ?? 'unknown').toSorted();
  return [
    images.every(({ isCertified }) => isCertified) ? 'certified' : 'NOT certified',
    `grade ${printable(grades.at(-1) ?? 'unknown')}`,
    ...(images.every(({ isPublished }) => isPublished) ? ['published'] : []),
  ].join(', ');
}

function changeSummary({ changes }: Build): string {
  if (changes === null) return '';
  const { packageCount, findingsGone, findingsNew } = changes;
  return [
    countOf(packageCount, 'package'),
    ...(findingsGone.length === 0 ? [] : [`-${countOf(findingsGone.length, 'weakness', 'weaknesses')}`]),
    ...(findingsNew.length === 0 ? [] : [`+${countOf(findingsNew.length, 'weakness', 'weaknesses')}`]),
  ].join(', ');
}

/** A piece of a log, safe to show: its lines stay, and what would steer a terminal is shown as escapes. */
export function logText(text: string): string {
  const safe = text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map(line => line.split('\t').map(cell => printable(cell, Number.POSITIVE_INFINITY)));
  return safe
    .map(cells => cells.join('\t'))
    .join('\n')
    .toWellFormed();
}
