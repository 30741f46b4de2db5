/**
 * Names of accounts and namespaces: in lower case, so that two that look the same are the same.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

const ACCOUNT_NAME = /^[a-z0-9][a-z0-9._@+-]{0,62}$/;
const NAMESPACE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_DISPLAY_NAME = 120;
const MAX_EMAIL = 254;

/** The name of an account in its one form. @throws {PlimsollError} `REQUEST_INVALID`. */
export function parseAccountName(text: string): string {
  const name = normaliseAccountName(text);
  if (ACCOUNT_NAME.test(name)) return name;
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot use the account name "${printable(text, 80)}": 1 to 63 letters, digits and any of . _ @ + -, the first a letter or digit`,
  );
}

/** A name as it was typed to sign in, in the form that accounts are found by; never fails. */
export function normaliseAccountName(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

/** A name for an account made of what a provider says; `undefined` when nothing of it can be used. */
export function toAccountName(text: string): string | undefined {
  const name = normaliseAccountName(text.slice(0, 200))
    .replace(/[^a-z0-9._@+-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 58);
  return ACCOUNT_NAME.test(name) ? name : undefined;
}

/** Checks the name of a namespace. @throws {PlimsollError} `REQUEST_INVALID`. */
export function parseNamespaceName(text: string): string {
  if (NAMESPACE_NAME.test(text)) return text;
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot use the namespace name "${printable(text, 80)}": 1 to 63 lower-case letters, digits and dashes, no dash first or last`,
  );
}

/** A name for people, on one line. @throws {PlimsollError} `REQUEST_INVALID` when it is empty, too long or has control characters. */
export function parseDisplayName(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= MAX_DISPLAY_NAME && printable(name, MAX_DISPLAY_NAME) === name) return name;
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot use the display name "${printable(text, 80)}": 1 to ${MAX_DISPLAY_NAME} characters on one line`,
  );
}

/** Checks an address in outline; whether mail arrives there nobody can tell from it. @throws {PlimsollError} `REQUEST_INVALID`. */
export function parseEmail(text: string): string {
  const email = text.trim();
  if (email.length <= MAX_EMAIL && /^[^\s@]{1,64}@[^\s@]+$/.test(email)) return email;
  throw new PlimsollError('REQUEST_INVALID', `Cannot use "${printable(text, 80)}" as an e-mail address`);
}
