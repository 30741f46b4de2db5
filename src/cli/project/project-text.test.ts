import { expect, test } from 'vitest';
import type { Project, ProjectImage } from './project-answer.ts';
import { renderImages, renderProject, renderProjects } from './project-text.ts';
import { readSettings } from './settings-options.ts';
import { imagesOfTag } from './tagged-images.ts';

const project: Project = {
  id: '64b7c1758357ec6208cd2c72',
  pid: 'ospid-64b7c1758357ec6208cd2c72',
  name: 'Harbour\u001b[31m pilot',
  status: 'active',
  containerType: 'container',
  osContentType: 'Scratch Image',
  distributionMethod: 'external',
  registry: 'quay.io',
  repository: 'acme/pilot',
  isPrivileged: true,
  autoPublish: false,
  isHosted: false,
  pushTo: null,
  certificationStatus: 'Started',
  pullSecret: { entry: 'quay.io', account: 'robot', dropped: [] },
};
const image = (digest: string, change: Partial<ProjectImage> = {}): ProjectImage => ({
  id: `id-${digest}`,
  digest,
  listDigest: null,
  architecture: 'amd64',
  isCertified: true,
  isVerifiedCertified: true,
  registry: 'quay.io',
  repository: 'acme/pilot',
  tags: [{ name: '1', addedAt: '2026-05-06T00:00:00.000Z' }],
  scan: { state: 'completed', message: null },
  grade: 'A',
  publishedAt: null,
  ...change,
});
const tagged = (name: string, day: number) => ({ name, addedAt: `2026-05-0${day}T00:00:00.000Z` });

test('a project shows what it is and what it misses, with nothing that steers a terminal', () => {
  const checklist = [
    { item: 'location', state: 'done', message: 'The image is catalogued at quay.io/acme/pilot' },
    { item: 'image', state: 'open', message: 'Scan an image where it lies' },
  ];
  expect(
    renderProject(project, checklist, { hasColors: false }),
  ).toBe(`Harbour\\x1b[31m pilot  ospid-64b7c1758357ec6208cd2c72
  Id               64b7c1758357ec6208cd2c72
  Status           Started
  Type             container, Scratch Image
  Distribution     external
  Catalogued at    quay.io/acme/pilot
  Pull secret      quay.io, account "robot"
  May run as root  yes
  Publishes        when asked for
  done        The image is catalogued at quay.io/acme/pilot
  OPEN        Scan an image where it lies
`);
});

const cells = (text: string) => text.split('\n').map(line => line.split(/ {2,}/));
const table = { hasColors: false, width: 300 };

test('projects are listed with where their images go', () => {
  const hosted = { ...project, name: 'barge', distributionMethod: 'rhcc', pushTo: 'plimsoll.example/ospid-1' };
  expect(cells(renderProjects([hosted, { ...project, name: 'far', status: 'archived' }], table))).toEqual([
    ['NAME', 'PID', 'STATUS', 'DISTRIBUTION', 'PLACE'],
    ['barge', project.pid, 'Started', 'hosted', 'plimsoll.example/ospid-1'],
    ['far', project.pid, 'archived', 'external', 'quay.io/acme/pilot'],
    [''],
  ]);
});

test.each([
  { why: 'the checks passed', change: {}, says: 'passed' },
  { why: 'a check failed', change: { isVerifiedCertified: false, isCertified: false }, says: 'NOT passed' },
  { why: 'an admin passed over a check', change: { isVerifiedCertified: false }, says: 'passed over' },
  { why: 'what a client says is no check of ours', change: { isVerifiedCertified: null }, says: 'not judged' },
  {
    why: 'the scan is not over',
    change: { isVerifiedCertified: null, scan: { state: 'running', message: null } },
    says: 'scan running',
  },
])('images are listed with what the checks found: $why', ({ change, says }) => {
  const [, row] = cells(renderImages([image('sha256:a', change)], table));
  expect(row).toEqual(['acme/pilot', '1', 'amd64', says, 'A', 'no', 'sha256:a', 'id-sha256:a']);
});

test.each([
  {
    why: 'all of an index, whether each has the tag or not',
    images: [image('a', { listDigest: 'l' }), image('b', { listDigest: 'l', tags: [] }), image('c', { tags: [] })],
    tag: '1',
    found: { kind: 'index', listDigest: 'l', images: ['a', 'b'] },
  },
  {
    why: 'a tag that was moved stands for where it is now',
    images: [image('old', { tags: [tagged('1', 1)] }), image('new', { tags: [tagged('1', 2)] })],
    tag: '1',
    found: { kind: 'images', images: ['new'] },
  },
  {
    why: 'architectures that came one by one belong together',
    images: [image('a', { tags: [tagged('1', 1)] }), image('b', { architecture: 's390x', tags: [tagged('1', 2)] })],
    tag: '1',
    found: { kind: 'images', images: ['b', 'a'] },
  },
  {
    why: 'the last part of a repository’s name says which',
    images: [image('a'), image('b', { repository: 'acme/barge' })],
    tag: 'barge:1',
    found: { kind: 'images', images: ['b'] },
  },
])('images of a tag: $why', ({ images, tag, found }) => {
  const { images: chosen, ...rest } = imagesOfTag(images, tag);
  expect({ ...rest, images: chosen.map(({ digest }) => digest) }).toEqual(found);
});

test('a tag that nothing has, and one that two repositories have, are told', () => {
  const images = [image('a'), image('b', { repository: 'acme/barge' })];
  expect(() => imagesOfTag(images, '2')).toThrow('Cannot find tag "2": no image of the project has it');
  expect(() => imagesOfTag(images, '1')).toThrow('say which: acme/pilot:1, acme/barge:1');
});

test.each([
  { why: 'nothing is named', options: {}, body: {} },
  { why: 'words of people', options: { distribution: 'hosted' as const }, body: { distributionMethod: 'rhcc' } },
  { why: 'an empty place is none', options: { registry: '' }, body: { registry: null } },
  { why: 'false is said too', options: { autoPublish: false }, body: { autoPublish: false } },
  {
    why: 'a description leaves contacts alone',
    options: { description: 'Steers' },
    body: { details: { container: { short_description: 'Steers' } } },
  },
])('settings of a project: $why', ({ options, body }) => {
  expect(readSettings({ contact: [], ...options })).toEqual(body);
});
