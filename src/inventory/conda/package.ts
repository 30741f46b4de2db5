/** From a record of conda to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { CondaRow } from './parse-record.ts';

/** The package of one record. A Python package is found a second time by its `dist-info`, with the installer `conda`. */
export function toPackage(row: CondaRow): FoundPackage {
  return {
    type: 'conda',
    name: row.name,
    version: row.version,
    ...declaredLicenses([row.license]),
    ...declaredProperties({ build: row.build, channel: row.channel, subdir: row.subdir }),
  };
}
