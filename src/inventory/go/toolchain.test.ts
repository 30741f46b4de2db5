import { expect, test } from 'vitest';
import { parseToolchain } from './toolchain.ts';

test.each([
  { text: 'go1.22.1', version: '1.22.1', isVendor: false, why: 'a release' },
  { text: 'go1.19', version: '1.19', isVendor: false, why: 'first releases had no third number before 1.21' },
  { text: 'go1.22rc1', version: '1.22.0-rc.1', isVendor: false, why: 'a release candidate, as advisories write it' },
  { text: 'go1.21beta2', version: '1.21.0-beta.2', isVendor: false, why: 'a beta' },
  { text: 'go1.21.3 (Red Hat 1.21.3-4.el9)', version: '1.21.3', isVendor: true, why: 'Red Hat backports fixes' },
  { text: 'go1.20.10-fips-3', version: '1.20.10', isVendor: true, why: 'some vendor’s suffix' },
  { text: 'go1.22.5 X:boringcrypto', version: '1.22.5', isVendor: false, why: 'an experiment, until 1.25' },
  { text: 'go1.26.0-X:jsonv2', version: '1.26.0', isVendor: false, why: 'an experiment, since 1.26' },
  { text: 'go1.18.1b7', version: '1.18.1', isVendor: false, why: 'the BoringCrypto branch' },
  {
    text: 'devel go1.24-5d2a6f4 Mon',
    version: '(devel)',
    isVendor: false,
    why: 'a build between releases has no version',
  },
])('$text is $version: $why', ({ text, version, isVendor }) => {
  expect(parseToolchain(text)).toMatchObject({ version, isVendor });
});
