import { describe, expect, test } from 'vitest';
import { CHECK_NAMES, type CheckName, MAX_FACTS } from './check.ts';
import { guessPolicy, POLICIES, POLICY_NAMES, selectPolicy } from './policies.ts';
import { CHECKS, isPassed, runChecks } from './run-checks.ts';
import { type SubjectChanges, sampleChange, sampleSubject } from './testing/sample-subject.ts';
import { tellUnknowns } from './unknowns.ts';

const LABELS = sampleSubject().config?.labels ?? {};
const folder = (files: readonly { path: string; sizeBytes?: number; isEmpty: boolean }[]): SubjectChanges => ({
  files: {
    licenses: {
      kind: 'folder',
      path: 'licenses',
      files,
      fileCount: files.length,
      filledCount: files.filter(file => !file.isEmpty).length,
    },
  },
});
const labels = (changes: Readonly<Record<string, string>>): SubjectChanges => ({
  config: { labels: { ...LABELS, ...changes } },
});
const changed = (...changes: Parameters<typeof sampleChange>[0][]): SubjectChanges => ({
  files: { changes: { changes: changes.map(sampleChange), isComplete: true, removedFolders: [], reinstalledCount: 0 } },
});
const rpm = (name: string) =>
  ({ type: 'rpm', name, version: '1-1.el9', purl: `pkg:rpm/redhat/${name}@1-1.el9`, locations: [] }) as const;
const other = { vendor: 'EPEL', name: 'tool', version: '1-1.el9', arch: 'x86_64' };

interface Row {
  readonly check: CheckName;
  readonly given: SubjectChanges;
  readonly outcome: string;
  /** Part of the summary or of a fact. */
  readonly says?: string;
  readonly differs?: boolean;
  readonly why: string;
}

const rows: readonly Row[] = [
  {
    check: 'HasLicense',
    given: {},
    outcome: 'passed',
    says: '/licenses/LICENSE: 100 bytes',
    why: 'a file with something in it',
  },
  {
    check: 'HasLicense',
    given: { files: { licenses: { kind: 'missing' } } },
    outcome: 'failed',
    says: 'There is no folder',
    why: 'a missing folder is a failure, not an error',
  },
  {
    check: 'HasLicense',
    given: { files: { licenses: { kind: 'not-a-folder' } } },
    outcome: 'failed',
    says: 'is no folder',
    why: 'a file of that name is no folder',
  },
  {
    check: 'HasLicense',
    given: folder([]),
    outcome: 'failed',
    says: 'holds no file',
    why: 'an empty folder says nothing',
  },
  {
    check: 'HasLicense',
    given: folder([{ path: 'licenses/a', sizeBytes: 0, isEmpty: true }]),
    outcome: 'failed',
    says: 'all of them empty',
    why: 'neither do empty files',
  },
  {
    check: 'HasLicense',
    given: folder([
      { path: 'licenses/a', sizeBytes: 0, isEmpty: true },
      { path: 'licenses/b', isEmpty: false },
    ]),
    outcome: 'passed',
    says: '2 files',
    why: 'one is enough',
  },
  {
    check: 'HasLicense',
    given: { files: { licenses: { kind: 'elsewhere', path: 'opt/legal' } } },
    outcome: 'error',
    says: 'opt/legal',
    differs: true,
    why: 'unknown is not fine',
  },
  {
    check: 'HasLicense',
    given: { files: { licenses: { kind: 'missing' }, unread: ['Layer 2: broken'] } },
    outcome: 'error',
    says: 'broken',
    why: 'it may be in what could not be read',
  },

  { check: 'HasUniqueTag', given: {}, outcome: 'passed', says: '"1.0"', why: 'a tag of its own' },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'named', pointsHere: false } },
    outcome: 'failed',
    says: 'another image',
    differs: true,
    why: 'the tag was moved',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'looked-for', pointingHere: ['1.1'], otherCount: 3, isComplete: false } },
    outcome: 'passed',
    says: '"1.1"',
    why: 'latest has another name',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'looked-for', pointingHere: [], otherCount: 3, isComplete: true } },
    outcome: 'failed',
    says: '3 other tags',
    differs: true,
    why: 'other tags are of other images',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'looked-for', pointingHere: [], otherCount: 300, isComplete: false } },
    outcome: 'error',
    says: 'too many',
    differs: true,
    why: 'not all were looked at',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'looked-for', pointingHere: [], otherCount: 0, isComplete: true } },
    outcome: 'failed',
    says: 'no tag other than latest',
    why: 'there is but latest',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'unknown', why: 'the registry said 403' } },
    outcome: 'error',
    says: '403',
    why: 'the registry does not say',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'no-registry' } },
    outcome: 'passed',
    says: '"1.0"',
    why: 'the archive names it',
  },
  {
    check: 'HasUniqueTag',
    given: { tags: { kind: 'no-registry' }, name: { text: 'oci:app', tag: 'Latest' } },
    outcome: 'not-applicable',
    why: 'latest in any case',
  },

  {
    check: 'LayerCountAcceptable',
    given: { layerCount: 40 },
    outcome: 'passed',
    says: '40 layers',
    why: '40 itself passes',
  },
  {
    check: 'LayerCountAcceptable',
    given: { layerCount: 41 },
    outcome: 'failed',
    says: '1 too many',
    why: 'one more does not',
  },
  {
    check: 'LayerCountAcceptable',
    given: { layerCount: 41, settings: { maxLayers: 50 } },
    outcome: 'passed',
    why: 'the limit is a setting',
  },

  {
    check: 'HasNoProhibitedPackages',
    given: { inventory: { packages: [rpm('kernel-headers'), rpm('bash')] } },
    outcome: 'passed',
    why: 'headers are allowed',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { inventory: { packages: [rpm('kernel')] } },
    outcome: 'failed',
    says: 'kernel 1-1.el9',
    why: 'a kernel',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { inventory: { packages: [rpm('kpatch-patch-5_14')] } },
    outcome: 'failed',
    says: 'kpatch-patch',
    why: 'by the beginning of its name',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { inventory: { packages: [{ ...rpm('kernel'), root: 'mnt/guest' }] } },
    outcome: 'passed',
    why: 'a nested root file system is not the image',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { files: { rpmDatabases: [] } },
    outcome: 'error',
    says: 'no rpm database',
    why: 'nothing to judge by',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { files: { rpmDatabases: [], unread: ['Layer 1, /var/lib/rpm/Packages: damaged'] } },
    outcome: 'error',
    says: 'could not be read',
    why: 'a damaged one',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { files: { unread: ['Layer 2: broken'] } },
    outcome: 'error',
    says: 'not everything',
    why: 'a kernel may be in what was not read',
  },
  {
    check: 'HasNoProhibitedPackages',
    given: { files: { rpmDatabases: ['usr/lib/sysimage/rpm/Packages.db'] } },
    outcome: 'passed',
    differs: true,
    why: 'preflight knows no ndb',
  },

  { check: 'HasRequiredLabel', given: {}, outcome: 'passed', says: 'All 7', why: 'all are there' },
  {
    check: 'HasRequiredLabel',
    given: { config: { labels: { name: 'app' } } },
    outcome: 'failed',
    says: 'label vendor: missing',
    why: 'six are missing',
  },
  {
    check: 'HasRequiredLabel',
    given: labels({ release: '' }),
    outcome: 'failed',
    says: 'label release: empty',
    why: 'empty is missing',
  },
  {
    check: 'HasRequiredLabel',
    given: labels({ release: ' ' }),
    outcome: 'failed',
    says: 'only blanks',
    differs: true,
    why: 'preflight does not trim',
  },

  { check: 'HasNoProhibitedLabels', given: {}, outcome: 'passed', why: 'nobody else is named' },
  {
    check: 'HasNoProhibitedLabels',
    given: labels({ vendor: 'Red Hat, Inc.' }),
    outcome: 'failed',
    says: 'vendor',
    why: 'inherited from UBI',
  },
  {
    check: 'HasNoProhibitedLabels',
    given: labels({ description: 'Red Hat thing' }),
    outcome: 'passed',
    why: 'other labels may name it',
  },
  {
    check: 'HasNoProhibitedLabels',
    given: { config: { labels: {} } },
    outcome: 'passed',
    why: 'missing labels are another check’s matter',
  },
  {
    check: 'HasNoProhibitedLabels',
    given: labels({ name: 'shared-hat' }),
    outcome: 'passed',
    differs: true,
    why: 'preflight has no word boundaries',
  },
  {
    check: 'HasNoProhibitedLabels',
    given: { settings: { trademark: undefined } },
    outcome: 'not-applicable',
    why: 'no mark is set',
  },

  { check: 'RunAsNonRoot', given: {}, outcome: 'passed', says: '"1001"', why: 'a number' },
  { check: 'RunAsNonRoot', given: { config: { user: 'app:root' } }, outcome: 'passed', why: 'the group may be root' },
  {
    check: 'RunAsNonRoot',
    given: { config: { user: '' } },
    outcome: 'failed',
    says: 'No user is set',
    why: 'none is root',
  },
  { check: 'RunAsNonRoot', given: { config: { user: '0' } }, outcome: 'failed', why: 'zero' },
  { check: 'RunAsNonRoot', given: { config: { user: 'root' } }, outcome: 'failed', why: 'root' },
  {
    check: 'RunAsNonRoot',
    given: { config: { user: 'toor' }, files: { rootUsers: ['toor'] } },
    outcome: 'failed',
    says: '/etc/passwd says that this is root',
    differs: true,
    why: 'root by another name',
  },
  ...['0:0', 'root:root', '00', '0:1001', ':1001', ' 0'].map(
    user =>
      ({
        check: 'RunAsNonRoot',
        given: { config: { user } },
        outcome: 'failed',
        differs: true,
        why: `${user} is root for a runtime`,
      }) as const,
  ),

  { check: 'HasModifiedFiles', given: {}, outcome: 'passed', says: 'No file', why: 'nothing was changed' },
  {
    check: 'HasModifiedFiles',
    given: changed({}),
    outcome: 'failed',
    says: 'file /usr/bin/bash (2): changed; it belongs to bash-5.1.8-6.el9.x86_64',
    why: 'a file of Red Hat’s',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ kind: 'removed' }),
    outcome: 'failed',
    says: 'deleted',
    why: 'deleting is changing',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ isHardened: true }),
    outcome: 'passed',
    says: '1 file of packages changed',
    why: 'a setuid bit was taken away',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ owner: other, before: other }),
    outcome: 'passed',
    why: 'another vendor’s package',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ owner: { ...other, vendor: 'Red Hat, Inc.', version: '1-1.fc40' } }),
    outcome: 'passed',
    why: 'not of this distribution’s build',
  },
  {
    check: 'HasModifiedFiles',
    given: {
      files: {
        ...changed({ owner: { ...other, vendor: 'Red Hat, Inc.', version: '1-1.fc40' } }).files,
        platformId: '',
      },
    },
    outcome: 'failed',
    why: 'the distribution is not known',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ kind: 'updated', owner: { ...sampleChange().owner, version: '5.2-1.el9' } }),
    outcome: 'passed',
    why: 'an update',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ kind: 'updated', owner: { ...sampleChange().owner, version: '5.2-1.fc40' } }),
    outcome: 'failed',
    says: 'not of el9',
    why: 'replaced from elsewhere',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ kind: 'updated', owner: { ...sampleChange().owner, arch: 'aarch64' } }),
    outcome: 'failed',
    says: 'another architecture',
    why: 'of another machine',
  },
  {
    check: 'HasModifiedFiles',
    given: changed({ kind: 'updated', owner: { ...sampleChange().owner, arch: 'noarch' } }),
    outcome: 'passed',
    why: 'noarch is no other machine',
  },
  {
    check: 'HasModifiedFiles',
    given: { files: { ...changed({}).files, rpmDatabases: ['usr/lib/sysimage/rpm/rpmdb.sqlite'] } },
    outcome: 'failed',
    differs: true,
    why: 'preflight sees no packages there',
  },
  {
    check: 'HasModifiedFiles',
    given: { files: { rpmDatabases: [] } },
    outcome: 'error',
    says: 'no rpm database',
    why: 'nothing to judge by',
  },
  {
    check: 'HasModifiedFiles',
    given: { files: { hasOsRelease: false } },
    outcome: 'error',
    says: 'os-release',
    why: 'as preflight',
  },
  {
    check: 'HasModifiedFiles',
    given: { files: { unread: ['Layer 2: broken'] } },
    outcome: 'error',
    why: 'what was not read may change files',
  },
  {
    check: 'HasModifiedFiles',
    given: { files: { changes: { changes: [], isComplete: false, removedFolders: [], reinstalledCount: 0 } } },
    outcome: 'error',
    says: 'too many',
    why: 'more changes than are kept',
  },
  {
    check: 'HasModifiedFiles',
    given: {
      files: {
        changes: {
          changes: [],
          isComplete: true,
          removedFolders: [{ path: 'usr/share/locale', layer: 2, fileCount: 7 }],
          reinstalledCount: 0,
        },
      },
    },
    outcome: 'passed',
    says: '7 files of packages',
    why: 'a whole folder is told, and does not count',
  },

  { check: 'BasedOnUbi', given: {}, outcome: 'passed', says: 'It is ubi9 and 1 layer', why: 'its layers come first' },
  {
    check: 'BasedOnUbi',
    given: { bases: [] },
    outcome: 'error',
    says: 'No approved base images',
    differs: true,
    why: 'nothing to compare with',
  },
  {
    check: 'BasedOnUbi',
    given: { bases: [{ name: 'old', layers: ['base'], isApproved: false, note: 'past its end' }] },
    outcome: 'failed',
    says: 'past its end',
    why: 'not approved',
  },
  {
    check: 'BasedOnUbi',
    given: { bases: [{ name: 'ubi9', layers: ['base', 'second'], isApproved: true }] },
    outcome: 'failed',
    says: '1 of the 2 layers of ubi9',
    why: 'another version',
  },
  {
    check: 'BasedOnUbi',
    given: { config: { diffIds: ['own', 'base'] } },
    outcome: 'failed',
    differs: true,
    says: 'last layer',
    why: 'preflight takes it anywhere',
  },
  {
    check: 'BasedOnUbi',
    given: {
      config: { diffIds: ['own'] },
      layerCount: 1,
      inventory: { redHat: { repositories: [], image: 'ubi9/ubi' } },
    },
    outcome: 'failed',
    says: 'squashed',
    why: 'one layer that says what it was',
  },
  {
    check: 'BasedOnUbi',
    given: { config: { diffIds: ['own', 'two'] }, inventory: { redHat: { repositories: [], image: 'ubi9/ubi' } } },
    outcome: 'failed',
    says: 'or that version is not known',
    why: 'more layers',
  },
  {
    check: 'BasedOnUbi',
    given: { config: { diffIds: ['own'] } },
    outcome: 'failed',
    says: 'not those of any of 1 base image',
    why: 'nothing in common',
  },

  { check: 'HasProhibitedContainerName', given: {}, outcome: 'passed', why: 'a name of its own' },
  {
    check: 'HasProhibitedContainerName',
    given: { name: { text: 'x', repository: 'acme/redhat-agent' } },
    outcome: 'failed',
    says: 'redhat-agent',
    why: 'begins with the mark',
  },
  {
    check: 'HasProhibitedContainerName',
    given: { name: { text: 'x', repository: 'redhat/agent' } },
    outcome: 'passed',
    why: 'only the last part counts',
  },
  {
    check: 'HasProhibitedContainerName',
    given: { name: { text: 'x', repository: 'acme/shared-hat' } },
    outcome: 'passed',
    differs: true,
    why: 'preflight has no word boundaries',
  },
  {
    check: 'HasProhibitedContainerName',
    given: { name: { text: 'oci:app' } },
    outcome: 'not-applicable',
    why: 'it has no name',
  },
];

test.each(rows)('$check is $outcome: $why', ({ check, given, outcome, says, differs = false }) => {
  const verdict = CHECKS[check].judge(sampleSubject(given));
  expect(verdict.outcome).toBe(outcome);
  const facts = verdict.found.map(
    ({ kind, subject, detail, layer }) =>
      `${kind} ${subject}${layer === undefined ? '' : ` (${layer})`}: ${detail ?? ''}`,
  );
  if (says !== undefined) expect([verdict.summary, ...facts].join('\n')).toContain(says);
  expect(verdict.differsFromPreflight !== undefined).toBe(differs);
  expect(verdict.summary).not.toMatch(/[.\n]$/);
});

test('every check was tried in a way that passes and in one that does not', () => {
  for (const name of CHECK_NAMES) {
    const outcomes = new Set(rows.filter(({ check }) => check === name).map(({ outcome }) => outcome));
    expect([name, outcomes.has('passed'), outcomes.has('failed')]).toEqual([name, true, true]);
  }
});

test('a result lists some of many things, and counts all', () => {
  const many = Array.from({ length: 300 }, (_, at) => ({ path: `usr/bin/x${at}` }));
  const { summary, found } = CHECKS.HasModifiedFiles.judge(sampleSubject(changed(...many)));
  expect([found.length, summary]).toEqual([MAX_FACTS, '300 files of bash changed without rpm']);
});

describe('policies', () => {
  test.each(POLICY_NAMES)('an image without fault passes %s', policy => {
    const results = runChecks(sampleSubject(), policy);
    expect(results.map(({ name }) => name)).toEqual(POLICIES[policy]);
    expect(isPassed(results)).toBe(true);
  });

  test.each([
    { project: {}, policy: 'container', why: 'nothing is said' },
    { project: { type: 'container', isPrivileged: true }, policy: 'root', why: 'it may run as root' },
    { project: { type: 'scratch' }, policy: 'scratch-nonroot', why: 'by its type' },
    { project: { osContentType: 'Scratch Image' }, policy: 'scratch-nonroot', why: 'by its content' },
    { project: { osContentType: 'Scratch Image', isPrivileged: true }, policy: 'scratch-root', why: 'both' },
    { project: { type: 'operator bundle image', isPrivileged: true }, policy: undefined, why: 'no container' },
  ])('a project $project has the policy $policy: $why', ({ project, policy }) => {
    expect(selectPolicy(project)).toBe(policy);
  });

  test.each([
    { inventory: { packages: [rpm('bash')] }, policy: 'container', why: 'rpm' },
    { inventory: {}, policy: 'scratch-nonroot', why: 'nothing of a distribution' },
    {
      inventory: { distro: { id: 'debian', idLike: [], name: 'Debian 12' } },
      policy: 'general',
      why: 'another distribution',
    },
  ])('an image of $why is guessed to be for $policy', ({ inventory, policy }) => {
    expect(guessPolicy(sampleSubject({ inventory }).inventory).policy).toBe(policy);
  });

  test('the general policy asks for no rpm and no base where there is none, and judges both where there are', () => {
    const bare = runChecks(sampleSubject({ bases: [], files: { rpmDatabases: [] } }), 'general');
    const skipped = bare.filter(({ outcome }) => outcome === 'not-applicable').map(({ name }) => name);
    expect(skipped).toEqual(['HasNoProhibitedPackages', 'HasModifiedFiles', 'BasedOnUbi']);
    expect(isPassed(bare)).toBe(true);
    expect(isPassed(runChecks(sampleSubject(changed({})), 'general'))).toBe(false);
    // A database that could not be read is not none.
    expect(
      isPassed(runChecks(sampleSubject({ files: { rpmDatabases: [], unread: ['Layer 1: broken'] } }), 'general')),
    ).toBe(false);
  });
});

test('packages of the distribution that nobody can judge are not known; those of languages are another matter', () => {
  const about = (type: 'rpm' | 'npm') => ({
    why: `no advisories for ${type}`,
    ids: [],
    packages: [{ ...rpm('x'), type }],
  });
  expect(tellUnknowns({ gaps: [] }, [about('rpm'), about('npm')])).toEqual([
    '1 package cannot be judged: no advisories for rpm',
  ]);
  expect(
    tellUnknowns(
      {
        gaps: [
          { path: 'a.jar', reason: 'broken' },
          { layer: 'sha256:1', reason: 'broken' },
        ],
      },
      [],
    ),
  ).toHaveLength(1);
});
