/** Digests, short: enough to tell them apart, the whole on hover and for copying. */
import { Tooltip } from '@patternfly/react-core';

export function ShortDigest({ digest }: { readonly digest: string }) {
  const [algorithm = '', hex = ''] = digest.split(':');
  return (
    <Tooltip content={digest} maxWidth="40rem">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the whole digest is for keyboards, too */}
      <code tabIndex={0}>{`${algorithm}:${hex.slice(0, 12)}`}</code>
    </Tooltip>
  );
}
