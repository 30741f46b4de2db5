import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { toBody } from '../file-body.ts';
import { bottlerocketCataloguer } from './cataloguer.ts';

const PATH = 'x86_64-bottlerocket-linux-gnu/sys-root/usr/share/bottlerocket/application-inventory.json';
const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (text: string) => bottlerocketCataloguer.read({ ...entryOf(PATH), body: toBody(Buffer.from(text)) });

test.each([
  { path: PATH, claimed: true, why: 'in the sys-root' },
  { path: 'usr/share/bottlerocket/application-inventory.json', claimed: true, why: 'in the running system' },
  { path: 'app/application-inventory.json', claimed: false, why: 'another file' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(bottlerocketCataloguer.claims(entryOf(path))).toBe(claimed);
});

test.each([
  { entry: { Epoch: '0' }, version: '1.9.1-1.br1', why: 'an epoch of 0 is none' },
  { entry: { Epoch: '2' }, version: '2:1.9.1-1.br1', why: 'an epoch' },
  { entry: { Epoch: 1 }, version: '1:1.9.1-1.br1', why: 'an epoch as a number' },
  { entry: {}, version: '1.9.1-1.br1', why: 'no epoch' },
  { entry: { Release: '' }, version: '1.9.1', why: 'no release' },
])('the version is $version: $why', ({ entry, version }) => {
  const application = { Name: 'glibc', Version: '1.9.1', Release: '1.br1', ...entry };
  expect(read(JSON.stringify({ Content: [application] }))?.packages?.[0]?.version).toBe(version);
});

test('packages are read with architecture and publisher; one without a version is told', () => {
  const application = {
    Name: 'kernel-6.1',
    Publisher: 'Bottlerocket',
    Version: '6.1.82',
    Release: '1.1700000000.abcdef01.br1',
    Epoch: '0',
    InstalledTime: '2026-01-01T00:00:00Z',
    ApplicationType: 'Unspecified',
    Architecture: 'x86_64',
  };
  expect(read(JSON.stringify({ Content: [application, { Name: 'half' }] }))).toEqual({
    packages: [
      {
        type: 'bottlerocket',
        name: 'kernel-6.1',
        version: '6.1.82-1.1700000000.abcdef01.br1',
        arch: 'x86_64',
        vendor: 'Bottlerocket',
      },
    ],
    gaps: ['1 package(s) without name or version'],
  });
});

test('no text makes it throw anything but a PlimsollError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), text => {
      expect(() => read(text)).toThrow(PlimsollError);
    }),
  );
});
