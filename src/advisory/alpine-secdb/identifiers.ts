/**
 * The strings of secdb that name weaknesses, hand-written since 2012.
 *
 * Most are one CVE; some hold several ids (`CVE-2017-8904 XSA-214`), a remark (`CVE-2018-16301 (was fixed in libpcap)`), the name of a patch
 * (`CVE-2017-8073.patch`), a part (`CVE-2017-17434-1`), a misspelling (`CVE_2019-2426`, `CVE 2018-16859`), or a number not yet given
 * (`CVE-????-?????  XSA-284`).
 */

/** One weakness of a string: the id to call it by, other names of it, and ids that cover it among others. */
export interface NamedWeakness {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly upstream: readonly string[];
}

const MAX_LENGTH = 1000;
const MAX_WEAKNESSES = 50;

const CVE = /CVE[-_ ]?([0-9]{4})-([0-9]{4,10})(?:-[0-9]{1,3})?(?![0-9])(?:\.patch)?/gi;
// XSA-214, TALOS-2017-0488, ZBX-11023, wnpa-sec-2017-18, GHSA-xxxx-xxxx-xxxx.
const OTHER = /^[A-Za-z][A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){1,5}$/;
/** Databases that give an id to one weakness; an advisory of Xen's may cover several. */
const ONE_TO_ONE = /^(?:GHSA|CGA|PYSEC|GO|RUSTSEC)-/;

/**
 * The weaknesses that a string names: each CVE, else the first other id; empty when there is none in it. Ids beside a single CVE are its
 * aliases if their database counts weaknesses one by one; merging by the others would make one weakness of all that an advisory covers.
 */
export function weaknessesOf(text: string): readonly NamedWeakness[] {
  const plain = text.slice(0, MAX_LENGTH).replace(/\([^()]*\)/g, ' ');
  const cves = new Set<string>();
  for (const [, year = '', number = ''] of plain.matchAll(CVE)) cves.add(`CVE-${year}-${number}`);
  const others = plain
    .replace(CVE, ' ')
    .split(/[\s,;]+/)
    .filter(word => OTHER.test(word) && (/[0-9]/.test(word) || ONE_TO_ONE.test(word)) && !/^CVE/i.test(word));
  const ids = cves.size > 0 ? [...cves].slice(0, MAX_WEAKNESSES) : others.slice(0, 1);
  const rest = others.filter(other => !ids.includes(other));
  const aliases = ids.length === 1 ? rest.filter(other => ONE_TO_ONE.test(other)) : [];
  const upstream = rest.filter(other => !aliases.includes(other));
  return ids.map(id => ({ id, aliases: [...new Set(aliases)], upstream: [...new Set(upstream)] }));
}
