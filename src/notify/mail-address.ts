/**
 * Addresses of webhooks that are mailboxes: `mailto:` and one or several of them, as RFC 6068 writes it, without header fields.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

const MAX_RECIPIENTS = 20;
const MAX_LENGTH = 254;

/** Whether an address of a webhook is meant to be one of mailboxes. */
export function isMailAddress(url: string): boolean {
  return /^mailto:/i.test(url);
}

/** The mailboxes, 1 to 20. @throws {PlimsollError} `REQUEST_INVALID`. */
export function parseMailAddress(url: string): readonly string[] {
  const list = url.slice('mailto:'.length);
  if (list.includes('?')) throw invalid('subject and other fields are not ours to take; write the mailboxes alone');
  const mailboxes = list.split(',').map(decode);
  if (mailboxes.length > MAX_RECIPIENTS) throw invalid(`at most ${MAX_RECIPIENTS} mailboxes can be told`);
  for (const mailbox of mailboxes) {
    if (!isMailbox(mailbox)) throw invalid(`"${printable(mailbox, 100)}" is no mailbox; expected name@example.com`);
  }
  return [...new Set(mailboxes)];
}

/** Whether a text is one mailbox; quoted names and comments, which nobody has, are not taken. */
function isMailbox(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[^\s@<>()[\]",;:\\\p{C}]+@[^\s@<>()[\]",;:\\\p{C}]+$/u.test(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text;
  }
}

function invalid(why: string): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', `Cannot use the address of the webhook: ${why}`);
}
