/**
 * Taking secrets out of logs that clients upload: preflight at its trace level writes whole requests, credentials included.
 */

/** Text without secrets, and how many were taken out. */
export interface Scrubbed {
  readonly text: string;
  readonly count: number;
}

const MARK = '[removed]';

/** Each with the secret in a group called `secret`. Quotes may be escaped, once or several times, where JSON stands in JSON. */
const PATTERNS: readonly RegExp[] = [
  /\\*"(?:auth|identitytoken|registrytoken|password|docker_config_json|kube_objects|x-api-key|authorization)\\*"\s{0,10}:\s{0,10}\\*"(?<secret>[^"\\]{1,65536})/gi,
  /\b(?:x-api-key|pyxis_api_token|pyxis-api-token)\W{1,6}(?<secret>[A-Za-z0-9._~+/=-]{8,4096})/gi,
  /\bauthorization\W{1,6}(?:basic|bearer)\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{4,65536})/gi,
  /\b(?<secret>pl[kr]_[A-Za-z0-9_-]{20,100})/g,
  /:\/\/[^\s/:@"']{1,200}:(?<secret>[^\s/@"']{1,200})@/g,
];

/** Takes out what looks like a secret, and `known` ones wherever they stand; known ones of fewer than four characters are left. */
export function scrub(text: string, known: readonly string[]): Scrubbed {
  let count = 0;
  let clean = text;
  for (const secret of [...new Set(known)].sort((a, b) => b.length - a.length)) {
    if (secret.length < 4) continue;
    const parts = clean.split(secret);
    count += parts.length - 1;
    clean = parts.join(MARK);
  }
  for (const pattern of PATTERNS) {
    clean = clean.replace(pattern, (whole: string, ...rest: unknown[]) => {
      const groups = rest.at(-1) as { readonly secret?: string };
      const { secret = '' } = groups;
      if (secret === '' || secret.startsWith('[removed')) return whole;
      count += 1;
      const at = whole.lastIndexOf(secret);
      return whole.slice(0, at) + MARK + whole.slice(at + secret.length);
    });
  }
  return { text: clean, count };
}
