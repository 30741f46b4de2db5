/**
 * The inventory of a scanned image becomes its report: packages that nobody had before are judged, all others were long ago.
 */
import { setImmediate } from 'node:timers/promises';
import { PlimsollError } from '#base/errors.ts';
import type { FileFacts } from '#certification/file-facts.ts';
import type { Inventory } from '#inventory/inventory.ts';
import type { FindingCounts } from '#store/counts.ts';
import type { Db, Trx } from '#store/database.ts';
import { findCurrentVersion, lockJudgingShared } from '#store/database-version.ts';
import { insertFindings } from '#store/finding.ts';
import { findReportCounts, findScannable, type ScannableImage, tellLayers } from '#store/image.ts';
import {
  ensureSurroundings,
  findPackages,
  findSets,
  insertPackages,
  insertQuestions,
  insertSets,
  replaceReport,
} from '#store/package.ts';
import { keepFileFacts } from '#store/project-base-image.ts';
import { storable } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import type { ContentContext } from './content-context.ts';
import { type JudgedPackage, judgeFacts, toRows, writeReferred } from './judge-packages.ts';
import { type DistinctPackage, type StoredInventory, takeApart } from './package-facts.ts';
import { QuestionFinder } from './package-questions.ts';
import type { DatabaseLease } from './vulnerability-holder.ts';

/** What came of storing an inventory. */
export interface StoredReport {
  readonly manifestId: number;
  readonly packageCount: number;
  readonly counts: FindingCounts;
}

export interface StoreOptions {
  readonly signal: AbortSignal;
  /** Runs in the transaction that makes the report the image's: for what has to be true together with it. May run several times. */
  readonly also?: ((trx: Trx, report: StoredReport) => Promise<void>) | undefined;
  /** What checks of a certification ask of the files; missing: those from before stay, which are of the same image. */
  readonly files?: FileFacts | undefined;
}

/** Another version becomes current once a day; who loses so often loses to a mistake. */
const MAX_ATTEMPTS = 20;
const JUDGED_AT_ONCE = 500;
/** What the largest images have is a tenth of it. */
const MAX_PACKAGES = 250_000;
const MAX_GAPS = 5000;

/**
 * Stores `inventory` as the report of the image `digest`, in one transaction: until it is complete, the report before it stays.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when the image is not stored, `REQUEST_INVALID` when the inventory is of another one,
 * `LIMIT_EXCEEDED`, and what opening the vulnerability database throws.
 */
export async function storeInventory(
  context: ContentContext,
  digest: string,
  inventory: Inventory,
  analyserVersion: string,
  options: StoreOptions,
): Promise<StoredReport> {
  const { db } = context.store;
  const image = await findScannable(db, digest);
  if (image === undefined) throw new PlimsollError('MANIFEST_UNKNOWN', `There is no image ${digest}`);
  check(inventory, image, digest);
  const report: Report = {
    inventory,
    image,
    analyserVersion,
    stored: takeApart(
      inventory,
      image.layers.map(layer => layer.digest),
    ),
  };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    options.signal.throwIfAborted();
    using lease = await context.vulnerabilities.acquire(options.signal);
    const judged = await judgeUnknown(db, report.stored, lease, options.signal);
    const done = await inTransaction(db, async trx => {
      const written = await write(trx, report, { judged, lease }, context.now());
      if (written === undefined) return undefined;
      if (options.files !== undefined) {
        const facts = storable(options.files);
        await keepFileFacts(trx, { digest, version: analyserVersion, facts, at: context.now() });
      }
      await options.also?.(trx, written);
      return written;
    });
    if (done !== undefined) return done;
  }
  throw new PlimsollError('STORE_UNAVAILABLE', `Cannot store the report of ${digest}: packages change all the time`);
}

interface Report {
  readonly inventory: Inventory;
  readonly image: ScannableImage;
  readonly analyserVersion: string;
  readonly stored: StoredInventory;
}

/** Packages that were not stored a moment ago, and what the version says of them. */
interface Judged {
  readonly judged: ReadonlyMap<string, JudgedPackage>;
  readonly lease: DatabaseLease;
}

function check(inventory: Inventory, image: ScannableImage, digest: string): void {
  const known = new Set(image.layers.map(layer => layer.digest));
  const foreign = inventory.image.layers.find(layer => !known.has(layer.digest));
  if (foreign !== undefined || (inventory.image.digest !== undefined && inventory.image.digest !== digest)) {
    throw new PlimsollError('REQUEST_INVALID', `The inventory that came for ${digest} is of another image`);
  }
  if (inventory.packages.length > MAX_PACKAGES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot store the inventory of ${digest}: it has ${inventory.packages.length} packages, the limit is ${MAX_PACKAGES}`,
    );
  }
}

async function judgeUnknown(
  db: Db,
  { sets, packages, surroundings }: StoredInventory,
  lease: DatabaseLease,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, JudgedPackage>> {
  const knownSets = await findSets(
    db,
    sets.map(({ key }) => key),
  );
  const wanted = sets.filter(({ key }) => !knownSets.has(key)).flatMap(({ members }) => members.map(({ key }) => key));
  const known = await findPackages(db, wanted);
  const unknown = wanted.flatMap(key => (known.has(key) ? [] : (packages.get(key) ?? [])));
  const judged = new Map<string, JudgedPackage>();
  for (let at = 0; at < unknown.length; at += JUDGED_AT_ONCE) {
    const batch = unknown.slice(at, at + JUDGED_AT_ONCE);
    const answers = judgeFacts(
      batch.map(({ facts }) => facts),
      surroundings,
      lease,
    );
    for (const [index, { key }] of batch.entries()) judged.set(key, answers[index] ?? { findings: [], doubts: [] });
    await setImmediate();
    signal.throwIfAborted();
  }
  return judged;
}

/** Writes everything; `undefined` when what was judged does not hold any more, and all has to be begun again. */
async function write(
  trx: Trx,
  report: Report,
  { judged, lease }: Judged,
  now: Date,
): Promise<StoredReport | undefined> {
  const { stored, image, inventory, analyserVersion } = report;
  await lockJudgingShared(trx);
  const current = await findCurrentVersion(trx);
  if (current?.id !== lease.version?.id) return undefined;
  const surroundingsId = await ensureSurroundings(trx, stored.surroundingsKey, stored.surroundings);
  const setIds = new Map(
    await findSets(
      trx,
      stored.sets.map(({ key }) => key),
    ),
  );
  const missing = stored.sets.filter(({ key }) => !setIds.has(key));
  if (missing.length > 0) {
    const packageIds = await writePackages(
      trx,
      missing.flatMap(({ members }) => members),
      { stored, surroundingsId, judged, lease },
      now,
    );
    if (packageIds === undefined) return undefined;
    for (const [key, id] of await insertSets(trx, missing, packageIds)) setIds.set(key, id);
    const others = missing.filter(({ key }) => !setIds.has(key)).map(({ key }) => key);
    for (const [key, id] of await findSets(trx, others)) setIds.set(key, id);
  }
  const own = stored.sets.map(({ key, position }) => ({ position, setId: setIds.get(key) ?? -1 }));
  if (own.some(({ setId }) => setId === -1)) return undefined;
  const packageCount = stored.packages.size;
  await replaceReport(trx, image.id, own, {
    analyserVersion,
    surroundingsId,
    distro: inventory.distro === undefined ? undefined : storable(inventory.distro),
    gaps: storable(boundGaps(inventory)),
    packageCount,
    now,
  });
  await tellLayers(trx, image, inventory.image);
  return { manifestId: image.id, packageCount, counts: await findReportCounts(trx, image.id) };
}

/** The packages of sets that are not stored yet: ids by key. */
async function writePackages(
  trx: Trx,
  members: readonly { readonly key: string }[],
  of: Judged & { readonly stored: StoredInventory; readonly surroundingsId: number },
  now: Date,
): Promise<ReadonlyMap<string, number> | undefined> {
  const { stored, surroundingsId, judged, lease } = of;
  const keys = members.map(({ key }) => key);
  const ids = new Map(await findPackages(trx, keys));
  const fresh = keys.flatMap(key => (ids.has(key) ? [] : (stored.packages.get(key) ?? [])));
  // One that was there when we looked has been removed since.
  if (fresh.some(({ key }) => !judged.has(key))) return undefined;
  if (fresh.length > 0) {
    const verdicts = fresh.map(({ key }) => judged.get(key) ?? { findings: [], doubts: [] });
    const referred = await writeReferred(trx, verdicts, lease.lookup, { tellsFacts: true });
    const inserted = await insertPackages(trx, fresh.map(toNewPackage), surroundingsId, now);
    for (const [key, id] of inserted) ids.set(key, id);
    const finder = new QuestionFinder(stored.surroundings, lease.lookup);
    const questions = fresh.flatMap(one => {
      const packageId = inserted.get(one.key);
      return packageId === undefined ? [] : finder.questionsOf(one.facts).map(question => ({ packageId, ...question }));
    });
    await insertQuestions(trx, questions);
    const rows = toRows(
      fresh.flatMap(({ key }, at) => {
        const packageId = inserted.get(key);
        const verdict = verdicts[at];
        return packageId === undefined || verdict === undefined ? [] : [{ packageId, judged: verdict }];
      }),
      referred,
    );
    await insertFindings(trx, rows.findings, rows.doubts, now);
    // Another server was faster with some: it has judged them by the same version.
    const others = fresh.filter(({ key }) => !ids.has(key)).map(({ key }) => key);
    for (const [key, id] of await findPackages(trx, others)) ids.set(key, id);
  }
  return keys.every(key => ids.has(key)) ? ids : undefined;
}

function toNewPackage({ key, facts }: DistinctPackage) {
  const { type, name, version, arch } = facts;
  return { key, type, name, version, arch, facts };
}

function boundGaps({ gaps }: Inventory): readonly object[] {
  if (gaps.length <= MAX_GAPS) return gaps;
  return [...gaps.slice(0, MAX_GAPS), { reason: `and ${gaps.length - MAX_GAPS} more that are not kept` }];
}
