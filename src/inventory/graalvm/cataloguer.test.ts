import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, type SectionSpec, words } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { graalvmCataloguer } from './cataloguer.ts';

const read = (sections: readonly SectionSpec[], bits: 32 | 64 = 64) => {
  const bytes = buildElf(sections, { bits });
  const executable = openExecutable(toBody(bytes));
  return executable && graalvmCataloguer.read(claimedFile('app/server', bytes), executable);
};

const COMPONENTS = {
  bomFormat: 'CycloneDX',
  components: [
    { type: 'library', group: 'io.netty', name: 'netty-codec', version: '4.1.100.Final' },
    { type: 'library', name: 'without-group', version: '1' },
  ],
};
const PACKED = gzipSync(JSON.stringify(COMPONENTS));
const NAMES = Buffer.from('\0main\0sbom_length\0sbom\0');
const ADDRESS = 0x600000;

/** Elf64_Sym: name, info, other, section, value, size. */
const symbol = (name: number, value: number) => Buffer.concat([words([name, 0], 4), words([value, 8], 8)]);
const SYMBOLS = Buffer.concat([symbol(0, 0), symbol(1, 1), symbol(6, ADDRESS), symbol(18, ADDRESS + 8)]);

interface ImageOptions {
  readonly packed?: Buffer;
  readonly length?: number;
  readonly table?: string;
  readonly names?: string;
}

function image({ packed = PACKED, length = packed.length, table = '.dynsym', names = '.dynstr' }: ImageOptions = {}) {
  return [
    { name: '.data', bytes: Buffer.concat([words([length], 8), packed]), address: ADDRESS },
    { name: table, bytes: SYMBOLS },
    { name: names, bytes: NAMES },
  ];
}
const HEAP = { name: '.svm_heap', bytes: Buffer.from('heap') };
const STATIC = image({ table: '.symtab', names: '.strtab' });

test.each([
  { sections: image(), why: 'linked dynamically' },
  { sections: [...STATIC, HEAP], why: 'linked statically, with its symbols' },
])('a native image $why tells the libraries it was built from', ({ sections }) => {
  expect(read(sections)).toEqual({
    packages: [{ type: 'maven', name: 'io.netty:netty-codec', version: '4.1.100.Final', evidence: 'asserted' }],
    gaps: ['1 component(s) of the embedded SBOM without group, name or version'],
  });
});

test('the full symbol table is not searched in other programs', () => {
  expect(read(STATIC)).toBeUndefined();
});

test('a library whose symbols are others tells nothing', () => {
  expect(
    read([
      { name: '.dynstr', bytes: Buffer.from('\0malloc\0') },
      { name: '.dynsym', bytes: SYMBOLS },
    ]),
  ).toBeUndefined();
});

test.each([
  { sections: image({ length: 2 ** 40 }), code: 'LIMIT_EXCEEDED', why: 'a length of a terabyte' },
  { sections: image({ packed: Buffer.from('no gzip') }), code: 'FILE_INVALID', why: 'no gzip stream' },
  { sections: image({ packed: gzipSync('{') }), code: 'FILE_INVALID', why: 'no JSON' },
  { sections: image({ packed: gzipSync(Buffer.alloc(40_000_000)) }), code: 'LIMIT_EXCEEDED', why: 'a bomb' },
])('$why: $code', ({ sections, code }) => {
  expect(() => read(sections)).toThrow(expect.objectContaining({ code }));
});

test('no bytes make it throw anything but a PlimsollError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 96 }), fc.json(), fc.constantFrom(32, 64), (symbols, json, bits) => {
      try {
        const data = { name: '.data', bytes: gzipSync(json), address: 0 };
        read(
          [data, { name: '.dynsym', bytes: Buffer.concat([SYMBOLS, symbols]) }, { name: '.dynstr', bytes: NAMES }],
          bits,
        );
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
