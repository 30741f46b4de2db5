/** Security databases of Alpine's form: one file for each branch and repository of Alpine, one each for Wolfi and Chainguard. */
import { SOURCES } from '#advisory/sources.ts';
import { feedUrl } from './feed-url.ts';
import { type FeedOutcome, type UpdateContext, updateDocument } from './update-context.ts';

const [ALPINE, WOLFI, CHAINGUARD] = SOURCES['alpine-secdb'].feeds;
const SOURCE = 'alpine-secdb';
/** The oldest branch whose images are still met; Alpine keeps the files of all of them. */
const FIRST_BRANCH = 2;
/** Two branches a year since 3.0 in 2014. */
const LAST_BRANCH = 99;
const REPOSITORIES = ['main', 'community'] as const;

/** Brings all of them up to date, branch by branch until there are no more. @throws {PlimsollError} as `updateDocument` does. */
export async function* updateAlpine(context: UpdateContext): AsyncGenerator<FeedOutcome> {
  let isOver = false;
  let found = false;
  for (let minor = FIRST_BRANCH; minor <= LAST_BRANCH && !isOver; minor += 1) {
    const outcomes = await updateBranch(context, `v3.${minor}`);
    yield* outcomes;
    const exists = outcomes.some(({ kind }) => kind !== 'missing');
    isOver = found && !exists;
    found ||= exists;
  }
  yield* await updateBranch(context, 'edge');
  const mirror = context.mirrors.get(SOURCE);
  for (const [feed, { url }] of [
    ['alpine-secdb Wolfi', WOLFI],
    ['alpine-secdb Chainguard', CHAINGUARD],
  ] as const) {
    yield await updateDocument(context, { source: SOURCE, feed, url: feedUrl(url, {}, mirror), kinds: ['secdb'] });
  }
}

async function updateBranch(context: UpdateContext, branch: string): Promise<readonly FeedOutcome[]> {
  const outcomes: FeedOutcome[] = [];
  for (const repository of REPOSITORIES) {
    const url = feedUrl(ALPINE.url, { branch, repository }, context.mirrors.get(SOURCE));
    const feed = `alpine-secdb Alpine:${branch}/${repository}`;
    outcomes.push(await updateDocument(context, { source: SOURCE, feed, url, kinds: ['secdb'] }));
  }
  return outcomes;
}
