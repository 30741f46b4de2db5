import { expect, test } from 'vitest';
import { FactLimits } from '../fact-limits.ts';
import { toBody } from '../file-body.ts';
import { contentFolders } from './content-files.ts';
import { parseDatabase } from './parse-database.ts';
import { makeRpmDatabase, type RpmSpec } from './testdata/make-rpms.ts';

function contentOf(...packages: RpmSpec[]) {
  const limits = new FactLimits();
  const { content } = parseDatabase(toBody(makeRpmDatabase(packages)), { log: undefined, limits });
  return { content, gaps: limits.gaps() };
}

const pathsOf = (spec: RpmSpec): string[] =>
  [...contentFolders(contentOf(spec).content, 0)].flatMap(([folder, names]) =>
    names.map(name => (folder === '' ? name : `${folder}/${name}`)),
  );

test.each([
  { file: '/usr/bin/bash', kept: true, why: 'a program' },
  { file: '/usr/share/app/data', kept: true, why: 'data counts like programs' },
  { file: { path: '/usr/bin/sh', mode: 0o120777 }, kept: true, why: 'a symlink' },
  { file: { path: '/usr/share/app', mode: 0o040755 }, kept: false, why: 'a folder' },
  { file: { path: '/usr/share/app/app.conf', flags: 1 }, kept: false, why: 'configuration' },
  { file: { path: '/usr/share/doc/app/README', flags: 2 }, kept: false, why: 'documentation' },
  { file: { path: '/usr/lib/app/state', flags: 0x40 }, kept: false, why: 'a ghost' },
  { file: { path: '/usr/share/licenses/app/COPYING', flags: 0x80 }, kept: false, why: 'a licence' },
  { file: { path: '/usr/lib/app/artifact', flags: 0x1000 }, kept: false, why: 'an artifact of the build' },
  { file: { path: '/usr/lib/app/maybe', flags: 8 }, kept: false, why: 'it need not be there' },
  { file: { path: '/usr/lib/app/odd', flags: 0x20 }, kept: true, why: 'flags that exempt nothing' },
  { file: '/etc/app/x', kept: false, why: 'below /etc' },
  { file: '/var/lib/app/x', kept: false, why: 'below /var' },
  { file: '/run/app', kept: false, why: 'in /run' },
  { file: '/usr/lib/.build-id/ab/cdef', kept: false, why: 'build ids' },
  { file: '/usr/share/mime/mime.cache', kept: false, why: 'caches are made anew' },
  { file: '/etcetera/x', kept: true, why: 'only begins like /etc' },
  { file: '/opt/app/x.cache', kept: true, why: 'caches elsewhere than below /usr' },
])('$file counts: $kept ($why)', ({ file, kept }) => {
  const path = typeof file === 'string' ? file : file.path;
  expect(pathsOf({ name: 'app', files: [file] })).toEqual(kept ? [path.slice(1)] : []);
});

test('folders are named once, packages keep their place and the time of their installation', () => {
  const { content, gaps } = contentOf(
    { name: 'none' },
    { name: 'app', installTime: 7, files: ['/usr/bin/a', '/usr/lib/x', '/usr/bin/b'] },
  );
  expect(content).toEqual({ installTimes: [1000, 7], folders: [[], ['usr/bin\na\nb', 'usr/lib\nx']] });
  expect(gaps).toEqual([]);
});
