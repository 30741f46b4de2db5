/**
 * Labels that every built image has, saying where it comes from.
 *
 * Source: OCI image-spec, annotations.md, "Pre-Defined Annotation Keys".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { BuildRequest } from './build-request.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { Checkout } from './git/clone.ts';

const PREFIX = 'org.opencontainers.image.';

/** The labels for a build; those that the Dockerfile sets itself stay as they are there, those of the request win over all. */
export function labelsFor(
  request: BuildRequest,
  checkout: Pick<Checkout, 'commit' | 'committedAt' | 'ref'>,
  dockerfile: Dockerfile,
): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {
    [`${PREFIX}source`]: webAddress(request.source.url),
    [`${PREFIX}revision`]: checkout.commit,
    [`${PREFIX}version`]: request.push.tag,
    // Not the time of the build: the same commit makes the same image.
    [`${PREFIX}created`]: new Date(checkout.committedAt * 1000).toISOString().replace('.000Z', 'Z'),
  };
  const own = dockerfile.stages.at(-1)?.instructions.filter(({ name }) => name === 'LABEL') ?? [];
  for (const key of Object.keys(labels)) {
    if (own.some(({ text }) => text.includes(key))) delete labels[key];
  }
  for (const [key, value] of Object.entries(request.labels)) {
    if (key === '' || /[=\s]/.test(key) || value.includes('\0')) {
      throw new PlimsollError(
        'REQUEST_INVALID',
        `Cannot set the label "${printable(key)}": a name has no blanks and no "="`,
      );
    }
    labels[key] = value;
  }
  return labels;
}

/** Where a person finds the source: the address itself, without user names; SSH ones stay what they are. */
function webAddress(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
