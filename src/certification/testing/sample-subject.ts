/** A subject that passes every check, for tests to spoil in one point. */
import type { Inventory } from '#inventory/inventory.ts';
import type { FileFacts } from '../file-facts.ts';
import type { RpmChange } from '../rpm-changes.ts';
import { DEFAULT_SETTINGS } from '../settings.ts';
import type { CertificationSubject, ConfigFacts } from '../subject.ts';

const CONFIG: ConfigFacts = {
  user: '1001',
  labels: {
    name: 'app',
    vendor: 'Acme',
    version: '1.0',
    release: '1',
    summary: 'An app',
    description: 'An app that does things',
    maintainer: 'Acme <it@acme.example>',
  },
  diffIds: ['base', 'own'],
  created: '2025-01-01T00:00:00Z',
};

const FILES: FileFacts = {
  licenses: {
    kind: 'folder',
    path: 'licenses',
    files: [{ path: 'licenses/LICENSE', sizeBytes: 100, isEmpty: false }],
    fileCount: 1,
    filledCount: 1,
  },
  rpmDatabases: ['var/lib/rpm/rpmdb.sqlite'],
  platformId: 'platform:el9',
  hasOsRelease: true,
  changes: { changes: [], isComplete: true, removedFolders: [], reinstalledCount: 0 },
  unread: [],
  gaps: [],
};

const INVENTORY: Inventory = {
  image: { reference: 'registry.example/acme/app:1.0', layers: [] },
  packages: [],
  gaps: [],
};

/** What a test may change; parts are laid over those of the sample. */
export interface SubjectChanges
  extends Partial<Omit<CertificationSubject, 'config' | 'files' | 'inventory' | 'settings'>> {
  readonly config?: Partial<ConfigFacts>;
  readonly files?: Partial<FileFacts>;
  readonly inventory?: Partial<Inventory>;
  readonly settings?: Partial<CertificationSubject['settings']>;
}

/** The sample with changes. */
export function sampleSubject({
  config,
  files,
  inventory,
  settings,
  ...rest
}: SubjectChanges = {}): CertificationSubject {
  return {
    name: { text: 'registry.example/acme/app:1.0', repository: 'acme/app', tag: '1.0' },
    tags: { kind: 'named', pointsHere: true },
    layerCount: 2,
    bases: [{ name: 'ubi9', layers: ['base'], isApproved: true }],
    ...rest,
    config: { ...CONFIG, ...config },
    files: { ...FILES, ...files },
    inventory: { ...INVENTORY, ...inventory },
    settings: { ...DEFAULT_SETTINGS, ...settings },
  };
}

/** A change of a file of Red Hat's bash in the second layer. */
export function sampleChange(change: Partial<RpmChange> = {}): RpmChange {
  const owner = { name: 'bash', version: '5.1.8-6.el9', arch: 'x86_64', vendor: 'Red Hat, Inc.' };
  return { path: 'usr/bin/bash', kind: 'written', layer: 2, owner, before: owner, isHardened: false, ...change };
}
