/**
 * Conda's record of one installed package: `conda-meta/NAME-VERSION-BUILD.json`.
 *
 * Source: conda's documentation, "conda-meta". The record is the package's index entry with the list of files added.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { asRecord } from '../json-file.ts';

/** One installed package. */
export interface CondaRow {
  readonly name: string;
  readonly version: string;
  /** `py311h06a4308_0` */
  readonly build?: string | undefined;
  /** As users name it: `conda-forge`, `pkgs/main`. */
  readonly channel?: string | undefined;
  /** `linux-64`, `noarch` */
  readonly subdir?: string | undefined;
  readonly license?: unknown;
}

/** Reads the record. @throws {PlimsollError} `FILE_INVALID` without name or version. */
export function parseRecord(json: unknown): CondaRow {
  const record = asRecord(json);
  const name = declaredText(record['name']);
  const version = declaredText(record['version']);
  if (name === undefined || version === undefined) {
    throw new PlimsollError('FILE_INVALID', 'The record of conda has no name or no version');
  }
  const subdir = declaredText(record['subdir']);
  return {
    name,
    version,
    build: declaredText(record['build']) ?? declaredText(record['build_string']),
    channel: channelName(declaredText(record['channel']), subdir),
    subdir,
    license: record['license'],
  };
}

/** A channel is a name or a URL, which may hold a token (`/t/TOKEN/`): only what follows the host and the token is its name. */
function channelName(channel: string | undefined, subdir: string | undefined): string | undefined {
  const scheme = channel?.indexOf('://') ?? -1;
  if (channel === undefined) return undefined;
  const parts = channel.split('/').filter(Boolean);
  if (scheme !== -1) parts.splice(0, 2);
  const token = parts.indexOf('t');
  if (token !== -1) parts.splice(token, 2);
  if (parts.at(-1) === subdir || parts.at(-1) === 'noarch') parts.pop();
  return declaredText(parts.join('/').replace(/[?#].*$/s, ''));
}
