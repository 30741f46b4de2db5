/** From a package header or a manifest line to a package. */
import { declaredProperties } from '../declared.ts';
import type { FoundPackage, SourcePackage } from '../package.ts';

/** What rpm knows of one installed package. */
export interface RpmRow {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  /** Missing is not 0 where versions are shown, and equal to 0 where they are compared. */
  readonly epoch?: number | undefined;
  readonly arch?: string | undefined;
  /** File name of the source package: `bash-5.1.8-6.el9_1.src.rpm`. */
  readonly sourceRpm?: string | undefined;
  readonly vendor?: string | undefined;
  readonly license?: string | undefined;
  /** `name:stream:version:context[:arch]`. */
  readonly moduleLabel?: string | undefined;
  /** As `signingKeyOf` answers. */
  readonly signingKey?: string | undefined;
}

/**
 * The package of one row; its version is `[epoch:]version-release`, as `rpm -q --qf '%{EVR}'` prints it. The source comes from the file
 * name of the source rpm, which has no epoch, so neither has the source's version. Property `signing-key`: the id of the key that
 * signed it, `unknown` when its signature cannot be read, missing when it has none. Property `imported-key`: `true` for `gpg-pubkey`,
 * a key that rpm keeps and lists as a package, though it is no software.
 */
export function toPackage(row: RpmRow): FoundPackage {
  const source = row.sourceRpm === undefined ? undefined : toSource(row.sourceRpm);
  const [moduleName, stream] = row.moduleLabel?.split(':', 2) ?? [];
  return {
    type: 'rpm',
    name: row.name,
    version: `${row.epoch === undefined ? '' : `${row.epoch}:`}${row.version}-${row.release}`,
    ...(row.arch ? { arch: row.arch } : {}),
    ...(source === undefined ? {} : { source }),
    ...(row.license ? { licenses: [row.license] } : {}),
    ...(row.vendor ? { vendor: row.vendor } : {}),
    ...(moduleName && stream ? { module: `${moduleName}:${stream}` } : {}),
    ...declaredProperties({
      'signing-key': row.signingKey,
      'imported-key': row.name === 'gpg-pubkey' ? 'true' : undefined,
    }),
  };
}

/** Splits `name-version-release.src.rpm` from the right, as names may hold hyphens; `undefined` when it is of another form. */
export function toSource(sourceRpm: string): SourcePackage | undefined {
  const suffix = ['.src.rpm', '.nosrc.rpm'].find(one => sourceRpm.endsWith(one));
  if (suffix === undefined) return undefined;
  const stem = sourceRpm.slice(0, -suffix.length);
  const release = stem.lastIndexOf('-');
  const version = release <= 0 ? -1 : stem.lastIndexOf('-', release - 1);
  return version <= 0 ? undefined : { name: stem.slice(0, version), version: stem.slice(version + 1) };
}
