/** HasModifiedFiles: what came from rpm packages is as they brought it. */
import { countOf } from '#base/count-of.ts';
import { type Check, type CheckFact, type CheckVerdict, firstFacts } from '../check.ts';
import type { ChangedOwner, RpmChange } from '../rpm-changes.ts';

export const hasModifiedFiles: Check = {
  name: 'HasModifiedFiles',
  level: 'best',
  description: 'No layer changes or deletes files of installed packages of the base without rpm',
  why: 'What a package brought is no longer what its vendor built, tested and fixes; rpm and every scanner go on saying that it is',
  fix: 'Leave files of packages alone: install, update or remove packages with dnf, and put your own versions elsewhere, such as /opt or /usr/local',
  judge({ files, settings: { protectedVendors } }) {
    const { changes, hasOsRelease, platformId, rpmDatabases, unread } = files;
    const [gap] = unread;
    if (rpmDatabases.length === 0) {
      return {
        outcome: 'error',
        summary: 'The image has no rpm database, so nothing says which files belong to packages',
        found: [],
        fix: 'An image that is not built from packages of rpm needs another policy: scratch for one without a distribution, general for other distributions',
      };
    }
    if (!hasOsRelease)
      return { outcome: 'error', summary: 'No os-release file says which distribution this is', found: [] };
    const dist = platformId?.startsWith('platform:') ? platformId.slice('platform:'.length) : undefined;
    const judged = changes.changes.map(change => ({ change, fault: faultOf(change, dist, protectedVendors) }));
    const faults = judged.filter(({ fault }) => fault !== undefined);
    if (faults.length > 0) {
      const facts = faults.map(
        ({ change, fault = '' }): CheckFact => ({
          kind: 'file',
          subject: `/${change.path}`,
          detail: fault,
          layer: change.layer,
        }),
      );
      const names = [...new Set(faults.map(({ change }) => change.owner.name))];
      return {
        outcome: 'failed',
        summary: `${countOf(faults.length, 'file')} of ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more packages` : ''} changed without rpm`,
        found: firstFacts(facts),
        ...differencesOf(
          faults.map(({ change }) => change),
          rpmDatabases,
        ),
      };
    }
    if (gap !== undefined) return { outcome: 'error', summary: `Not everything was seen: ${gap}`, found: [] };
    if (!changes.isComplete) {
      return {
        outcome: 'error',
        summary: `More than ${changes.changes.length} files of packages were changed, too many to judge each`,
        found: [],
      };
    }
    return passed(judged.length, files.changes);
  },
};

function passed(
  allowed: number,
  {
    removedFolders,
  }: {
    readonly removedFolders: readonly { readonly path: string; readonly layer: number; readonly fileCount: number }[];
  },
): CheckVerdict {
  const notes = removedFolders.map(
    ({ path, layer, fileCount }): CheckFact => ({
      kind: 'file',
      subject: `/${path}`,
      detail: `folder deleted, with ${countOf(fileCount, 'file')} of packages; not counted as a change`,
      layer,
    }),
  );
  const summary =
    allowed === 0
      ? 'No file of a package was changed'
      : `${countOf(allowed, 'file')} of packages changed, in ways that are allowed`;
  return { outcome: 'passed', summary, found: firstFacts(notes) };
}

/** What is wrong with a change, as a phrase; `undefined` when it is allowed. */
function faultOf(change: RpmChange, dist: string | undefined, vendors: readonly string[]): string | undefined {
  const { kind, owner, before } = change;
  const isOf = (one: ChangedOwner) => dist !== undefined && releaseOf(one).includes(dist);
  if (kind === 'updated') {
    if (isOf(before) && !isOf(owner)) return `${text(before)} replaced by ${text(owner)}, which is not of ${dist}`;
    const isOtherArch = owner.arch !== before.arch && owner.arch !== 'noarch' && before.arch !== 'noarch';
    return isOtherArch ? `${text(before)} replaced by ${text(owner)}, of another architecture` : undefined;
  }
  if (change.isHardened) return undefined;
  if (dist !== undefined && !isOf(owner)) return undefined;
  if (!isProtected(owner, vendors) && !isProtected(before, vendors)) return undefined;
  return `${kind === 'removed' ? 'deleted' : 'changed'}; it belongs to ${text(owner)}`;
}

function differencesOf(changes: readonly RpmChange[], databases: readonly string[]): { differsFromPreflight?: string } {
  const isSeen = databases.some(path => path.startsWith('var/lib/rpm/'));
  return isSeen || changes.length === 0
    ? {}
    : {
        differsFromPreflight:
          'Preflight looks for the database of each layer in /var/lib/rpm alone; this image keeps it elsewhere, so preflight sees no packages and passes it',
      };
}

function isProtected({ vendor }: ChangedOwner, vendors: readonly string[]): boolean {
  return vendor !== undefined && vendors.includes(vendor);
}

function releaseOf({ version }: ChangedOwner): string {
  return version.slice(version.lastIndexOf('-') + 1);
}

function text({ name, version, arch }: ChangedOwner): string {
  return `${name}-${version}${arch === undefined ? '' : `.${arch}`}`;
}
