/**
 * What the command line says when a command fails.
 */
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** One sentence; the chain of causes below it with `--verbose`, the stack too when it is our bug. */
export function describeFailure(error: unknown, isVerbose: boolean): string {
  const known = toPlimsollError(error);
  const lines = [`plimsoll: ${printable(known.message, 2000)} (${known.code})`];
  const isBug = ERRORS[known.code].family === 'bug';
  if (isBug && lacksPackage(known.cause))
    lines.push('A package is missing from this installation: run "npm ci" where it is, as after each update');
  else if (isBug && !isVerbose)
    lines.push('This is a bug in Plimsoll; run again with --verbose and report what it prints');
  if (isVerbose) {
    for (let cause = known.cause, depth = 0; cause instanceof Error && depth < 10; cause = cause.cause, depth++) {
      const code = cause instanceof PlimsollError ? ` (${cause.code})` : '';
      lines.push(`  caused by: ${printable(cause.message, 2000)}${code}`);
      if (isBug && cause.stack !== undefined) lines.push(cause.stack);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Whether Node.js did not find a package: a checkout was updated, and its packages were not. */
function lacksPackage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
