/** The commands are pasted into shells: nothing of an address may mean anything there. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handCommands } from './hand-commands.ts';

test.each([
  { address: 'registry.example:5001', host: 'registry.example:5001', scheme: 'https', why: 'without a scheme' },
  { address: 'https://registry.example/', host: 'registry.example', scheme: 'https', why: 'logins take no scheme' },
  { address: 'http://127.0.0.1:5000', host: '127.0.0.1:5000', scheme: 'http', why: 'plain http stays so' },
  { address: ' https://acme.example/artifactory ', host: 'acme.example', scheme: 'https', why: 'nor a path' },
  { address: 'https://[::1]:5000', host: '[::1]:5000', scheme: 'https', why: 'an address of IPv6' },
])('$address: $why', ({ address, host, scheme }) => {
  expect(handCommands(address, 'team/app').map(({ text }) => text)).toEqual([
    `docker login ${host}`,
    `crictl pull ${host}/team/app:TAG`,
    `curl -u USER ${scheme}://${host}/v2/_catalog`,
  ]);
});

test('an address that could mean something to a shell has none', () => {
  for (const address of ['', 'a;b', '$(id)', 'a b', 'https://`id`/', 'a\nb']) expect(handCommands(address)).toEqual([]);
  fc.assert(
    fc.property(fc.string(), fc.string(), (address, repository) => {
      for (const { text } of handCommands(address, repository)) expect(text).toMatch(/^[A-Za-z0-9._:/[\] -]+$/);
    }),
  );
});
