/**
 * Running a credential helper: the program `docker-credential-NAME`, which keeps log-ins in a key chain or makes them on demand.
 *
 * Source: docker/docker-credential-helpers, "Development": `get` takes the server on standard input and prints JSON with
 * ServerURL, Username and Secret; without credentials it fails with a sentence that begins "credentials not found".
 */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Credentials } from './credential-store.ts';

/** Options of a helper's run. */
export interface CredentialHelperOptions {
  /** What the helper runs with; its PATH is where the program is looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The file that names the helper, for messages. */
  readonly path: string;
}

/** The longest real answers are cloud tokens of some 4 kB. */
const MAX_OUTPUT_BYTES = 256 * 1024;
/** Docker's name for "Secret is an identity token". */
const TOKEN_USER = '<token>';

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks `docker-credential-NAME` for the credentials of `server`; `undefined` when it has none.
 * @throws {PlimsollError} `CREDENTIALS_INVALID` when it is missing, fails, says too much or nothing readable, or takes too long.
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  options: CredentialHelperOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const task = `Cannot get credentials for "${printable(server)}" from ${printable(program)}, which "${printable(options.path)}" names`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw new PlimsollError('CREDENTIALS_INVALID', `${task}: that is not the name of a helper`);
  }
  const { status, output } = await run(program, server, task, options);
  // Some helpers exit with 0 all the same.
  if (output.slice(0, 200).toLowerCase().includes('credentials not found')) return undefined;
  if (status !== 0) {
    throw new PlimsollError(
      'CREDENTIALS_INVALID',
      `${task}: it failed with status ${status}; run "echo ${printable(server)} | ${program} get" to see why`,
    );
  }
  const answer = answerSchema.safeParse(parseJson(output));
  if (!answer.success) {
    throw new PlimsollError('CREDENTIALS_INVALID', `${task}: its answer is not JSON with Username and Secret`);
  }
  const { Username: username, Secret: secret } = answer.data;
  if (secret === '') return undefined;
  const source = `${program} (${options.path})`;
  return username === TOKEN_USER
    ? { kind: 'identity-token', token: secret, source }
    : { kind: 'password', username, password: secret, source };
}

/** The program's exit status and standard output; its standard error is not read, for it may repeat secrets. */
function run(
  program: string,
  input: string,
  task: string,
  options: CredentialHelperOptions,
): Promise<{ readonly status: number; readonly output: string }> {
  const { env, timeoutMs, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; output: string }>();
  const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], signal });
  const fail = (why: string, cause?: unknown) => {
    child.kill('SIGKILL');
    // A grandchild may hold the pipe open for as long as it likes.
    child.stdout.destroy();
    const options = cause === undefined ? undefined : { cause };
    reject(new PlimsollError('CREDENTIALS_INVALID', `${task}: ${why}`, options));
  };
  const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
  const chunks: Buffer[] = [];
  let seenBytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seenBytes += chunk.byteLength;
    if (seenBytes > MAX_OUTPUT_BYTES) fail(`it prints more than ${MAX_OUTPUT_BYTES} bytes`);
    else chunks.push(chunk);
  });
  child.on('error', (cause: NodeJS.ErrnoException) => {
    if (signal.aborted) reject(signal.reason);
    else if (cause.code === 'ENOENT') fail('it is not installed; install it, or remove its name from that file', cause);
    else fail(`it cannot be run (${cause.code ?? cause.message})`, cause);
  });
  child.on('close', (code, killedBy) => {
    const output = Buffer.concat(chunks).toString('utf8').trim();
    if (killedBy === null) resolve({ status: code ?? 1, output });
    else fail(`it was ended by ${killedBy}`);
  });
  // A helper that never reads its input closes the pipe; that is its affair.
  child.stdin.on('error', () => {});
  child.stdin.end(`${input}\n`);
  return promise.finally(() => clearTimeout(timer));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
