/**
 * Where a person reads more about a weakness, by its id alone: no link that a record brings along is needed, or trusted.
 */

const PAGES: readonly (readonly [pattern: RegExp, page: (id: string) => string])[] = [
  [/^CVE-\d{4}-\d{4,}$/, id => `https://nvd.nist.gov/vuln/detail/${id}`],
  [/^GHSA(?:-[a-z0-9]{4}){3}$/, id => `https://github.com/advisories/${id}`],
  [/^GO-\d{4}-\d{4,}$/, id => `https://pkg.go.dev/vuln/${id}`],
  [/^RUSTSEC-\d{4}-\d{4,}$/, id => `https://rustsec.org/advisories/${id}`],
  [/^(?:DSA|DLA)-\d+(?:-\d+)?$/, id => `https://security-tracker.debian.org/tracker/${id}`],
  [/^RH[SBE]A-\d{4}:\d+$/, id => `https://access.redhat.com/errata/${id}`],
];

/** A page about `id`; for ids of any other kind OSV's, which knows most of them. */
export function advisoryLink(id: string): string {
  const known = PAGES.find(([pattern]) => pattern.test(id));
  return known === undefined ? `https://osv.dev/vulnerability/${escapePath(id)}` : known[1](id);
}

/** With brackets and quotes escaped as well, which would end the link in Markdown. */
function escapePath(id: string): string {
  const escaped = encodeURIComponent(id.slice(0, 200).toWellFormed());
  return escaped.replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16)}`);
}

/** A reference of a record if it is a plain link to the web; `undefined` for anything else. Never throws. */
export function safeLink(url: string): string | undefined {
  if (url.length > 2048) return undefined;
  const parsed = URL.parse(url);
  const isWeb = parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
  // The parser has escaped whatever may not be in a URL.
  return isWeb && parsed.username === '' && parsed.password === '' ? parsed.href : undefined;
}
