/**
 * What of a `package.json` identifies an installed package.
 *
 * Source: npm's documentation of package.json; `licenses` and licences as objects are the forms before 2014, still in many images.
 */
import { declaredText } from '../declared.ts';
import { asList, asRecord } from '../json-file.ts';

/** An installed package as its manifest tells it. */
export interface Manifest {
  /** With its scope; not always the folder's name (aliases), and the one that counts. */
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly unknown[];
  readonly isPrivate: boolean;
}

/**
 * Reads the manifest; `undefined` when it has no name or version, as no package from a registry does, or when it is that of an
 * editor extension, which lives on another marketplace under the same names.
 */
export function parseManifest(json: unknown): Manifest | undefined {
  const manifest = asRecord(json);
  const name = declaredText(manifest['name']);
  const version = declaredText(manifest['version']);
  if (name === undefined || version === undefined || isExtension(manifest)) return undefined;
  return {
    name,
    version,
    licenses: [...licensesOf(manifest['license']), ...licensesOf(manifest['licenses'])],
    isPrivate: manifest['private'] === true,
  };
}

/** Extensions must have both; libraries for them (vscode-languageclient) name the engine, too, but no publisher. */
function isExtension(manifest: Readonly<Record<string, unknown>>): boolean {
  return typeof manifest['publisher'] === 'string' && asRecord(manifest['engines'])['vscode'] !== undefined;
}

function licensesOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return asList(value).slice(0, MAX_LICENSES).map(licenseName);
  return [licenseName(value)];
}

function licenseName(value: unknown): unknown {
  if (typeof value === 'string') return value;
  const { type, name } = asRecord(value);
  return type ?? name;
}

const MAX_LICENSES = 20;
