import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimedGroup } from '../cataloguer.ts';
import { toBody } from '../file-body.ts';
import { brewCataloguer } from './cataloguer.ts';

const KEG = 'home/linuxbrew/.linuxbrew/Cellar/openssl@3/3.3.1';
const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const FORMULA = `class OpensslAT3 < Formula
  desc "Cryptography and SSL/TLS Toolkit"
  license "Apache-2.0"
end
`;

function read(formula: string, install?: string) {
  const companions = new Map(
    install === undefined ? [] : [[`${KEG}/INSTALL_RECEIPT.json`, toBody(Buffer.from(install))]],
  );
  const file: ClaimedGroup = {
    ...entryOf(`${KEG}/.brew/openssl@3.rb`),
    body: toBody(Buffer.from(formula)),
    companions,
  };
  return brewCataloguer.read(file);
}

test.each([
  { path: `${KEG}/.brew/openssl@3.rb`, claimed: true, why: 'the formula of an installed version' },
  { path: `${KEG}/lib/ruby/openssl.rb`, claimed: false, why: 'a Ruby file' },
  { path: 'Library/Taps/homebrew/Formula/o/openssl@3.rb', claimed: false, why: 'what could be installed' },
  { path: '.brew/a.rb', claimed: false, why: 'not in a cellar' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(brewCataloguer.claims(entryOf(path))).toBe(claimed);
});

test('a formula becomes a package of the version that is installed, from the tap of its receipt', () => {
  expect(brewCataloguer.companionOf?.(entryOf(`${KEG}/INSTALL_RECEIPT.json`))).toBe(`${KEG}/.brew/openssl@3.rb`);
  expect(read(FORMULA, '{"source":{"tap":"homebrew/core"}}')).toEqual({
    packages: [
      { type: 'brew', name: 'openssl@3', version: '3.3.1', licenses: ['Apache-2.0'], vendor: 'homebrew/core' },
    ],
    gaps: [],
  });
});

test('a receipt is not needed, and a broken one is told', () => {
  expect(read('')).toEqual({ packages: [{ type: 'brew', name: 'openssl@3', version: '3.3.1' }], gaps: [] });
  expect(read(FORMULA, '{')?.gaps).toEqual(['It is not JSON']);
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (formula, install) => void read(formula, install)),
  );
});
