/** From a project file to a package. */
import { declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { ProjectRow } from './parse-project.ts';

/** The package of one project. */
export function toPackage(row: ProjectRow): FoundPackage {
  return { type: 'julia', name: row.name, version: row.version, ...declaredProperties({ uuid: row.uuid }) };
}
