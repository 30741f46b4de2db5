/** The log of a build as it comes: what there is first, then line after line until the build ends. */
import { useEffect, useState } from 'react';

/** Pages keep this much; the whole log is one click away. */
const MAX_CHARACTERS = 500_000;

/** The log so far, and whether it begins later than the build's. */
export interface BuildLog {
  readonly text: string;
  readonly isCut: boolean;
  /** Whether the stream broke off; the browser tries again by itself. */
  readonly isAway: boolean;
}

/** Follows the log of `buildId`. `onState` is told when the build goes on to another state, and ends. */
export function useBuildLog(buildId: string, onState: () => void): BuildLog {
  const [log, setLog] = useState<BuildLog>({ text: '', isCut: false, isAway: false });
  useEffect(() => {
    setLog({ text: '', isCut: false, isAway: false });
    let isOver = false;
    const source = new EventSource(`/api/v1/builds/${encodeURIComponent(buildId)}/log/stream`);
    source.addEventListener('log', ({ data }: MessageEvent<string>) => {
      const { text } = JSON.parse(data) as { text: string };
      setLog(now => {
        const all = now.text + text;
        const isCut = now.isCut || all.length > MAX_CHARACTERS;
        return { text: all.slice(-MAX_CHARACTERS), isCut, isAway: false };
      });
    });
    source.addEventListener('state', ({ data }: MessageEvent<string>) => {
      const { state } = JSON.parse(data) as { state: string };
      isOver = ENDS.has(state);
      if (isOver) source.close();
      onState();
    });
    source.addEventListener('error', () => {
      if (!isOver) setLog(now => ({ ...now, isAway: true }));
    });
    return () => source.close();
  }, [buildId, onState]);
  return log;
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);
