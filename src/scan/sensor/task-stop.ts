/** Why a task is stopped before its end: the reason of its abort signal. */

/** `dropped`: the server does not want it any more. Otherwise it is given back, and says why. */
export type StopReason = 'dropped' | 'stopping' | 'blackout';

export class TaskStop extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`The task was stopped: ${reason}`);
    // What waits takes it for an abort, and says CANCELLED.
    this.name = 'AbortError';
    this.reason = reason;
  }
}

/** Thrown where there is no room for an image: the task is given back. */
export class DiskFull extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiskFull';
  }
}

/** Whether an error comes from a disk without space. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof DiskFull) return true;
    if ('code' in at && (at.code === 'ENOSPC' || at.code === 'EDQUOT')) return true;
  }
  return false;
}
