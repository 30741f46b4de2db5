/**
 * git, set up so that nothing but what we say decides what it does: no configuration of the machine, no hooks, no helpers, no
 * protocols besides HTTPS and SSH, and secrets only where they are asked for.
 *
 * Sources: git-config(1), git(1) "ENVIRONMENT VARIABLES", gitcredentials(7), ssh_config(5).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSource } from '../build-request.ts';
import type { Cell } from '../cell/cell.ts';
import { type MaskedLog, maskSecrets } from '../masked-log.ts';
import type { BuildProxies } from '../proxies.ts';
import type { SourceUrl } from './source-url.ts';

/** What a run of git came to. */
export interface GitAnswer {
  readonly status: number;
  /** Cut at 256 KiB. */
  readonly stdout: string;
  /** Secrets masked, cut at 64 KiB. */
  readonly stderr: string;
}

/** A git that can log in to one source. Closing it removes the secrets. */
export interface GitProgram extends AsyncDisposable {
  /** Runs a shell script, in which `$GIT` is git and `$1`, `$2`, … the arguments, in a folder of the cell: one start for many commands. */
  script(script: string, folder: string, ...args: readonly string[]): Promise<GitAnswer>;
  /** Lines of known_hosts that were trusted so far. */
  hostKeys(): Promise<readonly string[]>;
}

const MAX_STDOUT = 256 * 1024;
const MAX_STDERR = 64 * 1024;

/** Sets git up in a cell, with the log-in of `source` in files that only its root reads. */
export async function openGit(
  cell: Cell,
  source: GitSource,
  options: {
    readonly url: SourceUrl;
    readonly git?: string | undefined;
    readonly proxies?: BuildProxies | undefined;
    readonly log?: MaskedLog | undefined;
    readonly signal: AbortSignal;
  },
): Promise<GitProgram> {
  const { url, log, proxies, signal, git = 'git' } = options;
  const files: string[] = [];
  const keep = async (name: string, text: string, mode?: number) => {
    const path = await cell.write(`secret/${name}`, text, mode);
    files.push(path);
    return path;
  };
  const config = [
    '[core]\nhooksPath = /dev/null\nfsmonitor = false',
    '[credential]\nhelper =\nuseHttpPath = false',
    '[protocol]\nallow = never\n[protocol "https"]\nallow = always\n[protocol "ssh"]\nallow = always',
    '[submodule]\nrecurse = false',
    // A log-in is not taken along to where a redirect leads.
    '[http]\nfollowRedirects = initial\nlowSpeedLimit = 100\nlowSpeedTime = 60',
    '[gc]\nauto = 0\n[maintenance]\nauto = false\n[advice]\ndetachedHead = false\n[init]\ndefaultBranch = main',
    '[safe]\ndirectory = *',
  ];
  const env: Record<string, string> = {
    ...proxies?.env,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: await keep('gitconfig', `${config.join('\n')}\n`),
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'https:ssh',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_ASKPASS: await keep('askpass', askpassScript(source, url, join(cell.work, 'secret/token')), 0o700),
  };
  if (source.caPem !== undefined) env['GIT_SSL_CAINFO'] = await keep('ca.pem', source.caPem);
  if (source.login.kind === 'token') await keep('token', source.login.token);
  const knownHosts = await keep('known_hosts', (source.hostKeys ?? []).map(line => `${line}\n`).join(''));
  if (source.login.kind === 'ssh-key') {
    const key = await keep('key', source.login.privateKey);
    env['GIT_SSH_VARIANT'] = 'ssh';
    env['GIT_SSH_COMMAND'] = sshCommand(key, knownHosts, (source.hostKeys ?? []).length > 0);
  }
  const secrets = [...secretsOf(source), ...(proxies?.secrets ?? [])];
  const run = async (args: readonly string[]) => {
    let stdout = '';
    let stderr = '';
    const status = await cell.run({
      program: 'sh',
      args,
      env: { ...env, GIT: git },
      network: 'host',
      signal,
      onOutput: (bytes, stream) => {
        const text = Buffer.from(bytes).toString();
        if (stream === 'stdout') stdout = (stdout + text).slice(0, MAX_STDOUT);
        else {
          stderr = (stderr + text).slice(0, MAX_STDERR);
          log?.write(bytes);
        }
      },
    });
    log?.flush();
    return { status, stdout, stderr: maskSecrets(stderr, secrets) };
  };
  return {
    script: async (script, folder, ...args) =>
      await run(['-c', `set -eu; cd "$1"; shift\n${script}`, 'sh', folder, ...args]),
    hostKeys: async () => {
      const text = await cell.read('secret/known_hosts');
      return [...new Set(text.split('\n').filter(line => line.trim() !== ''))];
    },
    [Symbol.asyncDispose]: async () => {
      for (const file of files) await rm(file, { force: true });
    },
  };
}

/** What must not be shown of a log-in. */
export function secretsOf({ login }: GitSource): readonly string[] {
  switch (login.kind) {
    case 'none':
      return [];
    case 'token':
      return [login.token];
    case 'ssh-key':
      return [login.privateKey];
    default:
      return login satisfies never;
  }
}

/**
 * Answers git's two questions for the host of the source and no other: a repository may send git elsewhere, by submodules, LFS or
 * redirects, and would have the token otherwise.
 */
function askpassScript({ login }: GitSource, { origin }: SourceUrl, tokenPath: string): string {
  if (login.kind !== 'token') return '#!/bin/sh\nexit 1\n';
  const username = login.username?.trim() || 'x-access-token';
  // In the question the name is written as in a URL.
  const withName = origin.replace('://', `://${encodeURIComponent(username)}@`);
  return [
    '#!/bin/sh',
    'case $1 in',
    `${quote(`Username for '${origin}': `)}) printf '%s\\n' ${quote(username)} ;;`,
    `${quote(`Password for '${withName}': `)}) cat ${quote(tokenPath)} ;;`,
    '*) exit 1 ;;',
    'esac',
    '',
  ].join('\n');
}

/** Without a pinned key whatever the host shows first is trusted, and written down; with one, nothing else ever is. */
function sshCommand(key: string, knownHosts: string, isPinned: boolean): string {
  const options = [
    `StrictHostKeyChecking=${isPinned ? 'yes' : 'accept-new'}`,
    `UserKnownHostsFile="${knownHosts}"`,
    'GlobalKnownHostsFile=none',
    'HashKnownHosts=no',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'BatchMode=yes',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ConnectTimeout=30',
    'ServerAliveInterval=30',
    'LogLevel=ERROR',
  ];
  return ['ssh', '-F', 'none', '-i', quote(key), ...options.flatMap(option => ['-o', quote(option)])].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
