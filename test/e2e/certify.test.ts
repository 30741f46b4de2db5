/**
 * `plimsoll certify` from end to end: images made here, in layouts and in a registry, and a small database of advisories.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { makeRpmDatabase } from '../../src/inventory/rpm/testdata/make-rpms.ts';
import {
  type BuiltLayer,
  type EntrySpec,
  makeImage,
  makeIndex,
  makeLayer,
  writeOciLayout,
} from '../fixtures/image-builder.ts';
import { startRegistryServer } from '../fixtures/registry-server.ts';
import { importScanFeeds } from '../fixtures/scan-feeds.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const LABELS = {
  name: 'app',
  vendor: 'Acme',
  version: '1.0',
  release: '1',
  summary: 'An app',
  description: 'An app',
  maintainer: 'Acme',
};
const BASH = { name: 'bash', files: ['/usr/bin/bash'] };
const UBI: readonly EntrySpec[] = [
  { path: 'etc/os-release', content: 'ID=rhel\nVERSION_ID=9.6\nPLATFORM_ID="platform:el9"\n' },
  { path: 'usr/lib/sysimage/rpm/rpmdb.sqlite', content: makeRpmDatabase([BASH]) },
  { path: 'usr/bin/bash', content: 'bash' },
];
const OWN: readonly EntrySpec[] = [
  { path: 'licenses/LICENSE', content: 'MIT' },
  { path: 'opt/app', content: 'app' },
];

const image = (layers: readonly BuiltLayer[], config: object = {}, platform = 'linux/amd64') =>
  makeImage(layers, {
    platform,
    config: { created: '2025-01-01T00:00:00Z', config: { User: '1001', Labels: LABELS, ...config } },
  });

let folder: ScratchFolder;
let ubi: BuiltLayer;
let own: BuiltLayer;

beforeAll(async () => {
  folder = await scratchFolder();
  [ubi, own] = await Promise.all([makeLayer(UBI), makeLayer(OWN)]);
  const bad = await makeLayer([{ path: 'usr/bin/bash', content: 'mine' }]);
  const layout = (name: string, content: Parameters<typeof writeOciLayout>[1][number]['content']) =>
    writeOciLayout(folder.at(name), [{ content, name: '1.0' }]);
  await layout('ubi', makeIndex([image([ubi]), image([ubi], {}, 'linux/arm64')]));
  await layout('good', image([ubi, own]));
  await layout('bad', image([ubi, bad], { User: '0:0' }));
  await layout('scratch', image([own]));
  const several = ['linux/amd64', 'linux/s390x', 'linux/riscv64'].map(platform => image([own], {}, platform));
  await layout('several', makeIndex(several));
  await layout('odd', image([own], {}, 'linux/riscv64'));
});
afterAll(() => folder[Symbol.asyncDispose]());

const at = (name: string) => `oci:${folder.at(name)}:1.0`;
const certify = (args: readonly string[]) => runHere(['certify', ...args]);
const NO_GATE = ['--gate', 'none', '--quiet'];

interface CertificateJson {
  readonly policy: string;
  readonly passed: boolean;
  readonly image: { readonly platform: string };
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly summary: string;
    readonly found: readonly object[];
  }[];
  readonly gate: { readonly outcome: string; readonly breaches: readonly { readonly id: string }[] } | null;
  readonly grade: { readonly grade: string } | null;
  readonly objections: readonly string[];
}

async function certificate(args: readonly string[]): Promise<CertificateJson & { readonly status: number }> {
  const { status, stdout, stderr } = await certify([...args, '--format', 'json', '--quiet']);
  expect(stderr).toBe('');
  return { ...JSON.parse(stdout), status };
}

const outcomes = ({ checks }: CertificateJson, outcome: string) =>
  checks.filter(one => one.outcome === outcome).map(({ name }) => name);

describe('checks', () => {
  test('an image on an approved base passes, whatever approves it', async () => {
    const catalogue = folder.at('bases.json');
    await writeFile(catalogue, JSON.stringify({ bases: [{ name: 'ubi9', layers: [ubi.diffId] }] }));
    for (const base of [at('ubi'), catalogue]) {
      const result = await certificate([at('good'), '--base', base, '--gate', 'none']);
      expect([result.status, result.policy, result.passed]).toEqual([0, 'container', true]);
      expect(outcomes(result, 'failed')).toEqual([]);
    }
  });

  test('an image with faults does not, and each says where it is', async () => {
    const result = await certificate([
      at('bad'),
      '--base',
      at('ubi'),
      '--gate',
      'none',
      '--name',
      'quay.io/acme/redhat-app:latest',
    ]);
    expect([result.status, result.passed]).toEqual([1, false]);
    expect(outcomes(result, 'failed')).toEqual([
      'HasLicense',
      'RunAsNonRoot',
      'HasModifiedFiles',
      'HasProhibitedContainerName',
    ]);
    expect(result.checks.find(({ name }) => name === 'HasModifiedFiles')?.found).toEqual([
      { kind: 'file', subject: '/usr/bin/bash', detail: 'changed; it belongs to bash-1.0-1.el9.x86_64', layer: 2 },
    ]);
  });

  test('without a base to compare with it is not judged, and that blocks', async () => {
    const result = await certificate([at('good'), '--gate', 'none']);
    expect([result.status, outcomes(result, 'error')]).toEqual([1, ['BasedOnUbi']]);
  });

  test('an image without a distribution needs neither packages nor a base', async () => {
    const result = await certificate([at('scratch'), '--gate', 'none']);
    expect([result.status, result.policy, result.checks.length]).toEqual([0, 'scratch-nonroot', 7]);
  });

  test('root is fine where it was granted', async () => {
    expect(outcomes(await certificate([at('bad'), ...NO_GATE]), 'failed')).toContain('RunAsNonRoot');
    expect(outcomes(await certificate([at('bad'), '--policy', 'root', ...NO_GATE]), 'failed')).not.toContain(
      'RunAsNonRoot',
    );
  });

  test('a root folder is judged by what a folder can have', async () => {
    const result = await certificate([`dir:${join(folder.at('good'), 'blobs')}`, '--gate', 'none']);
    expect(outcomes(result, 'not-applicable')).toContain('RunAsNonRoot');
    expect(outcomes(result, 'failed')).toEqual(['HasLicense']);
  });
});

describe('platforms', () => {
  test('every certified platform of an index is judged by itself', async () => {
    const { status, stdout } = await certify([at('several'), '--format', 'json', ...NO_GATE]);
    const documents: CertificateJson[] = JSON.parse(stdout);
    expect([status, documents.map(one => one.image.platform)]).toEqual([0, ['linux/amd64', 'linux/s390x']]);
  });

  test('the general policy takes all, --platform one', async () => {
    const general = await certify([at('several'), '--policy', 'general', '--format', 'json', ...NO_GATE]);
    expect(JSON.parse(general.stdout)).toHaveLength(3);
    const one = await certificate([at('several'), '--platform', 'linux/s390x', '--gate', 'none']);
    expect(one.image.platform).toBe('linux/s390x');
  });

  test('an image for other machines alone is refused with their names', async () => {
    const { status, stderr } = await certify([at('odd'), ...NO_GATE]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('it is for linux/riscv64, and amd64, arm64, ppc64le, s390x are certified'),
    ]);
  });
});

describe('weaknesses', () => {
  let database: string;
  const LEFT_PAD = {
    path: 'srv/app/node_modules/left-pad/package.json',
    content: '{"name":"left-pad","version":"1.3.0"}',
  };

  beforeAll(async () => {
    database = await importScanFeeds(folder.path);
    const alpine = await makeLayer([
      { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n' },
      { path: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r1\nA:x86_64\no:musl\n\n' },
    ]);
    await writeOciLayout(folder.at('pad'), [
      { content: image([alpine, await makeLayer([...OWN, LEFT_PAD])]), name: '1.0' },
    ]);
  });

  test('a fix that is out and not in the image breaks the gate', async () => {
    const result = await certificate([at('pad'), '--db', database]);
    expect([result.status, result.gate?.outcome, result.gate?.breaches.map(({ id }) => id)]).toEqual([
      1,
      'failed',
      ['CVE-2024-1001'],
    ]);
    expect(outcomes(result, 'failed')).toEqual([]);
    // Packages of languages are not graded, unless asked for.
    expect(result.grade?.grade).toBe('A');
  });

  test('a waiver lets it pass', async () => {
    const waivers = folder.at('waivers.yaml');
    await writeFile(waivers, 'waivers:\n  - id: CVE-2024-1001\n    reason: not used\n');
    const result = await certificate([at('pad'), '--db', database, '--ignore-file', waivers]);
    expect([result.status, result.gate?.outcome]).toEqual([0, 'passed']);
  });

  test('a grade may be asked for, and further conditions', async () => {
    const args = [at('pad'), '--db', database, '--gate', 'none', '--grade-scope', 'everything'];
    const result = await certificate([...args, '--min-grade', 'B', '--fail-on', 'kev']);
    expect([result.status, result.gate]).toEqual([1, null]);
    expect(result.objections).toEqual([
      'It does not meet "kev": CVE-2024-1001 in left-pad',
      expect.stringMatching(/^Its health grade is (?:unknown|F), and B or better was asked for$/),
    ]);
  });

  test('without a database there is no gate to pass, and a sentence says so', async () => {
    const { status, stderr } = await certify([at('pad'), '--db', folder.at('nowhere.db')]);
    expect([status, stderr]).toEqual([4, expect.stringContaining('DATABASE_UNKNOWN')]);
  });
});

describe('tags in a registry', () => {
  async function judged(tags: readonly string[], reference: (host: string, digest: string) => string) {
    await using server = await startRegistryServer();
    const content = image([own]);
    for (const tag of tags) server.hold('acme/app', tag, tag.startsWith('old') ? image([own, own]) : content);
    const args = [
      reference(server.host, content.digest),
      '--tls-verify',
      'false',
      '--gate',
      'none',
      '--policy',
      'scratch',
    ];
    const { checks } = await certificate(args);
    const check = checks.find(({ name }) => name === 'HasUniqueTag');
    return { outcome: check?.outcome, summary: check?.summary, lists: server.count(/tags\/list/) };
  }

  test('a tag of its own is enough, and no list is asked for', async () => {
    expect(await judged(['1.0'], host => `${host}/acme/app:1.0`)).toMatchObject({ outcome: 'passed', lists: 0 });
  });

  test('latest passes when another tag points at the same image', async () => {
    const result = await judged(['latest', 'old-1', '1.0'], host => `${host}/acme/app`);
    expect(result).toMatchObject({ outcome: 'passed', summary: 'It has the tag "1.0"' });
  });

  test('latest fails when other tags are of other images', async () => {
    expect(await judged(['latest', 'old-1'], host => `${host}/acme/app`)).toMatchObject({ outcome: 'failed' });
    expect(await judged(['latest'], host => `${host}/acme/app`)).toMatchObject({ outcome: 'failed' });
  });

  test('a digest is looked up among the tags', async () => {
    expect(await judged(['1.0'], (host, digest) => `${host}/acme/app@${digest}`)).toMatchObject({ outcome: 'passed' });
  });

  test('a tag beside a digest must point at it', async () => {
    const both = (tag: string) => (host: string, digest: string) => `${host}/acme/app:${tag}@${digest}`;
    expect(await judged(['1.0', 'old-1'], both('1.0'))).toMatchObject({ outcome: 'passed' });
    expect(await judged(['1.0', 'old-1'], both('old-1'))).toMatchObject({ outcome: 'failed', lists: 0 });
    expect(await judged(['1.0'], both('2.0'))).toMatchObject({ outcome: 'failed' });
  });
});

test.each(['table', 'json', 'junit', 'sarif', 'preflight'])(
  '%s is the same bytes again, and goes to files',
  async format => {
    const first = await certify([at('bad'), '--format', format, ...NO_GATE]);
    const second = await certify([at('bad'), '--format', format, ...NO_GATE, '--cache', folder.at('cache')]);
    expect(second).toEqual(first);
    expect(first.stdout).toContain('HasModifiedFiles');
    expect((await certify([at('bad'), '--format', format, '-o', folder.at(`out-${format}`), ...NO_GATE])).stdout).toBe(
      '',
    );
  },
);

test.each([
  { args: ['--policy', 'none'], says: "'none' is invalid", why: 'no such policy' },
  { args: ['--gate', 'hihg'], says: 'Cannot use the gate', why: 'no severity' },
  { args: ['--name', 'oci:x', '--gate', 'none'], says: 'no name in a registry', why: 'nothing can be published there' },
  { args: ['--min-grade', 'G'], says: "'G' is invalid", why: 'no such grade' },
])('$args is wrong usage: $why', async ({ args, says }) => {
  const { status, stderr } = await certify([at('good'), ...args]);
  expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
});

describe.skipIf(!hasSharedData)('real images of shared data', () => {
  const archive = (name: string) => `oci-archive:${join(SHARED_DATA, 'images', name)}`;

  test('AlmaLinux is of rpm and in its own database; nothing in it was changed (shared data)', async () => {
    const result = await certificate([archive('almalinux-9.1-micro-20230222-arm64.oci.tar'), '--gate', 'none']);
    expect([result.policy, outcomes(result, 'failed')]).toEqual([
      'container',
      ['HasLicense', 'HasRequiredLabel', 'RunAsNonRoot'],
    ]);
    expect(result.checks.find(({ name }) => name === 'HasModifiedFiles')?.outcome).toBe('passed');
  });

  test('of Alpine’s platforms those are judged that are certified (shared data)', async () => {
    const { stdout } = await certify([archive('alpine-3.9.6-multiarch.oci.tar'), '--format', 'json', ...NO_GATE]);
    const documents: CertificateJson[] = JSON.parse(stdout);
    expect(documents.map(({ policy, image: { platform } }) => `${policy} ${platform}`)).toEqual([
      'general linux/amd64',
      'general linux/arm64',
      'general linux/s390x',
    ]);
  });
});

async function runHere(args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async stream => Buffer.concat(await stream.toArray()).toString('utf8'));
  const status = await runCli(args, {
    env: {},
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0',
    now: () => new Date('2026-11-21T00:00:00Z'),
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { status, stdout: out, stderr: err };
}
