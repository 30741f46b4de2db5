/**
 * What a file of advisories is, by what is in it: names and folders may be anything.
 */
import { outlineOf } from './json-outline.ts';

/** The kinds of files that can be imported. */
export type FeedKind =
  | 'zip'
  | 'tar'
  | 'osv-record'
  | 'vex-document'
  | 'debian-tracker'
  | 'debian-list'
  | 'secdb'
  | 'kev'
  | 'epss'
  | 'nvd'
  | 'redhat-repositories'
  | 'redhat-images'
  | 'amazon-updateinfo'
  | 'oracle-oval';

/** Tells a file by its first bytes, inflated; `undefined` when it is none of ours. Takes as long as they are many, whatever is in them. */
export function recogniseFeed(head: Buffer): FeedKind | undefined {
  if (head.length >= 4 && (head.readUInt32LE(0) === ZIP_ENTRY || head.readUInt32LE(0) === ZIP_END)) return 'zip';
  if (isTar(head)) return 'tar';
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const text = head.toString('utf8', start);
  const first = text.trimStart().charAt(0);
  if (first === '{') return recogniseJson(text);
  if (first === '<') return recogniseXml(text.slice(0, XML_HEAD));
  if (first === '#' || text.startsWith('cve,'))
    return /^(?:#[^\n]*\n)*cve,epss,percentile/.test(text) ? 'epss' : undefined;
  return /^\[\d{1,2} [A-Z][a-z]{2} \d{4}\]\s+D[A-Z]{2,3}-\d/.test(text.trimStart()) ? 'debian-list' : undefined;
}

const ZIP_ENTRY = 0x04034b50;
/** An empty archive is only this. */
const ZIP_END = 0x06054b50;
const XML_HEAD = 64 * 1024;

function isTar(head: Buffer): boolean {
  return head.length >= 512 && head.toString('latin1', 257, 262) === 'ustar';
}

function recogniseJson(text: string): FeedKind | undefined {
  const paths = outlineOf(text);
  const has = (path: string) => paths.includes(path);
  const hasLike = (pattern: RegExp) => paths.some(path => pattern.test(path));
  if (has('document') && hasLike(/^document\.(?:csaf_version|category)$/)) return 'vex-document';
  if (has('catalogVersion') || has('vulnerabilities.[].cveID')) return 'kev';
  if (has('vulnerabilities') && (has('resultsPerPage') || has('vulnerabilities.[].cve'))) return 'nvd';
  if (has('packages') && (has('packages.[].pkg') || has('distroversion') || has('reponame'))) return 'secdb';
  if (has('id') && (has('modified') || has('schema_version') || has('affected'))) return 'osv-record';
  if (hasLike(/^data\.[^.]+(?:\.[^.]+)*\.cpes$/)) return 'redhat-repositories';
  if (has('data') && hasLike(/^data\..+\/.+/)) return 'redhat-images';
  // Names of packages have dots, ids have none.
  if (hasLike(/\.(?:CVE|TEMP)-[^.]+\.releases$/)) return 'debian-tracker';
  return undefined;
}

function recogniseXml(text: string): FeedKind | undefined {
  if (/<updates[\s>]/.test(text) && /<id>ALAS/.test(text)) return 'amazon-updateinfo';
  if (/<(?:[a-z-]+:)?oval_definitions[\s>]/.test(text) && /oracle/i.test(text)) return 'oracle-oval';
  return undefined;
}

/** The release of Amazon Linux that an updateinfo is of, by the ids in it; `undefined` when they do not say. */
export function amazonRelease(text: string): string | undefined {
  const [, id = ''] = /<id>(ALAS[A-Z0-9._-]+)<\/id>/.exec(text) ?? [];
  if (id.startsWith('ALAS2023')) return '2023';
  if (/^ALAS-\d{4}-\d+$/.test(id)) return '2018.03';
  return id === '' ? undefined : '2';
}
