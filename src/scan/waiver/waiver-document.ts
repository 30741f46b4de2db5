/**
 * The waivers of a namespace as a file for `plimsoll scan --ignore-file`, so that a pipeline accepts what the server does.
 *
 * A file knows no scopes: only waivers that hold for all of what it is asked for are in it, or a pipeline would accept more than anybody has.
 */
import { PlimsollError } from '#base/errors.ts';
import { writeWaivers } from '#matching/waiver/write-waivers.ts';
import type { ServerContext } from '#store/context.ts';
import { listWaivers, type StoredWaiver, type WaiverScope } from '#store/waiver.ts';
import { MAX_ACTIVE_WAIVERS } from './manage-waiver.ts';

/** As much as the reader takes. */
const MAX_BYTES = 1024 * 1024;

/** For which images a file is. */
export interface DocumentWish {
  readonly namespaceId: string;
  readonly registryId?: string | undefined;
  /** Full name of a repository in that registry. */
  readonly repository?: string | undefined;
  readonly digest?: string | undefined;
}

/** The text of the file. @throws {PlimsollError} `LIMIT_EXCEEDED` when the scanner could not read it. */
export async function waiverDocument(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  wish: DocumentWish,
): Promise<string> {
  const filter = { namespaceIds: [wish.namespaceId], state: 'active' } as const;
  // More than may be made hold at no time but where several were made at the same moment.
  const active = await listWaivers(store.db, filter, { now: now(), limit: 2 * MAX_ACTIVE_WAIVERS });
  const fitting = active.filter(({ scope }) => holdsFor(scope, wish)).toSorted(compareForReading);
  const text = writeWaivers(
    fitting.map(({ vulnerability, package: name, reason, expiresOn }) => ({
      id: vulnerability,
      ...(name === undefined ? {} : { package: name }),
      reason,
      ...(expiresOn === undefined ? {} : { expires: expiresOn }),
    })),
    [`Waivers that hold on ${now().toISOString()} for ${describe(wish)}`],
  );
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  throw new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot write the waivers to a file: it would be over ${MAX_BYTES} bytes; end some of them`,
  );
}

function holdsFor(scope: WaiverScope, { registryId, repository, digest }: DocumentWish): boolean {
  switch (scope.kind) {
    case 'namespace':
      return true;
    case 'registry':
      return scope.registryId === registryId;
    case 'repository':
      return scope.registryId === registryId && scope.repository === repository;
    case 'image':
      return scope.digest === digest;
    default:
      return scope satisfies never;
  }
}

/** As people look for them; a file that did not change stays the same. */
function compareForReading(a: StoredWaiver, b: StoredWaiver): number {
  const keyOf = ({ vulnerability, package: name = '', createdAt, id }: StoredWaiver) => [
    vulnerability,
    name,
    createdAt,
    id,
  ];
  const [left, right] = [keyOf(a), keyOf(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

function describe({ namespaceId, registryId, repository, digest }: DocumentWish): string {
  const parts = { registry: registryId, repository, image: digest };
  const more = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return [`namespace ${namespaceId}`, ...more].join(', ');
}
