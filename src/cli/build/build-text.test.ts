import { expect, test } from 'vitest';
import { type Build, isGood } from './build-answer.ts';
import { logText, renderBuild, renderBuilds } from './build-text.ts';
import { toBody } from './configuration-change.ts';
import { renderConfiguration, renderSource } from './configuration-text.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const queued: Build = {
  id: '0f5bd0a2-7f4f-4f0e-9d3c-6f6f5d5ac001',
  projectId: '64b7c1758357ec6208cd2c72',
  tag: '1.0-2',
  version: '1.0',
  state: 'queued',
  cause: 'base-image',
  causes: [{ kind: 'base-image', detail: 'quay.io/acme/base:1 is another image now' }],
  requestedBy: 'plimsoll',
  source: null,
  builder: null,
  repository: null,
  commit: null,
  digest: null,
  manifests: [],
  baseImages: [],
  failure: null,
  images: [],
  changes: null,
  notPublished: null,
  createdAt: '2026-05-06T07:08:09.000Z',
  startedAt: null,
  finishedAt: null,
};
const image = { id: '6b01d6a872d7761ab20ce723', digest: DIGEST, isCertified: true, grade: 'A', isPublished: true };
const succeeded: Build = {
  ...queued,
  state: 'succeeded',
  source: { url: 'https://git.example/acme/pilot.git', ref: 'main', dockerfile: 'Dockerfile' },
  repository: 'ospid-64b7c1758357ec6208cd2c72/pilot',
  commit: 'c'.repeat(40),
  digest: DIGEST,
  manifests: [{ platform: 'linux/amd64', digest: DIGEST }],
  images: [image],
  changes: {
    since: '1.0-1',
    packages: [
      { name: 'zlib', before: '1.3.1-r1', after: '1.3.1-r2' },
      { name: 'new', before: null, after: '1' },
      { name: 'old', before: '2', after: null },
    ],
    packageCount: 4,
    findingsGone: ['CVE-2024-2001'],
    findingsNew: ['CVE-2024-9001'],
  },
};
const failed: Build = {
  ...queued,
  state: 'failed',
  failure: {
    code: 'BUILD_FAILED',
    message: 'Line 3 of the Dockerfile failed, "RUN false": exit status 1',
    step: 'build',
    line: 3,
    tail: ['one', '\u001b[31mtwo'],
  },
};
const plain = { hasColors: false };

test('a build that succeeded says verdict, grade, what changed, and how to pull it', () => {
  expect(renderBuild(succeeded, { ...plain, host: 'plimsoll.example' })).toBe(`1.0-2  succeeded
  Build    0f5bd0a2-7f4f-4f0e-9d3c-6f6f5d5ac001
  Because  base-image: quay.io/acme/base:1 is another image now
  Source   https://git.example/acme/pilot.git, main
  Commit   cccccccccccccccccccccccccccccccccccccccc
  Image    plimsoll.example/ospid-64b7c1758357ec6208cd2c72/pilot:1.0-2
  Digest   ${DIGEST}
  Since    1.0-1
           zlib 1.3.1-r1 is 1.3.1-r2 now
           new 1 is new
           old 2 is gone
           and 1 package more
           gone: CVE-2024-2001
           NEW: CVE-2024-9001
  Pull     podman pull plimsoll.example/ospid-64b7c1758357ec6208cd2c72/pilot@${DIGEST}
  linux/amd64: certified, grade A, published; image 6b01d6a872d7761ab20ce723
`);
});

test('a build that failed says where, and what was said last, with nothing that steers a terminal', () => {
  expect(renderBuild(failed, plain)).toBe(`1.0-2  failed
  Build      0f5bd0a2-7f4f-4f0e-9d3c-6f6f5d5ac001
  Because    base-image: quay.io/acme/base:1 is another image now
  Failed     Line 3 of the Dockerfile failed, "RUN false": exit status 1
  Said last  one
             \\x1b[31mtwo
`);
});

test('builds are listed with state, cause, verdict and changes', () => {
  const { id } = queued;
  const lines = renderBuilds([succeeded, failed, queued], { ...plain, width: 200 }).split('\n');
  const cells = lines.map(line => line.split(/ {2,}/));
  expect(cells).toEqual([
    ['TAG', 'STATE', 'CAUSE', 'IMAGES', 'CHANGES', 'ADDED', 'BUILD'],
    [
      ...['1.0-2', 'succeeded', 'base-image', 'certified, grade A, published'],
      ...['4 packages, -1 weakness, +1 weakness', '2026-05-06 07:08', id],
    ],
    ['1.0-2', 'failed', 'base-image', 'build, line 3', '2026-05-06 07:08', id],
    ['1.0-2', 'queued', 'base-image', '2026-05-06 07:08', id],
    [''],
  ]);
});

test.each([
  { why: 'all of it is good', build: succeeded, is: true },
  {
    why: 'one architecture is not certified',
    build: { ...succeeded, images: [image, { ...image, isCertified: false }] },
    is: false,
  },
  { why: 'nothing of it can be certified', build: { ...succeeded, images: [] }, is: false },
  { why: 'it failed', build: failed, is: false },
  { why: 'it was cancelled', build: { ...queued, state: 'cancelled' }, is: false },
])('whether a build is good: $why', ({ build, is }) => {
  expect(isGood(build)).toBe(is);
});

test('a log keeps its lines and tabs, and steers no terminal', () => {
  expect(logText('a\tb\r\n10 %\r20 %\n\u001b]0;title\u0007\n')).toBe('a\tb\n10 %\n20 %\n\\x1b]0;title\\x07\n');
});

const configuration = {
  isEnabled: true,
  source: {
    url: 'git@git.example:acme/pilot.git',
    ref: '',
    wantsSubmodules: true,
    wantsLfs: false,
    hasOwnCertificates: false,
  },
  login: {
    kind: 'ssh-key' as const,
    username: null,
    keyKind: 'ed25519',
    fingerprint: 'SHA256:abc',
    publicKey: 'ssh-ed25519 AAAA',
    savedAt: '2026-05-06T07:08:09.000Z',
  },
  dockerfile: 'Dockerfile',
  context: 'app',
  imageName: 'pilot',
  platforms: ['linux/amd64'],
  labels: { team: 'harbour' },
  hostKeys: ['git.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5'],
  argumentNames: ['A', 'B'],
  pullHosts: ['quay.io'],
  autoRebuild: true,
  autoPublish: false,
  rebuildDelaySeconds: 600,
  limits: { timeMs: 1 },
  warnings: [],
};
const project = { id: '1', name: 'pilot', pid: 'ospid-1', pushTo: 'plimsoll.example/ospid-1' };

test('a configuration shows the public half of its key, and the fingerprint of the host key that is pinned', () => {
  expect(renderConfiguration(project, configuration, plain)).toBe(`pilot  ospid-1
  Builds                   switched on
  Source                   git@git.example:acme/pilot.git, its own branch, with submodules
  Log-in                   key ed25519 SHA256:abc, saved 2026-05-06T07:08:09.000Z
                           ssh-ed25519 AAAA
  Host keys                SHA256:5/gdC8tsZ+1R7UnoiM4pMal9U3M82idPVzt95oIw3hQ (ssh-ed25519) of git.example
  Dockerfile               Dockerfile in app
  Image                    plimsoll.example/ospid-1/pilot
  Platforms                linux/amd64
  Arguments                A, B
  Log-ins for base images  quay.io
  Rebuilds                 by itself, 600 seconds after the first cause
  Publishes                when asked for
`);
});

test('a source without a Dockerfile cannot be built', () => {
  const report = {
    commit: 'c'.repeat(40),
    ref: 'main',
    hasDockerfile: false,
    froms: [],
    stages: [],
    hostKeyFingerprints: ['SHA256:abc'],
    warnings: ['The repository has none there'],
  };
  expect(renderSource(report, plain)).toBe(`The source can NOT be built
  Commit      cccccccccccccccccccccccccccccccccccccccc, main
  Dockerfile  NOT found
  Host key    SHA256:abc
  Note        The repository has none there
`);
  const stages = { ...report, hasDockerfile: true, froms: ['a', 'b'], stages: ['build', '1'] };
  expect(renderSource(stages, plain)).toContain('  From        a as build\n              b\n');
});

test.each([
  {
    why: 'what is not named stays',
    change: { ref: 'main' },
    body: { labels: { team: 'harbour' }, platforms: ['linux/amd64'], source: { ref: 'main', wantsSubmodules: true } },
  },
  {
    why: 'secrets that are not given are kept, and not sent',
    change: { ref: 'main' },
    body: { login: { kind: 'keep' }, arguments: undefined, pullSecret: undefined },
  },
  {
    why: 'an argument is added to those that there are',
    change: { args: { C: '3' } },
    body: { arguments: { A: null, B: null, C: '3' } },
  },
  { why: 'an argument gets another value', change: { args: { A: '1' } }, body: { arguments: { A: '1', B: null } } },
  { why: 'an argument is removed', change: { removedArgs: ['A'] }, body: { arguments: { B: null } } },
  { why: 'host keys are forgotten', change: { hostKeys: null }, body: { hostKeys: null } },
  { why: 'the builder chooses the platform again', change: { platforms: [] }, body: { platforms: [] } },
])('changing a configuration: $why', ({ change, body }) => {
  expect(toBody(configuration, change)).toMatchObject(body);
});

test('nothing is configured without a source, and no argument removed that there is not', () => {
  expect(() => toBody(null, { ref: 'main' })).toThrow('name the Git repository with --source');
  expect(() => toBody(configuration, { removedArgs: ['X'] })).toThrow('there is none of that name');
});
