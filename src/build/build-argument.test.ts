import { describe, expect, test } from 'vitest';
import { checkBuildArguments } from './build-argument.ts';

describe('build arguments', () => {
  test.each([
    { args: { VERSION: '1.0', http_proxy: 'http://proxy:3128', EMPTY: '' }, why: 'names that people use' },
    { args: {}, why: 'none' },
  ])('$args are taken: $why', ({ args }) => {
    expect(() => checkBuildArguments(args)).not.toThrow();
  });

  test.each([
    { args: { PATH: '/evil' }, says: 'uses that name', why: 'programs would be found elsewhere' },
    { args: { LD_PRELOAD: '/evil.so' }, says: 'uses that name', why: 'code would be loaded into buildah' },
    { args: { CONTAINERS_CONF: '/evil' }, says: 'uses that name', why: 'buildah would be configured by it' },
    { args: { BUILDAH_ISOLATION: 'rootless' }, says: 'uses that name', why: 'buildah would isolate otherwise' },
    { args: { 'A B': 'x' }, says: 'letters', why: 'it is no name' },
    { args: { '-x': 'x' }, says: 'letters', why: 'it would be an option' },
    { args: { A: 'a\0b' }, says: 'zero byte', why: 'an environment ends there' },
    { args: { A: 'x'.repeat(40_000) }, says: 'characters', why: 'an environment has no such room' },
    {
      args: Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`A${at}`, 'x'])),
      says: 'limit is 200',
      why: 'more than anybody has',
    },
  ])('are refused ($says): $why', ({ args, says }) => {
    expect(() => checkBuildArguments(args)).toThrow(says);
  });
});
