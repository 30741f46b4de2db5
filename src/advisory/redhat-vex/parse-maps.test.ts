import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseContainerMap, parseRepositoryMap } from './parse-maps.ts';

test('repositories and images lead to the ecosystems and repositories of Red Hat’s maps', () => {
  const tally = new ReadTally();
  const repositories = parseRepositoryMap(
    JSON.stringify({
      data: {
        'rhel-8-for-x86_64-appstream-rpms': {
          cpes: ['cpe:/a:redhat:enterprise_linux:8::appstream', 'cpe:/a:other:x:1'],
          repo_relative_urls: ['content/dist/rhel8'],
        },
        broken: { cpes: 'x' },
      },
    }),
    tally,
  );
  expect([...repositories]).toEqual([['rhel-8-for-x86_64-appstream-rpms', ['Red Hat:enterprise_linux:8::appstream']]]);
  expect(tally.counts().skipped).toEqual({ 'repository without a CPE of Red Hat': 1 });
  const images = parseContainerMap(
    '{"data": {"ubi8/ubi": ["rhel-8-for-x86_64-baseos-rpms"], "x": []}}',
    new ReadTally(),
  );
  expect([...images]).toEqual([['ubi8/ubi', ['rhel-8-for-x86_64-baseos-rpms']]]);
  expect(() => parseContainerMap('{}', new ReadTally())).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
