/** Events that webhooks can be told of, in words. */
import type { EventKind } from '../api/model.ts';
import { STALE_AFTER } from '../live/event-kinds.ts';

/** Where the name of the kind reads badly. */
const TITLES: Readonly<Partial<Record<EventKind, string>>> = {
  'findings.new': 'New findings',
  'run.skipped': 'Due time skipped',
  'rematch.completed': 'Findings renewed',
};

/** `image.scanned` is "Image scanned". */
export function kindTitle(kind: EventKind): string {
  const words = kind.replace('.', ' ');
  return TITLES[kind] ?? `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** Every kind, findings first: they are what most people want to hear of. */
export const WEBHOOK_KINDS: readonly (readonly [EventKind, string])[] = (Object.keys(STALE_AFTER) as EventKind[])
  .sort((a, b) => Number(b.startsWith('findings')) - Number(a.startsWith('findings')))
  .map(kind => [kind, kindTitle(kind)]);
