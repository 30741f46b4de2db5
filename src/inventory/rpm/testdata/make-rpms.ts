/** Rpm databases of a few packages with files, for tests that are about packages rather than bytes. */
import { TAG } from '../parse-header.ts';
import { makeHeader, makeNdb, type Value } from './make-database.ts';

/** A package to be. */
export interface RpmSpec {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly arch?: string;
  readonly vendor?: string;
  /** Seconds since 1970. */
  readonly installTime?: number;
  /** Paths with their leading slash; a path alone is a regular file without flags. */
  readonly files?: readonly (string | { readonly path: string; readonly flags?: number; readonly mode?: number })[];
}

/** A database in the ndb format, which is the shortest to write; where it lies tells nobody its format. */
export function makeRpmDatabase(packages: readonly RpmSpec[]): Buffer {
  return makeNdb(packages.map(toHeader));
}

function toHeader(spec: RpmSpec): Buffer {
  const { name, version = '1.0', release = '1.el9', arch = 'x86_64', vendor = 'Red Hat, Inc.', installTime = 1000 } = spec;
  const files = (spec.files ?? []).map(file => (typeof file === 'string' ? { path: file } : file));
  const folders = [...new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)))];
  const lists: [number, Value][] =
    files.length === 0
      ? []
      : [
          [TAG.FILEMODES, { int16: files.map(({ mode = 0o100644 }) => mode) }],
          [TAG.FILEFLAGS, { int32: files.map(({ flags = 0 }) => flags) }],
          [TAG.DIRINDEXES, { int32: files.map(({ path }) => folders.indexOf(path.slice(0, path.lastIndexOf('/') + 1))) }],
          [TAG.BASENAMES, { strings: files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)) }],
          [TAG.DIRNAMES, { strings: folders }],
        ];
  return makeHeader([
    [TAG.NAME, { string: name }],
    [TAG.VERSION, { string: version }],
    [TAG.RELEASE, { string: release }],
    [TAG.INSTALLTIME, { int32: [installTime] }],
    [TAG.VENDOR, { string: vendor }],
    [TAG.ARCH, { string: arch }],
    ...lists,
  ]);
}
