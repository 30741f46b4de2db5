/**
 * Homebrew packages: each installed version has a folder `Cellar/NAME/VERSION` with the formula it was built by.
 *
 * Name and version are the folders'. The licence is the formula's when it is one plain string; `vendor` is the tap of the install
 * receipt beside it, `homebrew/core` for Homebrew's own.
 */
import type { Cataloguer, FileEntry } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { bodyText, type FileBody } from '../file-body.ts';
import { readOrGap } from '../gap.ts';
import { asRecord, parseJsonFile } from '../json-file.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_TAP_LENGTH = 200;
const RECEIPT = 'INSTALL_RECEIPT.json';
const LICENSE = /^ {2}license "([^"\n]{1,200})"$/m;

export const brewCataloguer: Cataloguer = {
  id: 'brew',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.rb') && entry.path.includes('/.brew/') && kegOf(entry) !== undefined,
  companionOf({ name, path }) {
    if (name !== RECEIPT) return undefined;
    const [cellar, formula, version] = path.split('/').slice(-4);
    return cellar === 'Cellar' && version ? `${path.slice(0, -RECEIPT.length)}.brew/${formula}.rb` : undefined;
  },
  read(file) {
    const keg = kegOf(file);
    if (keg === undefined) return undefined;
    const gaps: string[] = [];
    const license = LICENSE.exec(bodyText(file.body, MAX_BYTES))?.[1];
    const beside = companionAt(file, `${file.path.slice(0, -`.brew/${file.name}`.length)}${RECEIPT}`);
    const tap = beside && tapOf(beside, gaps);
    const found = {
      type: 'brew' as const,
      ...keg,
      ...(license ? { licenses: [license] } : {}),
      ...(tap ? { vendor: tap } : {}),
    };
    return { packages: [found], gaps };
  },
};

/** Name and version of `…/Cellar/NAME/VERSION/.brew/NAME.rb`. */
function kegOf({ name, path }: FileEntry): { name: string; version: string } | undefined {
  const [cellar, formula, version, folder] = path.split('/').slice(-5);
  const isKeg = cellar === 'Cellar' && folder === '.brew' && name === `${formula}.rb`;
  return isKeg && formula && version ? { name: formula, version } : undefined;
}

function tapOf(body: FileBody, gaps: string[]): string | undefined {
  const receipt = asRecord(readOrGap(gaps, () => parseJsonFile(body, MAX_BYTES)));
  const { tap } = asRecord(receipt['source']);
  return typeof tap === 'string' && tap.length <= MAX_TAP_LENGTH ? tap : undefined;
}
