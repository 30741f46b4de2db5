/**
 * Re-matching: packages judged again when the vulnerability database changes. Nothing is pulled, and only distinct packages are judged of
 * which the next version says something else than the current one.
 *
 * What is found is staged; one transaction makes it what everybody sees. When a server dies in the middle, the job begins again.
 */
import { isDeepStrictEqual } from 'node:util';
import { PlimsollError } from '#base/errors.ts';
import { redHatPlatformsOf } from '#matching/red-hat-platforms.ts';
import type { Surroundings } from '#matching/surroundings.ts';
import { SEVERITY_OF_RANK } from '#store/counts.ts';
import type { Db, Trx } from '#store/database.ts';
import {
  type DatabaseVersion,
  findCurrentVersion,
  findNewestVersion,
  findVersion,
  lockJudgingAlone,
  moveVersion,
  removeOldChunks,
} from '#store/database-version.ts';
import { type NewEvent, recordEvents } from '#store/event.ts';
import { insertQuestions, questionName } from '#store/package.ts';
import {
  applyRematch,
  countTouched,
  findLastIds,
  findSurroundings,
  insertRematch,
  isRunning,
  listChangedImages,
  listRedHatSurroundings,
  listSignals,
  listTouched,
  type RematchTotals,
  removeBrokenRematches,
  removeStaged,
  type StartedRematch,
  stageJudged,
  stageSignals,
  type TouchedPackage,
  touchCves,
  touchEcosystems,
  touchNames,
  touchRange,
  touchSurroundings,
} from '#store/rematch.ts';
import { inTransaction } from '#store/transaction.ts';
import { REMATCH_TABLES, vacuumEmbedded } from '#store/vacuum.ts';
import type { ExploitSignal } from '#store/vulnerability.ts';
import { findChangedPackages } from '#vulndb/changed-packages.ts';
import { openDatabase, type VulnerabilityDatabase } from '#vulndb/vulnerability-database.ts';
import type { ContentContext } from './content-context.ts';
import { judgeFacts, signalOf, toRows, writeReferred } from './judge-packages.ts';
import type { PackageFacts } from './package-facts.ts';
import { QuestionFinder } from './package-questions.ts';
import type { DatabaseLease } from './vulnerability-holder.ts';

const PAGE = 1000;
const SIGNAL_PAGE = 5000;
/** Packages that came while others were judged are judged before the last step, which keeps writers waiting, unless they are this few. */
const FEW_LATE = 500;
const MAX_ROUNDS = 5;
/** Of images that one re-match tells of one by one; the others are counted. */
const MAX_IMAGE_EVENTS = 200;

/** What came of a re-match. */
export interface RematchResult extends RematchTotals {
  readonly rematchId: number;
  readonly packagesJudged: number;
}

/**
 * Judges packages by the version `versionId`, and makes it the current one. `undefined` when there is nothing to do: it is current, or
 * failed, or a newer one waits as well.
 * @throws {PlimsollError} `DATABASE_INVALID`, `DATABASE_UNKNOWN`, when its file cannot be used; `CONFLICT` when another server does the
 * same, and was faster.
 */
export async function rematch(
  context: ContentContext,
  versionId: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<RematchResult | undefined> {
  const { db } = context.store;
  const version = await findVersion(db, versionId);
  if (version?.state !== 'judging') return undefined;
  const newest = await findNewestVersion(db);
  if (newest !== undefined && newest.id > versionId) {
    await moveVersion(db, versionId, ['judging'], 'past');
    return undefined;
  }
  using lease = await openNext(context, version, signal);
  await removeBrokenRematches(db);
  const from = await findCurrentVersion(db);
  const started = await inTransaction(db, async trx => {
    await lockJudgingAlone(trx);
    return await insertRematch(trx, from?.id, versionId, context.now());
  });
  const run = new RematchRun(context, lease, started, from, signal);
  await run.touch();
  await run.judge();
  const result = await run.finish(version);
  await removeStaged(db, started.id);
  await removeOldChunks(db);
  await vacuumEmbedded(context.store, REMATCH_TABLES);
  // From here on this server judges by it, too.
  using _ = await context.vulnerabilities.acquire(signal);
  return result;
}

async function openNext(
  context: ContentContext,
  version: DatabaseVersion,
  signal: AbortSignal,
): Promise<DatabaseLease> {
  try {
    return await context.vulnerabilities.acquireVersion(version, signal);
  } catch (error) {
    const isHopeless = error instanceof PlimsollError && error.code === 'DATABASE_INVALID';
    if (isHopeless) await moveVersion(context.store.db, version.id, ['judging'], 'failed');
    throw error;
  }
}

class RematchRun {
  readonly #context: ContentContext;
  readonly #lease: DatabaseLease;
  readonly #lookup: VulnerabilityDatabase;
  readonly #id: number;
  readonly #from: DatabaseVersion | undefined;
  readonly #signal: AbortSignal;
  readonly #surroundings = new Map<number, Surroundings>();
  #last: Omit<StartedRematch, 'id'>;
  /** Packages up to this id are judged, signals compared. */
  #judgedTo = 0;
  #comparedTo = 0;
  #packagesJudged = 0;
  /** Whether packages of images of Red Hat may follow other streams than they did: then there are other questions about them. */
  #movesStreams = true;

  constructor(
    context: ContentContext,
    lease: DatabaseLease,
    { id, ...last }: StartedRematch,
    from: DatabaseVersion | undefined,
    signal: AbortSignal,
  ) {
    if (lease.lookup === undefined) throw new Error('A re-match is by a version');
    this.#context = context;
    this.#lease = lease;
    this.#lookup = lease.lookup;
    this.#id = id;
    this.#last = last;
    this.#from = from;
    this.#signal = signal;
  }

  get #db(): Db {
    return this.#context.store.db;
  }

  /** Finds out what is to be judged. */
  async touch(): Promise<void> {
    const { lastPackage } = this.#last;
    const before = await this.#pathBefore();
    if (before === undefined) await touchRange(this.#db, this.#id, 0, lastPackage);
    else {
      const changes = await findChangedPackages(before, this.#lookup.path, { signal: this.#signal });
      const { ecosystems, packages, redHatRepositories, redHatImages } = changes;
      this.#movesStreams = redHatRepositories.length > 0 || redHatImages.length > 0;
      if (this.#movesStreams) await this.#touchMoved(before, lastPackage);
      await touchEcosystems(this.#db, this.#id, ecosystems, lastPackage);
      for (const [ecosystem, names] of packages) {
        this.#signal.throwIfAborted();
        await touchNames(this.#db, this.#id, ecosystem, [...new Set(Array.from(names, questionName))], lastPackage);
      }
    }
    await this.#compareSignals(this.#db);
    await countTouched(this.#db, this.#id);
  }

  /** Packages of images that follow other streams of Red Hat now. */
  async #touchMoved(pathBefore: string, lastPackage: number): Promise<void> {
    using before = openDatabase(pathBefore);
    for (let after = 0; ; ) {
      this.#signal.throwIfAborted();
      const page = await listRedHatSurroundings(this.#db, { after, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) return;
      const moved = page.filter(({ value }) => {
        const { distro, redHat } = value as Surroundings;
        if (distro === undefined) return false;
        const [was, is] = [before, this.#lookup].map(maps => redHatPlatformsOf(distro, redHat, maps));
        return !isDeepStrictEqual(was, is);
      });
      await touchSurroundings(
        this.#db,
        this.#id,
        moved.map(({ id }) => id),
        lastPackage,
      );
      after = last.id;
    }
  }

  /** Judges what was touched, and what has come since, until little of that is left. */
  async judge(): Promise<void> {
    await this.#judgeTouched(this.#db);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = this.#last;
      this.#last = await inTransaction(this.#db, async trx => {
        await lockJudgingAlone(trx);
        return await findLastIds(trx);
      });
      await touchRange(this.#db, this.#id, before.lastPackage, this.#last.lastPackage);
      await this.#compareSignals(this.#db);
      await this.#judgeTouched(this.#db);
      if (this.#last.lastPackage - before.lastPackage < FEW_LATE) break;
    }
  }

  /** The one transaction after which everybody sees the new version and what it says. */
  async finish(to: DatabaseVersion): Promise<RematchResult> {
    const judged = { to: this.#judgedTo, compared: this.#comparedTo, packages: this.#packagesJudged, last: this.#last };
    return await inTransaction(this.#db, async trx => {
      // It may be the second attempt.
      this.#judgedTo = judged.to;
      this.#comparedTo = judged.compared;
      this.#packagesJudged = judged.packages;
      await lockJudgingAlone(trx);
      await this.#checkStillOurs(trx);
      this.#last = await findLastIds(trx);
      await touchRange(trx, this.#id, judged.last.lastPackage, this.#last.lastPackage);
      await this.#compareSignals(trx);
      await this.#judgeTouched(trx);
      const now = this.#context.now();
      // Before the first version nothing was known: that all of it is news would tell nobody anything.
      const tellsChanges = this.#from !== undefined;
      const totals = await applyRematch(trx, this.#id, { now, tellsChanges });
      if (this.#from !== undefined) await moveVersion(trx, this.#from.id, ['current'], 'past');
      const isCurrent = await moveVersion(trx, to.id, ['judging'], 'current');
      if (!isCurrent) throw overtaken(to);
      const result = { ...totals, rematchId: this.#id, packagesJudged: this.#packagesJudged };
      await recordEvents(trx, await this.#events(trx, to, result, tellsChanges));
      return result;
    });
  }

  async #pathBefore(): Promise<string | undefined> {
    if (this.#from === undefined) return undefined;
    try {
      return await this.#context.vulnerabilities.pathOf(this.#from, this.#signal);
    } catch (error) {
      // Without the file there is nothing to compare with; then everything is judged again.
      if (error instanceof PlimsollError && error.code.startsWith('DATABASE_')) return undefined;
      throw error;
    }
  }

  async #checkStillOurs(trx: Trx): Promise<void> {
    const current = await findCurrentVersion(trx);
    const isOurs = (await isRunning(trx, this.#id)) && current?.id === this.#from?.id;
    if (!isOurs) {
      throw new PlimsollError('CONFLICT', 'Packages were judged again by another server meanwhile; this one gives up');
    }
  }

  /** EPSS and CISA's catalogue of the CVEs that there are; who is newly exploited has its packages judged again. */
  async #compareSignals(db: Db): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      const range = { after: this.#comparedTo, upTo: this.#last.lastSignal, limit: SIGNAL_PAGE };
      const page = await listSignals(db, range);
      const changed: ExploitSignal[] = [];
      const exploited: string[] = [];
      for (const { cve, epss, percentile, kev } of page) {
        const next = signalOf(cve, this.#lookup);
        const isSameKev = isDeepStrictEqual(next.kev ?? null, kev);
        if (isSameKev && (next.epss ?? null) === epss && (next.percentile ?? null) === percentile) continue;
        changed.push(next);
        if (!isSameKev) exploited.push(cve);
      }
      await stageSignals(db, this.#id, changed);
      // A signal that came later belongs to packages that came later, and those are judged all the same.
      if (this.#judgedTo === 0) await touchCves(db, this.#id, exploited, this.#last.lastPackage);
      const last = page.at(-1);
      if (last === undefined) return;
      this.#comparedTo = last.id;
    }
  }

  async #judgeTouched(db: Db): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      const page = await listTouched(db, this.#id, this.#judgedTo, PAGE);
      const last = page.at(-1);
      if (last === undefined) return;
      await this.#loadSurroundings(
        db,
        page.map(({ surroundingsId }) => surroundingsId),
      );
      const judged = [...Map.groupBy(page, one => one.surroundingsId)].flatMap(([id, packages]) => {
        const surroundings = this.#surroundings.get(id);
        if (surroundings === undefined) return [];
        const facts = packages.map(one => one.facts as PackageFacts);
        const answers = judgeFacts(facts, surroundings, this.#lease);
        return packages.map((one, at) => ({ packageId: one.id, judged: answers[at] ?? { findings: [], doubts: [] } }));
      });
      if (this.#movesStreams) await this.#renewQuestions(db, page);
      const referred = await writeReferred(
        db,
        judged.map(one => one.judged),
        this.#lookup,
        { tellsFacts: false },
      );
      await stageJudged(db, this.#id, { ...toRows(judged, referred), packages: page.length });
      this.#judgedTo = last.id;
      this.#packagesJudged += page.length;
    }
  }

  /**
   * Adds the questions that the next version's streams ask. Those of the streams before stay: they only have a package judged once too often,
   * and are needed should this re-match be broken off.
   */
  async #renewQuestions(db: Db, page: readonly TouchedPackage[]): Promise<void> {
    const questions = [...Map.groupBy(page, one => one.surroundingsId)].flatMap(([id, packages]) => {
      const surroundings = this.#surroundings.get(id);
      if (surroundings?.redHat === undefined) return [];
      const finder = new QuestionFinder(surroundings, this.#lookup);
      return packages.flatMap(one =>
        finder.questionsOf(one.facts as PackageFacts).map(question => ({ packageId: one.id, ...question })),
      );
    });
    await insertQuestions(db, questions);
  }

  async #loadSurroundings(db: Db, ids: readonly number[]): Promise<void> {
    const missing = [...new Set(ids)].filter(id => !this.#surroundings.has(id));
    const found = await findSurroundings(db, missing);
    for (const [id, value] of found) this.#surroundings.set(id, value as Surroundings);
  }

  async #events(
    trx: Trx,
    to: DatabaseVersion,
    result: RematchResult,
    tellsChanges: boolean,
  ): Promise<readonly NewEvent[]> {
    const at = this.#context.now();
    const events: NewEvent[] = [];
    for (const kind of tellsChanges ? (['new', 'changed'] as const) : []) {
      for (const image of await listChangedImages(trx, kind, MAX_IMAGE_EVENTS)) {
        const { namespaceId, registryId, worstNew, ...counts } = image;
        const worst = worstNew === null ? {} : { worstNew: SEVERITY_OF_RANK[worstNew] };
        const data = { rematchId: this.#id, ...counts, ...worst };
        events.push({ kind: `findings.${kind}`, at, namespaceId, registryId, data });
      }
    }
    const { rematchId, ...totals } = result;
    const data = {
      rematchId,
      versionId: to.id,
      builtAt: to.builtAt,
      isFirst: !tellsChanges,
      ...totals,
      imagesTold: events.length,
    };
    return [...events, { kind: 'rematch.completed', at, data }];
  }
}

function overtaken({ builtAt }: DatabaseVersion): PlimsollError {
  return new PlimsollError('CONFLICT', `The vulnerability database of ${builtAt} is not to be judged by any more`);
}
