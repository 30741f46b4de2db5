import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, buildMachO, buildPe } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { rustCataloguer } from './cataloguer.ts';

const read = (bytes: Buffer) => {
  const executable = openExecutable(toBody(bytes));
  return executable && rustCataloguer.read(claimedFile('usr/bin/tool', bytes), executable);
};
const section = (json: unknown) => ({ name: '.dep-v0', bytes: deflateSync(JSON.stringify(json)) });

const AUDIT = {
  packages: [
    { name: 'autocfg', version: '1.1.0', source: 'crates.io', kind: 'build' },
    { name: 'libc', version: '0.2.150', source: 'crates.io' },
    { name: 'mine', version: '0.1.0', source: 'git', kind: 'runtime' },
    { name: 'tool', version: '1.0.0', source: 'local', dependencies: [1, 2], root: true },
  ],
};

test.each([
  { bytes: buildElf([section(AUDIT)]), what: 'ELF' },
  { bytes: buildPe([section(AUDIT)]), what: 'PE' },
  { bytes: buildMachO([section(AUDIT)]), what: 'Mach-O' },
])('an $what program built with cargo-auditable tells its crates, without those that only built it', ({ bytes }) => {
  expect(read(bytes)?.packages).toEqual([
    { type: 'cargo', name: 'libc', version: '0.2.150' },
    { type: 'cargo', name: 'mine', version: '0.1.0', properties: { source: 'git' } },
    { type: 'cargo', name: 'tool', version: '1.0.0', properties: { root: 'true', source: 'local' } },
  ]);
});

test('other programs have nothing to tell', () => {
  expect(read(buildElf([{ name: '.text', bytes: Buffer.from('code') }]))).toBeUndefined();
});

test('crates without name or version are counted, the others stay', () => {
  const fact = read(buildElf([section({ packages: [{ name: 'a' }, null, 7, { name: 'b', version: '1.0.0' }] })]));
  expect(fact?.packages?.map(one => one.name)).toEqual(['b']);
  expect(fact?.gaps).toEqual(['3 crate(s) without name or version']);
});

test.each([
  { bytes: Buffer.from('not zlib'), code: 'FILE_INVALID', why: 'no zlib stream' },
  { bytes: deflateSync('{"packages": ['), code: 'FILE_INVALID', why: 'no JSON' },
  {
    bytes: deflateSync(Buffer.alloc(20_000_000)),
    code: 'LIMIT_EXCEEDED',
    why: 'twenty megabytes out of twenty kilobytes',
  },
])('$why: $code', ({ bytes, code }) => {
  expect(() => read(buildElf([{ name: '.dep-v0', bytes }]))).toThrow(expect.objectContaining({ code }));
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const json = fc.json().map(text => deflateSync(text));
  fc.assert(
    fc.property(fc.oneof(json, fc.uint8Array({ minLength: 1 })), bytes => {
      try {
        read(buildElf([{ name: '.dep-v0', bytes }]));
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
