import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findLinkerVersion } from './linker-version.ts';

const MODULE = 'example.com/tool';

test.each([
  { flags: '-s -w -X main.version=1.2.3', version: 'v1.2.3', why: 'the usual place' },
  { flags: '-X=main.Version=v1.2.3', version: 'v1.2.3', why: 'with an equals sign, any case, a v already' },
  { flags: `-X 'example.com/tool/version.Version=1.2.3-rc.1'`, version: 'v1.2.3-rc.1', why: 'in quotes' },
  {
    flags: ' -X "github.com/docker/cli/cli/version.Version=28.2.2" -extldflags -static',
    version: 'v28.2.2',
    why: 'Docker',
  },
  {
    flags: '-X k8s.io/component-base/version.gitVersion=v1.29.0 -X k8s.io/client-go/pkg/version.gitVersion=v1.29.0',
    version: 'v1.29.0',
    why: 'Kubernetes, twice the same',
  },
  {
    flags: `-X github.com/other/lib.Version=9.9.9 -X main.version=1.2.3`,
    version: 'v1.2.3',
    why: 'a library’s version counts less than the program’s',
  },
  {
    flags: `-X main.version=9.9.9 -X ${MODULE}/cmd/tool.version=1.2.3`,
    version: 'v1.2.3',
    why: 'below cmd of the own module it is surest',
  },
  { flags: '-X main.version=1.2.3 -X example.com/a/version.Version=1.2.4', version: undefined, why: 'a contradiction' },
  { flags: '-X main.version=dev -X main.commit=1.2.3', version: undefined, why: 'no version, and a version elsewhere' },
  { flags: '-X main.conversion=1.2.3', version: undefined, why: 'a name that merely ends so' },
  { flags: '-X', version: undefined, why: 'a flag without argument' },
  { flags: '', version: undefined, why: 'no flags' },
])('$flags: $version ($why)', ({ flags, version }) => {
  expect(findLinkerVersion(flags, MODULE)).toBe(version);
});

test('no text makes it throw', () => {
  const text = fc
    .array(fc.constantFrom('-X', ' ', "'", '"', '=', 'main.version', '1.2', '/cmd/'))
    .map(all => all.join(''));
  fc.assert(fc.property(text, flags => void findLinkerVersion(flags, undefined)));
});
