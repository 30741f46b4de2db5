/**
 * `conaninfo.txt`, which Conan writes into every binary package of its cache, and beside what it deploys.
 *
 * Source: Conan's documentation, "conaninfo.txt". The file does not name its own package: in a cache of Conan 1 the path does
 * (`data/NAME/VERSION/USER/CHANNEL/package/ID/`). `[full_requires]` names what was linked, `name/version@user/channel:id`.
 */
import { declaredText } from '../declared.ts';

/** A package of C or C++. */
export interface ConanRow {
  readonly name: string;
  readonly version: string;
  /** Who uploaded it and where, in Conan 1; packages of Conan's own centre have neither. */
  readonly user?: string | undefined;
  readonly channel?: string | undefined;
}

const MAX_REQUIRES = 5000;

/** The package that the file belongs to, if its path says so, then what it requires. */
export function parseConaninfo(path: string, text: string): ConanRow[] {
  const rows: ConanRow[] = [];
  const own = ownPackage(path);
  if (own !== undefined) rows.push(own);
  let isRequires = false;
  for (const line of text.split('\n')) {
    const entry = line.trim();
    if (entry.startsWith('[')) isRequires = entry === '[full_requires]';
    else if (isRequires && entry !== '' && rows.length < MAX_REQUIRES) {
      const row = parseReference(entry);
      if (row !== undefined) rows.push(row);
    }
  }
  return rows;
}

function ownPackage(path: string): ConanRow | undefined {
  const [data, name, version, user, channel, folder] = path.split('/').slice(-8);
  return data === 'data' && folder === 'package' ? checked({ name, version, user, channel }) : undefined;
}

/** `zlib/1.2.13@user/channel#revision:id` is zlib 1.2.13. */
function parseReference(text: string): ConanRow | undefined {
  const [, name, version, user, channel] =
    /^([^/@#:\s]{1,200})\/([^/@#:\s]{1,200})(?:@([^/@#:\s]{0,200})\/([^/@#:\s]{0,200}))?/.exec(text) ?? [];
  return checked({ name, version, user, channel });
}

/** `_` stands for "none" in paths. */
function checked(parts: Readonly<Record<'name' | 'version' | 'user' | 'channel', string | undefined>>) {
  const [name, version, user, channel] = [parts.name, parts.version, parts.user, parts.channel].map(declaredText);
  if (name === undefined || version === undefined) return undefined;
  return { name, version, ...(user !== '_' && { user }), ...(channel !== '_' && { channel }) };
}
