/**
 * Removes what is over and what nobody refers to, once a day: histories past their time, manifests that are in no repository any more, and what
 * was known of their packages and layers. In small steps, beside all other work; broken off anywhere, the next time goes on.
 */
import { setImmediate } from 'node:timers/promises';
import {
  removeOrphanFacts,
  removeOrphanLayers,
  removeOrphanManifests,
  removeOrphanPackages,
  removeOrphanSets,
} from '#store/orphan.ts';
import { removeOldChanges, removeOldRows } from '#store/retention.ts';
import type { ContentContext } from './content-context.ts';

/** How long histories are kept, in days. */
export interface Retention {
  /** Events, deliveries of webhooks, answers to bulk calls. */
  readonly eventDays: number;
  /** What each re-match changed of findings and images. */
  readonly changeDays: number;
  readonly auditDays: number;
}

/** Rows that went, by what they were; zero is left out. */
export type CollectedContent = Readonly<Record<string, number>>;

const DAY_MS = 24 * 60 * 60 * 1000;
const BATCH = 1000;
/** What is younger may belong to a listing, a push or a scan that is under way. */
const GRACE_MS = DAY_MS;
/** An older server may still go by facts that a newer one has read again. */
const FACTS_GRACE_MS = 7 * DAY_MS;
/** For which answers are given again. */
const ANSWER_MS = DAY_MS;

/** Collects once. */
export async function collectContent(
  { store: { db }, now }: Pick<ContentContext, 'store' | 'now'>,
  { eventDays, changeDays, auditDays }: Retention,
  { signal }: { readonly signal: AbortSignal },
): Promise<CollectedContent> {
  const at = now().getTime();
  const older = (ms: number) => ({ before: new Date(at - ms), limit: BATCH });
  const steps: readonly (readonly [string, () => Promise<number>])[] = [
    ['events', () => removeOldRows(db, 'event', older(eventDays * DAY_MS))],
    ['deliveries', () => removeOldRows(db, 'webhook_delivery', older(eventDays * DAY_MS))],
    ['bulkActions', () => removeOldRows(db, 'bulk_action', older(eventDays * DAY_MS))],
    ['auditEntries', () => removeOldRows(db, 'audit_entry', older(auditDays * DAY_MS))],
    ['answers', () => removeOldRows(db, 'idempotent_answer', older(ANSWER_MS))],
    ['findingChanges', () => removeOldChanges(db, 'finding_change', older(changeDays * DAY_MS))],
    ['imageChanges', () => removeOldChanges(db, 'image_change', older(changeDays * DAY_MS))],
    // From the outside in: an index keeps its children, a manifest its sets and layers, a set its packages.
    ['manifests', () => removeOrphanManifests(db, older(GRACE_MS))],
    ['packageSets', () => removeOrphanSets(db, BATCH)],
    ['packages', () => removeOrphanPackages(db, BATCH)],
    ['layers', () => removeOrphanLayers(db, BATCH)],
    ['layerFacts', () => removeOrphanFacts(db, older(FACTS_GRACE_MS))],
  ];
  const collected: Record<string, number> = {};
  for (const [name, step] of steps) {
    for (;;) {
      signal.throwIfAborted();
      const count = await step();
      if (count === 0) break;
      collected[name] = (collected[name] ?? 0) + count;
      // On the embedded database nobody is answered while a statement runs.
      await setImmediate();
    }
  }
  return collected;
}
