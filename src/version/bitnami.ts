/**
 * Bitnami versions: `X.Y.Z[-revision]`, of which advisories mean only the upstream `X.Y.Z`.
 *
 * Source: github.com/bitnami/vulndb, whose records speak of upstream versions. SemVer would take the revision for a pre-release and
 * call `1.2.3-4` older than a fix in `1.2.3`.
 */
import { versionScheme } from './scheme.ts';
import { order, toWhole, VersionReader, type Whole } from './version-reader.ts';

/** Orders Bitnami versions by their first three numbers; whatever follows is not looked at. */
export const bitnami = versionScheme<readonly [Whole, Whole, Whole]>({
  id: 'bitnami',
  parse(text) {
    const reader = new VersionReader(text);
    reader.take('v');
    const major = reader.digits();
    if (major === '') return undefined;
    return [toWhole(major), toWhole(reader.digitsAfter('.') ?? '0'), toWhole(reader.digitsAfter('.') ?? '0')];
  },
  compare: (a, b) => order(a[0], b[0]) || order(a[1], b[1]) || order(a[2], b[2]),
});
