/**
 * The two records that installers of CPAN distributions leave.
 *
 * Source: cpanminus writes `.meta/DIST-VERSION/install.json` below the library folder; ExtUtils::MakeMaker appends an entry to
 * `perllocal.pod` at every installation, so the last entry of a module is the one that counts.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { asRecord } from '../json-file.ts';

/** One installed distribution. */
export interface PerlRow {
  /** As CPAN names distributions: `libwww-perl`, `Mojolicious`. */
  readonly name: string;
  readonly version: string;
  /** Who uploaded it, when known: `SRI`. */
  readonly author?: string | undefined;
}

/** Modules of one `perllocal.pod` that are kept. */
const MAX_MODULES = 20_000;

/** Reads cpanminus' record. @throws {PlimsollError} `FILE_INVALID` without name or version. */
export function parseInstallJson(json: unknown): PerlRow {
  const record = asRecord(json);
  const dist = declaredText(record['dist']);
  const version = declaredText(record['version']);
  // `name` is the main module, `dist` the distribution with its version.
  const name = dist !== undefined && version !== undefined ? withoutVersion(dist, version) : undefined;
  const fallback = declaredText(record['name'])?.replaceAll('::', '-');
  if (version === undefined || (name ?? fallback) === undefined) {
    throw new PlimsollError('FILE_INVALID', 'The record of cpanminus has no name or no version');
  }
  const author = /^[A-Z]\/[A-Z]{2}\/([A-Z0-9-]{2,20})\//.exec(declaredText(record['pathname']) ?? '')?.[1];
  return { name: name ?? fallback ?? '', version, author };
}

/** Reads the log of installations. Its modules stand for their distributions, which mostly have the same name. */
export function parsePerllocal(text: string): PerlRow[] {
  const versions = new Map<string, string>();
  let module: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('=head2 ')) module = declaredText(/\bL<([^|>]{1,200})/.exec(line)?.[1]);
    else if (line.startsWith('C<VERSION: ') && module !== undefined) {
      const version = declaredText(line.slice('C<VERSION: '.length, line.lastIndexOf('>')));
      if (version !== undefined && (versions.has(module) || versions.size < MAX_MODULES)) versions.set(module, version);
    }
  }
  return [...versions].map(([name, version]) => ({ name: name.replaceAll('::', '-'), version }));
}

/** `Mojolicious-9.35` and `9.35` are `Mojolicious`. */
function withoutVersion(dist: string, version: string): string {
  for (const suffix of [`-${version}`, `-v${version}`]) {
    if (dist.endsWith(suffix) && dist.length > suffix.length) return dist.slice(0, -suffix.length);
  }
  return dist;
}
