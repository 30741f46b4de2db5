/** Options that say where a project is built from, and the files that they name. */
import type { Command } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { CliContext } from '../context.ts';
import { booleanOption } from '../image-options.ts';
import { readInput, readSecretInput } from '../read-input.ts';
import type { ConfigurationChange, SourceLogin } from './configuration-change.ts';

/** As commander hands them over. */
export interface SourceOptions {
  readonly source?: string;
  readonly ref?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly sshKeyFile?: string;
  /** `false` for `--no-login`. */
  readonly login: boolean;
  readonly sourceCaFile?: string;
  /** `false` for `--no-host-keys`. */
  readonly hostKeys?: string | false;
  readonly dockerfile?: string;
  readonly context?: string;
  readonly submodules?: boolean;
  readonly lfs?: boolean;
}

const MAX_TOKEN_BYTES = 10_000;
const MAX_KEY_BYTES = 40_000;
const MAX_CERTIFICATES_BYTES = 200_000;
const MAX_HOST_KEYS_BYTES = 400_000;

/** Adds the options to a command. */
export function addSourceOptions(command: Command): Command {
  return command
    .option('--source <url>', 'the Git repository: https://…, ssh://git@HOST/PATH or git@HOST:PATH')
    .option('--ref <ref>', 'branch, tag or commit; empty: the repository’s own branch')
    .option('--token-file <file>', 'log in with the token in this file (HTTPS); - is standard input')
    .option('--username <name>', 'user name that belongs to the token')
    .option('--ssh-key-file <file>', 'log in with the private key in this file (SSH); - is standard input')
    .option('--no-login', 'the source needs no log-in; one that is kept is forgotten')
    .option('--source-ca-file <file>', 'certificates (PEM) to trust for the source besides the system’s')
    .option('--host-keys <file>', 'host keys to trust for SSH, as known_hosts has them; default: the first one shown')
    .option('--no-host-keys', 'forget the host keys; the one shown next is pinned')
    .option('--dockerfile <path>', 'the Dockerfile, in the context folder')
    .option('--context <folder>', 'folder of the repository that the build sees')
    .addOption(booleanOption('--submodules <bool>', 'fetch submodules'))
    .addOption(booleanOption('--lfs <bool>', 'fetch what is kept in LFS'));
}

/**
 * What the options ask for.
 * @throws {PlimsollError} `USAGE` for options that contradict each other, `SSH_KEY_INVALID`, and what reading a file throws.
 */
export async function readSource(options: SourceOptions, context: CliContext): Promise<ConfigurationChange> {
  const { source, ref, dockerfile, context: folder, submodules, lfs, sourceCaFile } = options;
  return {
    url: source,
    ref,
    dockerfile,
    context: folder,
    wantsSubmodules: submodules,
    wantsLfs: lfs,
    caPem: sourceCaFile === undefined ? undefined : await readCertificates(sourceCaFile, context),
    hostKeys: await readHostKeys(options, context),
    login: await readLogin(options, context),
  };
}

async function readLogin(
  { tokenFile, username, sshKeyFile, login }: SourceOptions,
  context: CliContext,
): Promise<SourceLogin | undefined> {
  const given = [tokenFile !== undefined, sshKeyFile !== undefined, !login].filter(Boolean).length;
  if (given > 1) {
    throw new PlimsollError('USAGE', 'Cannot log in twice: give one of --token-file, --ssh-key-file and --no-login');
  }
  if (username !== undefined && tokenFile === undefined) {
    throw new PlimsollError('USAGE', 'Cannot use --username alone: it belongs to --token-file');
  }
  if (!login) return { kind: 'none' };
  if (tokenFile !== undefined) {
    const read = { what: 'token', maxBytes: MAX_TOKEN_BYTES };
    const token = (await readSecretInput(tokenFile, read, context)).trim();
    if (!/^\S+$/.test(token)) {
      const where = tokenFile === '-' ? 'on standard input' : `in "${printable(tokenFile)}"`;
      const what = token === '' ? 'it is empty' : 'expected one line without blanks';
      throw new PlimsollError('USAGE', `Cannot use the token ${where}: ${what}`);
    }
    return { kind: 'token', token, ...(username === undefined ? {} : { username }) };
  }
  if (sshKeyFile === undefined) return undefined;
  const text = await readSecretInput(sshKeyFile, { what: 'private key', maxBytes: MAX_KEY_BYTES }, context);
  // The server says the same; but what is no key should not travel, whatever it is.
  const { checkSshKey } = await import('#build/ssh-key.ts');
  return { kind: 'ssh-key', privateKey: checkSshKey(text).privateKey };
}

async function readCertificates(path: string, { signal }: CliContext): Promise<string> {
  const pem = (await readInput(path, { what: 'certificates', maxBytes: MAX_CERTIFICATES_BYTES, signal })).toString();
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new PlimsollError('USAGE', `Cannot use the certificates in "${printable(path)}": there is none (PEM) in it`);
}

async function readHostKeys(
  { hostKeys }: SourceOptions,
  { signal }: CliContext,
): Promise<readonly string[] | null | undefined> {
  if (hostKeys === undefined) return undefined;
  if (hostKeys === false) return null;
  const text = (await readInput(hostKeys, { what: 'host keys', maxBytes: MAX_HOST_KEYS_BYTES, signal })).toString();
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
  if (lines.length > 0) return lines;
  throw new PlimsollError('USAGE', `Cannot use the host keys in "${printable(hostKeys)}": there is none in it`);
}
