/** From rows of Composer and PEAR to packages. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { InstalledRow } from './parse-installed.ts';
import type { PearRow } from './parse-registry.ts';

/** A package of Composer. `reference` is the commit of a branch, whose version (`dev-main`) no advisory can name. */
export function toComposerPackage(row: InstalledRow): FoundPackage {
  return {
    type: 'composer',
    name: row.name,
    version: row.version,
    ...declaredLicenses(row.licenses),
    ...declaredProperties({
      dev: row.isDev ? 'true' : undefined,
      reference: /^dev-|-dev$/.test(row.version) ? row.reference : undefined,
    }),
  };
}

/** A package of PEAR or PECL, with its channel, as `pear install` takes it: `pecl.php.net/redis`. */
export function toPearPackage(row: PearRow): FoundPackage {
  return {
    type: 'pear',
    name: `${row.channel}/${row.name}`,
    version: row.version,
    ...declaredLicenses(row.licenses),
  };
}
