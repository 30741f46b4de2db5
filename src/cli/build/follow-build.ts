/** Follows a build until it is over, whatever happens to the connection or the server meanwhile. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { backoffMs, DEFAULT_PATIENCE, throwIfAborted } from '#image/registry/attempt.ts';
import { pause } from '#scan/sensor/reports.ts';
import type { ServerApi } from '../server-api.ts';
import { type Build, isOver } from './build-answer.ts';
import { logText } from './build-text.ts';
import { readBuild } from './find-build.ts';

/** Some five minutes: a server that is renewed is back by then. */
const ATTEMPTS = 36;
const PATIENCE = { ...DEFAULT_PATIENCE, baseDelayMs: 500, maxDelayMs: 10_000 };

const eventSchema = z.union([z.object({ text: z.string() }), z.object({ state: z.string() })]);

/** Who hears of it. */
export interface Follower {
  /** Gets the log as it grows, from its first byte on, safe to show. */
  readonly onLog: (text: string) => void;
  readonly onState: (state: string) => void;
  /** Told when the connection is lost, and could not be made again at once. */
  readonly onCut: () => void;
  readonly signal: AbortSignal;
}

/** Follows; a cut stream goes on where it was. @returns the build as it ended. @throws {PlimsollError} what the server says, also when it stays away. */
export async function followBuild(
  server: ServerApi,
  { id, tag }: Pick<Build, 'id' | 'tag'>,
  { onLog, onState, onCut, signal }: Follower,
): Promise<Build> {
  const task = `Cannot follow build ${printable(tag)}`;
  let lastEventId: string | undefined;
  let state: string | undefined;
  for (let attempt = 0; ; ) {
    let cause: unknown;
    try {
      for await (const event of server.events({ path: `/builds/${id}/log/stream`, task, lastEventId }, signal)) {
        // Further events may be here already when somebody has had enough.
        throwIfAborted(signal);
        attempt = 0;
        if (event.id !== '') lastEventId = event.id;
        const said = eventSchema.safeParse(parse(event.data)).data;
        if (said === undefined) continue;
        if ('text' in said) onLog(logText(said.text));
        else if (said.state !== state) {
          state = said.state;
          onState(state);
        }
      }
      if (state !== undefined && isOver(state)) return await readBuild(server, id, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof PlimsollError) || error.code !== 'SERVER_UNAVAILABLE') throw error;
      cause = error;
    }
    attempt += 1;
    // Once is what proxies do to connections on which little moves.
    if (attempt === 2) onCut();
    if (attempt > ATTEMPTS) {
      const why = 'the server is away, or its answers end at once; what it has begun goes on without this command';
      throw new PlimsollError('SERVER_UNAVAILABLE', `${task}: ${why}`, { cause });
    }
    await pause(backoffMs(attempt, PATIENCE), signal);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
