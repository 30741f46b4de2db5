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
import type { BuildProxies } from '../proxies.ts';
import { toGitFailure } from './git-failure.ts';
import { type GitAnswer, openGit } from './git-program.ts';
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
/** Exit statuses of the scripts below, which git itself does not have. */
const NO_COMMIT = 91;
const NO_LFS = 92;
const NO_HEAD = 93;

/** Times and names of packs differ each time; what is built from them would, too. */
const FORGET = "find . -name .git -prune -exec rm -rf '{}' +";

/** `$1` is the address, `$2` a branch or tag: the branch where both have the name. Everything in one connection, as people do it by hand. */
const cloneScript = (hasName: boolean) => `
"$GIT" clone --quiet --template= --depth=1 --single-branch --no-tags ${hasName ? '--branch "$2" ' : ''}-- "$1" .
"$GIT" show --no-patch --format='%H %ct' HEAD 2> /dev/null || exit ${NO_HEAD}
"$GIT" symbolic-ref --quiet --short HEAD || echo HEAD
`;

const FETCH = '"$GIT" fetch --quiet --no-tags --no-recurse-submodules';

/** `$2` is a commit: servers may refuse one that no branch or tag names directly, and then all branches and tags have to come. */
const FETCH_COMMIT = `
"$GIT" init --quiet --template= .
"$GIT" remote add origin "$1"
if ! ${FETCH} --depth=1 origin "$2" 2> ../tmp/refused; then
  if grep -qiE "not our ref|unadvertised object|couldn't find remote ref|upload-pack: " ../tmp/refused; then
    ${FETCH} origin '+refs/heads/*:refs/plimsoll/heads/*' '+refs/tags/*:refs/plimsoll/tags/*'
    "$GIT" cat-file -e "$2^{commit}" 2> /dev/null || exit ${NO_COMMIT}
  else
    cat ../tmp/refused >&2
    exit 1
  fi
fi
"$GIT" show --no-patch --format='%H %ct' "$2^{commit}"
"$GIT" checkout --quiet --detach "$2"
`;

/** Only files whose filter is known are put in place of their pointers. */
const PULL_LFS = `
"$GIT" lfs version > /dev/null 2>&1 || exit ${NO_LFS}
"$GIT" -c filter.lfs.clean='git-lfs clean -- %f' -c filter.lfs.smudge='git-lfs smudge -- %f' lfs pull origin
`;

/**
 * Clones into the cell. Secrets are gone from it when this returns.
 * @throws {PlimsollError} `SOURCE_INVALID`, `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_UNAVAILABLE`, `HOST_KEY_CHANGED`,
 * `BUILDER_UNABLE` without git or git-lfs, and those of `Cell.run`.
 */
export async function clone(
  cell: Cell,
  source: GitSource,
  options: {
    readonly git?: string | undefined;
    readonly proxies?: BuildProxies | undefined;
    readonly log?: MaskedLog | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Checkout> {
  const url = readSourceUrl(source);
  const asked = checkRef(source.ref);
  await checkHost(url, { hasProxy: options.proxies?.env['https_proxy'] !== undefined });
  const task = `Cannot clone "${printable(url.url)}"`;
  await using git = await openGit(cell, source, { ...options, url });
  const folder = await cell.folder('source');
  const isCommit = COMMIT.test(asked);
  const wantsMore = source.wantsSubmodules || source.wantsLfs;
  const script = isCommit ? FETCH_COMMIT : cloneScript(asked !== '');
  const shown = checked(
    await git.script(wantsMore ? script : `${script}\n${FORGET}`, folder, url.url, asked),
    source,
    task,
  );
  const [facts = '', branch = ''] = shown.stdout.split('\n');
  const [commit = '', time = ''] = facts.split(' ');
  const ref = asked === '' ? branch : asked;
  const hasSubmodules = await exists(join(folder, '.gitmodules'));
  const hasLfs = await mentionsLfs(folder);
  if (hasSubmodules && source.wantsSubmodules) {
    checked(
      await git.script('"$GIT" submodule update --quiet --init --recursive --depth=1', folder),
      source,
      `${task} with its submodules`,
    );
  }
  if (hasLfs && source.wantsLfs) {
    checked(await git.script(PULL_LFS, folder), source, `${task} with its large files`);
  }
  if (wantsMore) checked(await git.script(FORGET, folder), source, task);
  const hostKeys = await git.hostKeys();
  return { folder, commit, committedAt: Number(time), ref, hostKeys, hasSubmodules, hasLfs };
}

/** The answer of a step that went well. */
function checked(answer: GitAnswer, source: GitSource, task: string): GitAnswer {
  switch (answer.status) {
    case 0:
      return answer;
    case 127:
      throw new PlimsollError('BUILDER_UNABLE', `${task}: git is not installed on the builder`);
    case NO_HEAD:
      throw new PlimsollError('SOURCE_UNKNOWN', `${task}: the repository is empty`);
    case NO_COMMIT:
      throw new PlimsollError('SOURCE_UNKNOWN', `${task}: no branch or tag has the commit ${printable(source.ref)}`);
    case NO_LFS:
      throw new PlimsollError(
        'BUILDER_UNABLE',
        `${task}: git-lfs is not installed on the builder; install it, or do without LFS`,
      );
    default:
      throw toGitFailure(task, answer.stderr, source);
  }
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
