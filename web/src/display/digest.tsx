/** Digests, short: enough to tell them apart, the whole on hover and for copying. */
import { Tooltip } from '@patternfly/react-core';

/** `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm}:${hex.slice(0, 12)}`;
}

export function ShortDigest({ digest }: { readonly digest: string }) {
  return (
    <Tooltip content={digest} maxWidth="40rem">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the whole digest is for keyboards, too */}
      <code tabIndex={0}>{shortDigest(digest)}</code>
    </Tooltip>
  );
}
