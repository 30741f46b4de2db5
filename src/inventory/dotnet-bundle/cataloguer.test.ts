import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, words } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { dotnetBundleCataloguer } from './cataloguer.ts';

const SIGNATURE = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
/** Where the appended part begins: the host of these tests is shorter. */
const START = 8192;

const read = (bytes: Buffer) => {
  const executable = openExecutable(toBody(bytes));
  return executable && dotnetBundleCataloguer.read(claimedFile('app/server', bytes), executable);
};

const DEPS = Buffer.from(
  JSON.stringify({
    runtimeTarget: { name: '.NETCoreApp,Version=v8.0/linux-x64' },
    targets: {
      '.NETCoreApp,Version=v8.0/linux-x64': {
        'App/1.0.0': { runtime: { 'App.dll': {} } },
        'Newtonsoft.Json/13.0.3': { runtime: { 'lib/net6.0/Newtonsoft.Json.dll': {} } },
        'Trimmed.Away/1.0.0': { runtime: { 'lib/net6.0/Trimmed.Away.dll': {} } },
        'SQLitePCLRaw.lib.e_sqlite3/2.1.6': { native: { 'runtimes/linux-x64/native/libe_sqlite3.so': {} } },
      },
    },
    libraries: {
      'App/1.0.0': { type: 'project' },
      'Newtonsoft.Json/13.0.3': { type: 'package' },
      'Trimmed.Away/1.0.0': { type: 'package' },
      'SQLitePCLRaw.lib.e_sqlite3/2.1.6': { type: 'package' },
    },
  }),
);

const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** A host with a bundle in the form of .NET Core 3 (1), .NET 5 (2) or .NET 6 and later (6). */
function bundle(major: number, { count = 3 } = {}): Buffer {
  const deps = { offset: START, sizeBytes: DEPS.length };
  const header = [words([major, 0, count], 4), text('bundle-id')];
  if (major >= 2) header.push(words([deps.offset, deps.sizeBytes, 0, 0, 0], 8));
  const file = (path: string, type: number, { offset, sizeBytes } = { offset: 1, sizeBytes: 1 }) => {
    header.push(words([offset, sizeBytes], 8), ...(major >= 6 ? [words([0], 8)] : []), Buffer.from([type]), text(path));
  };
  file('App.dll', 1);
  file('Newtonsoft.Json.dll', 1);
  file('App.deps.json', 3, deps);
  const host = hostOf(START + DEPS.length);
  const gap = Buffer.alloc(START - host.length);
  return Buffer.concat([host, gap, DEPS, ...header, Buffer.alloc(8192)]);
}

function hostOf(headerOffset: number): Buffer {
  const data = Buffer.concat([Buffer.from('other data'), words([headerOffset], 8), SIGNATURE]);
  return buildElf([{ name: '.data', bytes: data, isWritable: true }]);
}

test.each([1, 2, 6])('a single-file program (bundle version %i) tells the packages whose files are inside', major => {
  expect(read(bundle(major))?.packages).toEqual([
    { type: 'nuget', name: 'Newtonsoft.Json', version: '13.0.3' },
    { type: 'nuget', name: 'SQLitePCLRaw.lib.e_sqlite3', version: '2.1.6' },
  ]);
});

test.each([
  { bytes: hostOf(0), why: 'nothing is appended' },
  { bytes: Buffer.concat([hostOf(0), Buffer.alloc(START)]), why: 'the host has no bundle: its offset is 0' },
  {
    bytes: Buffer.concat([buildElf([{ name: '.data', bytes: Buffer.from('x') }]), Buffer.alloc(START)]),
    why: 'no signature',
  },
])('other programs have nothing to tell: $why', ({ bytes }) => {
  expect(read(bytes)).toBeUndefined();
});

test('a bundle without dependency file says that its packages are unknown', () => {
  const header = Buffer.concat([words([6, 0, 0], 4), text('id'), words([0, 0, 0, 0, 0], 8)]);
  const host = hostOf(START);
  const bytes = Buffer.concat([host, Buffer.alloc(START - host.length), header]);
  expect(read(bytes)?.gaps).toEqual(['.NET single-file program without dependency file: its packages are unknown']);
});

test.each([
  { bytes: bundle(6, { count: 0xffffffff }), code: 'LIMIT_EXCEEDED', why: 'four thousand million files' },
  { bytes: bundle(6, { count: 40_000 }), code: 'FILE_INVALID', why: 'more files than are listed' },
  { bytes: Buffer.concat([hostOf(1), Buffer.alloc(START)]), code: 'FILE_INVALID', why: 'a header that is none' },
])('$why: $code', ({ bytes, code }) => {
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code }));
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const whole = bundle(6);
  const change = fc.tuple(fc.integer({ min: START, max: whole.length - 8000 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), changes => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        read(bytes);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
