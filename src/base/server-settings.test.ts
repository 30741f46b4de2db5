import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { collectSettings, printSettings, readSettings } from './server-settings.ts';
import { settingsPage } from './settings-page.ts';

const read = (env: Record<string, string>) => readSettings(collectSettings({}, env));

test('docs/configuration.md is up to date (else run: node --conditions=plimsoll-source src/base/settings-page.ts)', () => {
  expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(settingsPage());
});

test('the defaults can be used', () => {
  expect(read({})).toMatchObject({ host: '127.0.0.1', port: 8080, data: './data', hasSensor: true, trustProxy: false });
});

test('a flag goes before the environment, the environment before the default; empty text counts as missing', () => {
  const texts = collectSettings(
    { data: '/flag' },
    { PLIMSOLL_DATA: '/env', PLIMSOLL_LOG_LEVEL: 'debug', PLIMSOLL_LISTEN: '' },
  );
  expect(readSettings(texts)).toMatchObject({ data: '/flag', logLevel: 'debug', port: 8080 });
});

test('mail is sent when there is a server for it and somebody whom it is from', () => {
  expect(read({}).mail).toBeUndefined();
  const env = { PLIMSOLL_SMTP: 'smtps://me:hush@mail.example', PLIMSOLL_MAIL_FROM: 'Plimsoll <plimsoll@example.com>' };
  expect(read(env).mail).toMatchObject({ server: new URL(env.PLIMSOLL_SMTP), from: env.PLIMSOLL_MAIL_FROM });
});

test.each([
  { env: {}, clair: undefined, why: 'off unless switched on' },
  { env: { PLIMSOLL_CLAIR_HOSTS: 'quay' }, clair: undefined, why: 'hosts alone do not' },
  { env: { PLIMSOLL_CLAIR_PSK: 'none' }, clair: { hosts: [] }, why: 'no key is said aloud' },
  {
    env: {
      PLIMSOLL_CLAIR_PSK: 'MTU5YzA4Y2ZkNzJoMQ==',
      PLIMSOLL_CLAIR_HOSTS: 'quay.example, 10.0.0.7',
      PLIMSOLL_CLAIR_WEBHOOK: 'https://quay.example/secscan/notification',
    },
    clair: {
      key: new Uint8Array(Buffer.from('159c08cfd72h1')),
      webhook: new URL('https://quay.example/secscan/notification'),
      hosts: ['quay.example', '10.0.0.7'],
    },
    why: 'a key as in the documents of Quay',
  },
])('the API of Clair: $why', ({ env, clair }) => {
  expect(read(env).clair).toEqual(clair);
});

test('secrets are not printed', () => {
  const printed = printSettings(
    collectSettings({}, { DATABASE_URL: 'postgresql://me:hidden@db/x', PLIMSOLL_DATA: '/srv' }),
  );
  expect(printed).toContain('DATABASE_URL=********\n');
  expect(printed).toContain('PLIMSOLL_DATA=/srv\n');
  expect(printed).not.toContain('hidden');
});

test.each([
  { listen: '0.0.0.0:80', host: '0.0.0.0', port: 80 },
  { listen: ':9000', host: '0.0.0.0', port: 9000 },
  { listen: '[::1]:9000', host: '::1', port: 9000 },
  { listen: 'localhost:0', host: 'localhost', port: 0 },
])('it listens where "$listen" says', ({ listen, host, port }) => {
  expect(read({ PLIMSOLL_LISTEN: listen })).toMatchObject({ host, port });
});

test.each([
  { env: { PLIMSOLL_LISTEN: '8080' }, named: 'PLIMSOLL_LISTEN' },
  { env: { PLIMSOLL_LISTEN: 'a:99999' }, named: 'PLIMSOLL_LISTEN' },
  { env: { DATABASE_URL: 'mysql://db' }, named: 'DATABASE_URL' },
  { env: { PLIMSOLL_SENSOR: 'maybe' }, named: 'PLIMSOLL_SENSOR' },
  { env: { PLIMSOLL_SENSOR_CONCURRENCY: '21' }, named: 'PLIMSOLL_SENSOR_CONCURRENCY' },
  { env: { PLIMSOLL_LAYER_CACHE: 'much' }, named: 'PLIMSOLL_LAYER_CACHE' },
  { env: { PLIMSOLL_SENSOR_LABELS: 'zone' }, named: 'PLIMSOLL_SENSOR_LABELS' },
  { env: { PLIMSOLL_PUBLIC_URL: 'plimsoll.example' }, named: 'PLIMSOLL_PUBLIC_URL' },
  { env: { PLIMSOLL_SMTP: 'mail.example' }, named: 'PLIMSOLL_SMTP' },
  { env: { PLIMSOLL_SMTP: 'smtp://mail.example' }, named: 'PLIMSOLL_MAIL_FROM' },
  { env: { PLIMSOLL_SMTP: 'smtp://mail.example', PLIMSOLL_MAIL_FROM: 'a@b\r\nBcc: c@d' }, named: 'PLIMSOLL_MAIL_FROM' },
  { env: { PLIMSOLL_CLAIR_PSK: 'c2hvcnQ=' }, named: 'PLIMSOLL_CLAIR_PSK' },
  { env: { PLIMSOLL_CLAIR_PSK: 'not base64, but long enough' }, named: 'PLIMSOLL_CLAIR_PSK' },
  { env: { PLIMSOLL_CLAIR_PSK: 'none', PLIMSOLL_CLAIR_HOSTS: 'quay:8443' }, named: 'PLIMSOLL_CLAIR_HOSTS' },
  { env: { PLIMSOLL_CLAIR_PSK: 'none', PLIMSOLL_CLAIR_WEBHOOK: 'quay.example' }, named: 'PLIMSOLL_CLAIR_WEBHOOK' },
  { env: { PLIMSOLL_TLS_CERT: '/cert.pem' }, named: 'PLIMSOLL_TLS_KEY' },
])('$env cannot be used, and the message names $named', ({ env, named }) => {
  expect(() => read(env)).toThrow(named);
  expect(() => read(env)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
});
