/**
 * Bitnami's components: `opt/bitnami/NAME/.spdx-NAME.spdx` (SPDX in JSON despite its name) and, in older images, the list
 * `opt/bitnami/.bitnami_components.json`.
 *
 * Only components of type `bitnami` count: what a component brought along is found where it is.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { declaredText } from '../declared.ts';
import { FactLimits } from '../fact-limits.ts';
import { asRecord, parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { toBitnamiPackage } from './package.ts';
import { parsePurl } from './parse-purl.ts';
import { parseSpdx } from './parse-spdx.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const LIST = '.bitnami_components.json';

export const bitnamiCataloguer: Cataloguer = {
  id: 'bitnami',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    (name === LIST || (name.startsWith('.spdx-') && name.endsWith('.spdx'))) && /(?:^|\/)opt\/bitnami\//.test(path),
  read(file) {
    const json = asRecord(parseJsonFile(file.body, MAX_BYTES));
    const limits = new FactLimits();
    const found = file.name === LIST ? parseList(json, limits) : parseComponents(json, limits);
    const packages = found.filter(() => limits.admitsPackage());
    return { packages, gaps: limits.gaps() };
  },
};

function parseComponents(json: Readonly<Record<string, unknown>>, limits: FactLimits): FoundPackage[] {
  return parseSpdx(json).rows.flatMap(row => {
    if (!row.purl.startsWith('pkg:bitnami/')) return [];
    const purl = parsePurl(row.purl);
    if (purl !== undefined) return [toBitnamiPackage(purl, row.licenses)];
    limits.lose('component(s) whose purl cannot be read');
    return [];
  });
}

/** `{"redis": {"arch": "amd64", "distro": "debian-11", "version": "7.0.5-0"}}` */
function parseList(json: Readonly<Record<string, unknown>>, limits: FactLimits): FoundPackage[] {
  return Object.entries(json).flatMap(([key, value]) => {
    const component = asRecord(value);
    const name = declaredText(key);
    const version = declaredText(component['version']);
    if (name !== undefined && version !== undefined) {
      return [toBitnamiPackage({ type: 'bitnami', name, version, arch: declaredText(component['arch']) }, [])];
    }
    limits.lose('component(s) without a version');
    return [];
  });
}
