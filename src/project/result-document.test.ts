/** Test results as pages show them: ours, preflight's, and whatever else a client may send. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECK_OUTCOMES, readResultDocument } from './result-document.ts';

test('our own results keep reasons, fixes and what was found; what blocks comes first', () => {
  const { checks, policy, gate } = readResultDocument({
    policy: 'scratch',
    gate: { outcome: 'passed', summary: 'Nothing stands against it' },
    results: {
      passed: [
        { name: 'HasLicense', outcome: 'passed', description: 'a license', summary: '/licenses has a file', found: [] },
        { name: 'BasedOnUbi', outcome: 'not-applicable', summary: 'It is a scratch image' },
      ],
      failed: [
        {
          name: 'RunAsNonRoot',
          help: 'USER is root',
          suggestion: 'Write USER 1001',
          why: 'root breaks out',
          found: [{ kind: 'user', subject: 'root', layer: 3 }, 'odd'],
        },
      ],
      errors: [],
    },
  });
  expect(checks.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['RunAsNonRoot', 'failed'],
    ['HasLicense', 'passed'],
    ['BasedOnUbi', 'not-applicable'],
  ]);
  expect(checks[0]).toMatchObject({
    summary: 'USER is root',
    fix: 'Write USER 1001',
    found: [{ kind: 'user', subject: 'root', detail: null, layer: 3 }],
  });
  expect([policy, gate?.outcome]).toEqual(['scratch', 'passed']);
});

test.each([
  { document: {}, names: [], why: 'an empty document has no checks' },
  { document: { results: 'none' }, names: [], why: 'results that are no lists are none' },
  { document: { results: { failed: [{ name: 7 }, null, { name: 'Odd' }] } }, names: ['Odd'], why: 'the rest is kept' },
  {
    document: { results: { failed: [{ name: 'Sly', outcome: 'passed' }] } },
    names: ['Sly'],
    why: 'a check is what its list says, whatever it says of itself',
  },
])('of clients, what cannot be read is left out: $why', ({ document, names }) => {
  const { checks } = readResultDocument(document);
  expect(checks.map(({ name }) => name)).toEqual(names);
  expect(checks.every(({ outcome }) => outcome === 'failed')).toBe(true);
});

test('no document breaks it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('results', 'policy', 'gate'), fc.jsonValue()), document => {
      const { checks } = readResultDocument(document);
      expect(checks.every(({ outcome }) => CHECK_OUTCOMES.includes(outcome))).toBe(true);
    }),
  );
});
