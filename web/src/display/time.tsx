/** Moments as people read them: on their clock, with UTC on hover. */
import { Tooltip } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { formatAgo, formatLocal, formatUtc } from './format-time.ts';

/** A moment: `21 Nov 2026, 14:05`, or with `isRelative` `3 minutes ago`. */
export function Time({
  at,
  isRelative = false,
  missing = '–',
}: {
  /** ISO 8601. */
  readonly at: string | null | undefined;
  readonly isRelative?: boolean;
  readonly missing?: string;
}) {
  const now = useNow(isRelative);
  if (at == null) return <>{missing}</>;
  return (
    <Tooltip content={isRelative ? `${formatLocal(at)} (${formatUtc(at)})` : formatUtc(at)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: UTC is for keyboards, too */}
      <time dateTime={at} tabIndex={0}>
        {isRelative ? formatAgo(at, now) : formatLocal(at)}
      </time>
    </Tooltip>
  );
}

const EVERY_MS = 30_000;

/** The clock, moving on as long as something goes by it. */
export function useNow(isMoving: boolean, everyMs = EVERY_MS): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [isMoving, everyMs]);
  return now;
}
