import { expect, test } from 'vitest';
import type { Session } from '../api/model.ts';
import { hasRole } from './session.tsx';

const session = (
  everywhere: Session['everywhere'],
  namespaces: Record<string, 'viewer' | 'operator' | 'admin'> = {},
): Session => ({
  account: { id: 'a', name: 'ada', displayName: 'Ada', email: null, hasPassword: true },
  by: 'session',
  everywhere,
  namespaces: Object.entries(namespaces).map(([id, role]) => ({ id, name: id, displayName: id, role })),
  csrfToken: null,
  eventPosition: '1-0',
});

test.each([
  { who: session('admin'), role: 'operator', place: 'n1', may: true, why: 'everywhere includes each namespace' },
  { who: session('viewer'), role: 'viewer', place: 'server', may: true, why: 'everywhere includes the server' },
  {
    who: session('viewer', { n1: 'operator' }),
    role: 'operator',
    place: 'n1',
    may: true,
    why: 'the higher role counts',
  },
  { who: session('viewer', { n1: 'operator' }), role: 'operator', place: 'n2', may: false, why: 'but only there' },
  {
    who: session(null, { n1: 'admin' }),
    role: 'viewer',
    place: 'server',
    may: false,
    why: 'a namespace is not the server',
  },
  { who: session(null, { n1: 'admin' }), role: 'admin', place: 'anywhere', may: true, why: 'one place is enough' },
  { who: session(null), role: 'viewer', place: 'anywhere', may: false, why: 'no role at all' },
] as const)('$role at $place is $may: $why', ({ who, role, place, may }) => {
  expect(hasRole(who, role, place)).toBe(may);
});
