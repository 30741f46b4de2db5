/**
 * The source of a build: one commit of a Git repository, and nothing of its history.
 */
import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { GitSource } from '../build-request.ts';
import type { Cell } from '../cell/cell.ts';
import type { MaskedLog } from '../masked-log.ts';
import { toGitFailure } from './git-failure.ts';
import { type GitAnswer, type GitProgram, openGit } from './git-program.ts';
import { checkHost, checkRef, readSourceUrl } from './source-url.ts';

/** A commit on disk. */
export interface Checkout {
  /** Its files, without `.git`. */
  readonly folder: string;
  readonly commit: string;
  /** Seconds since 1970, by its committer. */
  readonly committedAt: number;
  /** What was asked for, or the branch that the repository shows first. */
  readonly ref: string;
  readonly hostKeys: readonly string[];
  /** Whether it has submodules or files in LFS, wanted or not. */
  readonly hasSubmodules: boolean;
  readonly hasLfs: boolean;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MAX_ATTRIBUTES = 1024 * 1024;

/**
 * Clones into the cell. Secrets are gone from it when this returns.
 * @throws {PlimsollError} `SOURCE_INVALID`, `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_UNAVAILABLE`, `HOST_KEY_CHANGED`,
 * `BUILDER_UNABLE` without git or git-lfs, and those of `Cell.run`.
 */
export async function clone(
  cell: Cell,
  source: GitSource,
  options: { readonly git?: string | undefined; readonly log?: MaskedLog | undefined; readonly signal: AbortSignal },
): Promise<Checkout> {
  const url = readSourceUrl(source);
  const asked = checkRef(source.ref);
  await checkHost(url);
  const task = `Cannot clone "${printable(url.url)}"`;
  await using git = await openGit(cell, source, { ...options, url });
  const run = async (args: readonly string[], folder?: string): Promise<GitAnswer> => {
    const answer = await git.run(args, folder);
    if (answer.status === 127)
      throw new PlimsollError('BUILDER_UNABLE', `${task}: git is not installed on the builder`);
    return answer;
  };
  const must = async (args: readonly string[], folder?: string): Promise<GitAnswer> => {
    const answer = await run(args, folder);
    if (answer.status !== 0) throw toGitFailure(task, answer.stderr, source);
    return answer;
  };
  const folder = await cell.folder('source');
  await must(['init', '--quiet', '--template=', '.'], folder);
  await must(['remote', 'add', 'origin', url.url], folder);
  const found = COMMIT.test(asked) ? { ref: asked, wanted: asked } : await resolveRef(must, url.url, asked, task);
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules'];
  if (COMMIT.test(asked)) {
    const shallow = await run([...fetch, '--depth=1', 'origin', asked], folder);
    if (shallow.status !== 0) await fetchAll({ run, must, fetch, folder, commit: asked, shallow, source, task });
  } else {
    await must([...fetch, '--depth=1', 'origin', found.wanted], folder);
  }
  const target = COMMIT.test(asked) ? asked : 'FETCH_HEAD';
  const shown = await must(['show', '--no-patch', '--format=%H %ct', `${target}^{commit}`], folder);
  const [commit = '', time = ''] = shown.stdout.trim().split(' ');
  await must(['checkout', '--quiet', '--detach', commit], folder);
  const hasSubmodules = await exists(join(folder, '.gitmodules'));
  const hasLfs = await mentionsLfs(folder);
  if (hasSubmodules && source.wantsSubmodules) {
    await must(['submodule', 'update', '--quiet', '--init', '--recursive', '--depth=1'], folder);
  }
  if (hasLfs && source.wantsLfs) await pullLfs(git, folder, task, source);
  // Times and names of packs differ each time; what is built from it would, too.
  await cell.run({
    program: 'find',
    args: [folder, '-name', '.git', '-prune', '-exec', 'rm', '-rf', '{}', '+'],
    network: 'build',
    signal: options.signal,
    onOutput: () => {},
  });
  const hostKeys = await git.hostKeys();
  return { folder, commit, committedAt: Number(time), ref: found.ref, hostKeys, hasSubmodules, hasLfs };
}

/** The full name of a branch or tag; a branch where both have the name. */
async function resolveRef(
  must: (args: readonly string[]) => Promise<GitAnswer>,
  url: string,
  asked: string,
  task: string,
): Promise<{ readonly ref: string; readonly wanted: string }> {
  const names = asked === '' ? ['HEAD'] : [`refs/heads/${asked}`, `refs/tags/${asked}`];
  const { stdout } = await must(['ls-remote', '--symref', '--', url, ...names]);
  const rows = stdout.split('\n').map(line => line.split('\t'));
  if (asked === '') {
    const branch = /^ref: refs\/heads\/(\S+)$/.exec(rows.find(([, name]) => name === 'HEAD')?.[0] ?? '')?.[1];
    if (rows.some(([, name]) => name === 'HEAD')) return { ref: branch ?? 'HEAD', wanted: 'HEAD' };
    throw new PlimsollError('SOURCE_UNKNOWN', `${task}: the repository is empty`);
  }
  const wanted = names.find(name => rows.some(row => row[1] === name));
  if (wanted !== undefined) return { ref: asked, wanted };
  throw new PlimsollError('SOURCE_UNKNOWN', `${task}: it has no branch or tag "${printable(asked)}"`);
}

/** Servers may refuse a commit that no branch or tag names directly; then all branches and tags have to come. */
async function fetchAll(options: {
  readonly run: (args: readonly string[], folder?: string) => Promise<GitAnswer>;
  readonly must: (args: readonly string[], folder?: string) => Promise<GitAnswer>;
  readonly fetch: readonly string[];
  readonly folder: string;
  readonly commit: string;
  readonly shallow: GitAnswer;
  readonly source: GitSource;
  readonly task: string;
}): Promise<void> {
  const { run, must, fetch, folder, commit, shallow, source, task } = options;
  const isRefused = /not our ref|unadvertised object|couldn't find remote ref|upload-pack: /i.test(shallow.stderr);
  if (!isRefused) throw toGitFailure(task, shallow.stderr, source);
  await must([...fetch, 'origin', '+refs/heads/*:refs/plimsoll/heads/*', '+refs/tags/*:refs/plimsoll/tags/*'], folder);
  const known = await run(['cat-file', '-e', `${commit}^{commit}`], folder);
  if (known.status !== 0)
    throw new PlimsollError('SOURCE_UNKNOWN', `${task}: no branch or tag has the commit ${commit}`);
}

async function pullLfs(git: GitProgram, folder: string, task: string, source: GitSource): Promise<void> {
  const version = await git.run(['lfs', 'version']);
  if (version.status !== 0) {
    throw new PlimsollError(
      'BUILDER_UNABLE',
      `${task} with its large files: git-lfs is not installed on the builder; install it, or do without LFS`,
    );
  }
  const pulled = await git.run(['lfs', 'pull', 'origin'], folder);
  if (pulled.status !== 0) throw toGitFailure(`${task} with its large files`, pulled.stderr, source);
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    stat => stat.isFile(),
    () => false,
  );
}

/** By its attributes at the top, where `git lfs track` writes them. */
async function mentionsLfs(folder: string): Promise<boolean> {
  const path = join(folder, '.gitattributes');
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined || !stat.isFile() || stat.size > MAX_ATTRIBUTES) return false;
  return /\bfilter=lfs\b/.test(await readFile(path, 'utf8'));
}

/**
 * A path in a folder, symbolic links followed; they may lead anywhere in the folder, but not out of it.
 * @throws {PlimsollError} `SOURCE_INVALID` for one that leads out, `SOURCE_UNKNOWN` when nothing is there.
 */
export async function pathInside(folder: string, name: string, what: string): Promise<string> {
  const normal = normalize(name);
  if (normal.startsWith('/') || normal === '..' || normal.startsWith(`..${sep}`) || normal.includes('\0')) {
    throw new PlimsollError(
      'SOURCE_INVALID',
      `Cannot use ${what} "${printable(name)}": it lies outside of the repository`,
    );
  }
  const root = await realpath(folder);
  let real: string;
  try {
    real = await realpath(join(root, normal));
  } catch (error) {
    throw new PlimsollError(
      'SOURCE_UNKNOWN',
      `Cannot use ${what} "${printable(name)}": the repository has none there`,
      {
        cause: error,
      },
    );
  }
  if (real !== root && !real.startsWith(`${root}${sep}`)) {
    throw new PlimsollError('SOURCE_INVALID', `Cannot use ${what} "${printable(name)}": it is a link that leads out`);
  }
  return real;
}
