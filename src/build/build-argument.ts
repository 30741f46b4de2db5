/**
 * Build arguments. They reach buildah by its environment, where other users of the machine cannot read them as they can arguments; so
 * a name must not be one that means something there.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const TAKEN =
  /^(?:PATH|HOME|TMPDIR|LANG|PWD|IFS|ENV|GO[A-Z]+|SSL_CERT_.*|LD_.*|_.*|XDG_.*|STORAGE_.*|BUILDAH_.*|CONTAINERS?_.*|REGISTRY_AUTH_FILE|DOCKER_CONFIG)$/;
const MAX_ARGUMENTS = 200;
const MAX_VALUE = 32 * 1024;

/** Checks names and values. @throws {PlimsollError} `REQUEST_INVALID`. */
export function checkBuildArguments(args: Readonly<Record<string, string>>): void {
  const names = Object.keys(args);
  if (names.length > MAX_ARGUMENTS) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot take ${names.length} build arguments: the limit is ${MAX_ARGUMENTS}`,
    );
  }
  for (const [name, value] of Object.entries(args)) {
    const shown = `Cannot take the build argument "${printable(name, 140)}"`;
    if (!NAME.test(name)) {
      throw new PlimsollError('REQUEST_INVALID', `${shown}: a name is made of letters, digits and "_"`);
    }
    if (TAKEN.test(name)) throw new PlimsollError('REQUEST_INVALID', `${shown}: the builder uses that name itself`);
    if (value.includes('\0') || value.length > MAX_VALUE) {
      throw new PlimsollError(
        'REQUEST_INVALID',
        `${shown}: its value has over ${MAX_VALUE} characters, or a zero byte`,
      );
    }
  }
}
