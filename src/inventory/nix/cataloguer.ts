/**
 * Nix packages: the valid paths of Nix's own database. Images made without it (`dockerTools`) have only the store's folders, which no
 * file of theirs stands for.
 *
 * Property `outputhash`: the hash in the store path.
 *
 * Source: nix, src/libstore/schema.sql, table `ValidPaths`: id, path, hash, registrationTime, deriver, …
 */
import type { Cataloguer } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { FactLimits } from '../fact-limits.ts';
import type { FoundPackage } from '../package.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { readRows } from '../sqlite/table.ts';
import { parseStorePath } from './parse-store-path.ts';

const DATABASE = 'nix/var/nix/db/db.sqlite';
const LOG_SUFFIX = '-wal';

export const nixCataloguer: Cataloguer = {
  id: 'nix',
  version: 1,
  maxBytes: 1024 * 1024 * 1024,
  claims: ({ name, path }) => name === 'db.sqlite' && hasPathSuffix(path, DATABASE),
  companionOf: ({ name, path }) =>
    name === `db.sqlite${LOG_SUFFIX}` && hasPathSuffix(path, DATABASE + LOG_SUFFIX)
      ? path.slice(0, -LOG_SUFFIX.length)
      : undefined,
  read(file) {
    const limits = new FactLimits();
    const log = companionAt(file, file.path + LOG_SUFFIX);
    const packages = new Map<string, FoundPackage>();
    for (const row of readRows(file.body, 'ValidPaths', { log, lose: what => limits.lose(what) })) {
      const [, path, , , deriver] = row;
      if (typeof path !== 'string') {
        limits.lose('database row(s) without a path');
        continue;
      }
      const found = parseStorePath(path, typeof deriver === 'string' ? deriver : undefined);
      // The outputs of one build are one package.
      if (found === undefined || packages.has(`${found.name} ${found.version}`) || !limits.admitsPackage()) continue;
      const { name, version, hash } = found;
      packages.set(`${name} ${version}`, { type: 'nix', name, version, properties: { outputhash: hash } });
    }
    return { packages: Array.from(packages.values()), gaps: limits.gaps() };
  },
};
