/** What a project is told that it misses. */
import { describe, expect, test } from 'vitest';
import { CHECKLIST_ITEMS, type ChecklistItemName, type ChecklistState, toChecklist } from './checklist.ts';

type Project = Parameters<typeof toChecklist>[0];
type Image = Parameters<typeof toChecklist>[1][number];

const project: Project = {
  details: {},
  registry: 'quay.io',
  repository: 'acme/pilot',
  isHosted: false,
  pullSecret: undefined,
  status: 'active',
  autoPublish: false,
};
const image: Image = {
  isCertified: true,
  isVerifiedCertified: true,
  scanState: 'completed',
  scanMessage: undefined,
  grade: 'A',
  publishedAt: undefined,
  exception: undefined,
};
const waiting: Image = {
  ...image,
  isCertified: false,
  isVerifiedCertified: undefined,
  scanState: 'pending',
  grade: undefined,
};

describe('the checklist of a project', () => {
  test.each<{
    item: ChecklistItemName;
    state: ChecklistState;
    of?: Partial<Project>;
    images?: readonly Image[];
    why: string;
  }>([
    { item: 'location', state: 'open', of: { registry: undefined }, why: 'nobody knows where people will pull it' },
    { item: 'location', state: 'not-needed', of: { registry: undefined, isHosted: true }, why: 'it is pushed here' },
    { item: 'pull-secret', state: 'advised', why: 'an image that anybody may pull needs none' },
    { item: 'pull-secret', state: 'not-needed', of: { isHosted: true }, why: 'hosted images are read without one' },
    { item: 'description', state: 'advised', why: 'nothing is published the less for it' },
    {
      item: 'description',
      state: 'done',
      of: { details: { container: { short_description: 'Steers' } } },
      why: 'clients call it so',
    },
    { item: 'contacts', state: 'advised', of: { details: { contacts: 'odd' } }, why: 'a client may send anything' },
    {
      item: 'contacts',
      state: 'done',
      of: { details: { contacts: [{ email_address: 'a@b.example' }] } },
      why: 'one is enough',
    },
    { item: 'image', state: 'open', images: [], why: 'nothing was submitted' },
    { item: 'checks', state: 'open', images: [], why: 'there is nothing to check' },
    { item: 'checks', state: 'running', images: [waiting], why: 'the server is at it' },
    { item: 'checks', state: 'done', images: [waiting, image], why: 'an older image passed' },
    {
      item: 'checks',
      state: 'open',
      images: [{ ...image, isVerifiedCertified: undefined }],
      why: 'what a client says alone is not enough',
    },
    { item: 'grade', state: 'open', images: [{ ...image, grade: undefined }], why: 'unknown is no good grade' },
    { item: 'grade', state: 'open', images: [{ ...image, grade: 'C' }], why: 'it is worse than may be published' },
    { item: 'grade', state: 'done', images: [{ ...image, grade: 'B' }], why: 'it is as good as it must be' },
    { item: 'published', state: 'open', why: 'nothing is in the catalogue' },
    {
      item: 'published',
      state: 'done',
      images: [image, { ...image, publishedAt: '2026-01-01T00:00:00Z' }],
      why: 'an older image is',
    },
  ])('$item is $state: $why', ({ item, state, of = {}, images = [image] }) => {
    const lines = toChecklist({ ...project, ...of }, images, { minGrade: 'B' });
    expect(lines.map(line => line.item)).toEqual(CHECKLIST_ITEMS);
    expect(lines.find(line => line.item === item)?.state).toBe(state);
  });

  test('an image that could not be read says why', () => {
    const failed: Image = { ...waiting, scanState: 'failed', scanMessage: 'The registry wants credentials' };
    const line = toChecklist(project, [failed], { minGrade: 'B' }).find(({ item }) => item === 'checks');
    expect(line).toMatchObject({ state: 'open', message: expect.stringContaining('The registry wants credentials') });
  });
});
