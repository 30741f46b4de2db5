import { expect, test } from 'vitest';
import { findDecidingSource } from './deciding-source.ts';

test.each([
  {
    ecosystem: 'Debian:12',
    sources: ['debian-lists', 'debian-tracker', 'osv'],
    decides: 'debian-tracker',
    why: 'it knows what is not fixed',
  },
  {
    ecosystem: 'Debian:8',
    sources: ['debian-lists', 'osv'],
    decides: 'debian-lists',
    why: 'the tracker has forgotten old releases',
  },
  { ecosystem: 'Alpine:v3.20', sources: ['osv', 'alpine-secdb'], decides: 'alpine-secdb', why: 'OSV has no community' },
  { ecosystem: 'Alpine:v3.2', sources: ['osv'], decides: 'osv', why: 'better than nothing' },
  {
    ecosystem: 'Red Hat:enterprise_linux:9::baseos',
    sources: ['osv', 'redhat-vex'],
    decides: 'redhat-vex',
    why: 'OSV has errata only',
  },
  { ecosystem: 'npm', sources: ['other', 'osv'], decides: undefined, why: 'nobody has the last word' },
  { ecosystem: '__proto__', sources: ['other', 'osv'], decides: undefined, why: 'names come from feeds' },
])('about $ecosystem $decides decides: $why', ({ ecosystem, sources, decides }) => {
  expect(findDecidingSource(ecosystem, sources)).toBe(decides);
});
