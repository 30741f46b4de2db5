/**
 * Passwords: which are good enough, and how they are kept.
 *
 * Source: OWASP Password Storage Cheat Sheet (argon2id with 19 MiB, 2 passes, 1 lane) and NIST SP 800-63B, 5.1.1.2 (length over rules of
 * composition), both as of 2026.
 */
import { hash, verify } from '@node-rs/argon2';
import { PlimsollError } from '#base/errors.ts';

/** Algorithm 2 is argon2id: the library's constants are an enum that is gone when types are. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Shortest password, in characters. */
const MIN_PASSWORD = 12;
/** Longest password, in characters; what is longer is refused before it is hashed. */
const MAX_PASSWORD = 256;
const MIN_DIFFERENT = 5;

/** Each hash takes 19 MiB and a core for some hundredths of a second. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 64;

/**
 * Checks a new password, and gives it in the form that is hashed.
 * @throws {PlimsollError} `REQUEST_INVALID`; the message never has the password in it.
 */
export function parsePassword(text: string, accountName: string): string {
  const password = text.normalize('NFKC');
  const lower = password.toLowerCase();
  const refuse = (why: string) => new PlimsollError('REQUEST_INVALID', `Cannot use this password: ${why}`);
  if ([...password].length < MIN_PASSWORD) throw refuse(`it has fewer than ${MIN_PASSWORD} characters`);
  if (password.length > MAX_PASSWORD) throw refuse(`it has more than ${MAX_PASSWORD} characters`);
  if (new Set(lower).size < MIN_DIFFERENT) throw refuse(`it has fewer than ${MIN_DIFFERENT} different characters`);
  if (accountName.length > 2 && lower.includes(accountName)) throw refuse('the name of the account is part of it');
  if (isRun(lower)) throw refuse('its characters just follow each other');
  return password;
}

/** The hash of a checked password, in the form of the password hashing competition. */
export async function hashPassword(password: string): Promise<string> {
  return await inTurn(() => hash(password, ARGON2ID));
}

/** Whether `text` is the password of `passwordHash`. Takes as long when there is no hash, so that the time tells nothing about accounts. */
export async function isPassword(text: string, passwordHash: string | undefined): Promise<boolean> {
  const password = text.normalize('NFKC');
  if (password.length > MAX_PASSWORD) return false;
  return await inTurn(async () => {
    const isSame = await verify(passwordHash ?? NOBODY, password);
    return isSame && passwordHash !== undefined;
  });
}

/** A hash by the parameters above that nothing is checked against but what does not matter. */
const NOBODY = await hash('the password of nobody', ARGON2ID);

/** Whether nearly each character is the one after, or before, that to its left: `abcdefghijkl`, `210987654321`. */
function isRun(text: string): boolean {
  const codes = [...text].map(character => character.charCodeAt(0));
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0));
  const odd = (direction: number) => steps.filter(step => step !== direction).length;
  return Math.min(odd(1), odd(-1)) <= steps.length / 4;
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_AT_ONCE) {
    if (waiting.length >= MAX_WAITING) {
      throw new PlimsollError(
        'TOO_MANY_REQUESTS',
        'Cannot check a password now: too many are being checked; try again',
      );
    }
    // Whoever ends hands its turn over, so that `running` stays as it is.
    await new Promise<void>(resolve => waiting.push(resolve));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
