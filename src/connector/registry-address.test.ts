import { expect, test } from 'vitest';
import { parseRegistryAddress } from './registry-address.ts';

const plain = { insecureHttp: true };

test.each([
  { text: 'registry.example', url: 'https://registry.example', host: 'registry.example', why: 'https unless said' },
  {
    text: ' Registry.Example:5000/ ',
    url: 'https://registry.example:5000',
    host: 'registry.example:5000',
    why: 'with a port',
  },
  {
    text: 'https://registry.example:443',
    url: 'https://registry.example',
    host: 'registry.example',
    why: 'the usual port',
  },
  {
    text: 'https://host.example/some/registry/v2/',
    url: 'https://host.example/some/registry',
    host: 'host.example',
    why: 'below a path',
  },
  {
    text: 'registry.example/v2',
    url: 'https://registry.example',
    host: 'registry.example',
    why: 'copied with its API',
  },
  { text: '[2001:db8::1]:5000', url: 'https://[2001:db8::1]:5000', host: '[2001:db8::1]:5000', why: 'IPv6' },
  {
    text: 'bücher.example',
    url: 'https://xn--bcher-kva.example',
    host: 'xn--bcher-kva.example',
    why: 'letters beyond ASCII',
  },
  { text: 'http://10.0.0.5:5000', url: 'http://10.0.0.5:5000', host: '10.0.0.5:5000', why: 'http that was confirmed' },
  {
    text: 'localhost:5000',
    url: 'https://localhost:5000',
    host: 'localhost:5000',
    why: 'no silent http, not even here',
  },
])('"$text" is $url: $why', ({ text, url, host }) => {
  const address = parseRegistryAddress(text, plain);
  expect(address).toMatchObject({ url, host });
  expect(address.base.href).toBe(`${url}/`);
  expect(parseRegistryAddress(url, plain).url).toBe(url);
});

test.each([
  { text: '', why: 'empty' },
  { text: 'ftp://registry.example', why: 'another protocol' },
  { text: 'file:///etc/passwd', why: 'a file' },
  { text: 'https://registry.example/?x=1', why: 'a query' },
  { text: 'registry example', why: 'a space' },
  { text: 'registry.example:99999', why: 'no port' },
  { text: 'https://', why: 'no host' },
  { text: `https://${'a'.repeat(2000)}.example`, why: 'too long' },
  { text: 'http://registry.example', tls: {}, why: 'http that nobody confirmed' },
])('"$text" is refused: $why', ({ text, tls }) => {
  expect(() => parseRegistryAddress(text, tls ?? plain)).toThrow(
    expect.objectContaining({ code: 'REGISTRY_SETTINGS_INVALID' }),
  );
});

test('credentials in an address are refused, and not repeated', () => {
  const read = () => parseRegistryAddress('https://jane:correct-horse@registry.example', plain);
  expect(read).toThrow(/registry\.example: a user name and password belong into the credentials/);
  expect(read).not.toThrow(/correct-horse/);
});
