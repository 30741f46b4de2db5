/**
 * Ids of projects and what belongs to them: 24 lower-case hex characters, as clients of the certification API expect them.
 *
 * Source: MongoDB's ObjectId: 4 bytes of time in seconds, 5 random ones, 3 that count. Ours are random after the time.
 */
import { randomBytes } from 'node:crypto';

const OBJECT_ID = /^[0-9a-f]{24}$/;
const PID = /^(?:ospid-)?[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?$/;

/** A new id; ids made later sort later, to the second. */
export function newObjectId(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000) % 2 ** 32;
  return seconds.toString(16).padStart(8, '0') + randomBytes(8).toString('hex');
}

/** Whether `text` has the form of an id. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/** The PID of a project: the legacy id, which names its space in the hosted registry too. */
export function toPid(projectId: string): string {
  return `ospid-${projectId}`;
}

/** A PID as it is stored, from one with its prefix or without; `undefined` when it cannot be one. */
export function readPid(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  if (!PID.test(lower)) return undefined;
  return lower.startsWith('ospid-') ? lower : `ospid-${lower}`;
}
