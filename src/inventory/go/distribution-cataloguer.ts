/**
 * The Go distribution, by the `VERSION` file at its top: there even when its `go` program is not.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { wholeBody } from '../file-body.ts';
import { toDistribution } from './known-program.ts';
import { parseToolchain } from './toolchain.ts';

const MAX_BYTES = 4096;

export const goDistributionCataloguer: Cataloguer = {
  id: 'go-distribution',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'VERSION' && entry.sizeBytes <= MAX_BYTES,
  read(file) {
    const line = wholeBody(file.body, MAX_BYTES).toString('utf8').split('\n', 1)[0]?.trim() ?? '';
    return /^go1\.\d/.test(line) ? { packages: toDistribution(parseToolchain(line).version) } : undefined;
  },
};
