import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf, fits, readPullSecret, secretsIn } from './pull-secret.ts';
import { ProjectError } from './situation.ts';

const PASSWORD = 'hunter2-hunter2';
const AUTH = Buffer.from(`robot:${PASSWORD}`).toString('base64');
const place = { registry: 'quay.io', repository: 'acme/pilot' };
const config = (...hosts: string[]) =>
  JSON.stringify({ auths: Object.fromEntries(hosts.map(host => [host, { auth: AUTH }])) });

function failureOf(text: string, at: Parameters<typeof readPullSecret>[1] = place): ProjectError {
  try {
    readPullSecret(text, at);
  } catch (error) {
    if (error instanceof ProjectError) return error;
    throw error;
  }
  throw new Error('It was taken');
}

describe('pull secrets', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const kubernetes = { apiVersion: 'v1', kind: 'Secret', data: { '.dockerconfigjson': base64(config('quay.io')) } };
  test.each([
    { text: config('quay.io'), entry: 'quay.io', why: 'as podman writes it' },
    { text: `${config('quay.io')}\n`, entry: 'quay.io', why: 'with the line end of a file' },
    { text: `\uFEFF${config('quay.io')}`, entry: 'quay.io', why: 'with the mark of a Windows editor' },
    { text: JSON.stringify(config('quay.io')), entry: 'quay.io', why: 'encoded twice' },
    { text: base64(config('quay.io')), entry: 'quay.io', why: 'base64 of a Kubernetes secret alone' },
    { text: JSON.stringify(kubernetes), entry: 'quay.io', why: 'a Kubernetes secret as JSON' },
    {
      text: `kind: Secret\ndata:\n  .dockerconfigjson: ${base64(config('quay.io'))}\n`,
      entry: 'quay.io',
      why: 'and as YAML',
    },
    { text: JSON.stringify({ 'quay.io': { auth: AUTH } }), entry: 'quay.io', why: 'the old .dockercfg' },
    { text: config('a.example', 'quay.io', 'b.example'), entry: 'quay.io', why: 'the fitting one of several' },
    { text: config('quay.io', 'quay.io/acme'), entry: 'quay.io/acme', why: 'the most specific' },
    { text: config('elsewhere.example'), entry: 'elsewhere.example', why: 'a single one, for scans from elsewhere' },
  ])('is taken: $why', ({ text, entry }) => {
    const { summary, text: kept } = readPullSecret(text, place);
    expect(summary).toMatchObject({ entry, account: 'robot' });
    expect(Object.keys((JSON.parse(kept) as { auths: object }).auths)).toEqual([entry]);
  });

  test('says which entries were not kept, and keeps nothing else of the file', () => {
    const file = JSON.stringify({
      auths: { 'quay.io': { auth: AUTH, email: 'me@example.org' }, 'a.example': { auth: AUTH } },
      HttpHeaders: { 'X-Secret': 'other-secret' },
    });
    const { summary, text } = readPullSecret(file, place);
    expect(summary.dropped).toEqual(['a.example']);
    expect(text).not.toMatch(/email|HttpHeaders|other-secret|a\.example/);
  });

  test.each(['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'])(
    'Docker Hub is known as "%s"',
    key => {
      const hub = { registry: 'docker.io', repository: 'acme/pilot' };
      expect(readPullSecret(config('a.example', key), hub).summary.entry).toBe(key);
      expect(fits(key, hub)).toBe(true);
    },
  );

  test.each([
    { text: '', situation: 'secret_malformed', says: /empty/ },
    { text: '<html>', situation: 'secret_malformed', says: /web page/ },
    { text: `{"auths":{"quay.io":{"auth":"${AUTH}"}`, situation: 'secret_malformed', says: /not JSON/ },
    { text: `{"auths":\n  {"quay.io" {"auth":"${AUTH}"}}}`, situation: 'secret_malformed', says: /line 2, column/ },
    { text: '[]', situation: 'secret_malformed', says: /list/ },
    { text: '{}', situation: 'secret_malformed', says: /no entry under "auths"/ },
    {
      text: '{"auths":{"quay.io":{"auth":"bm9jb2xvbg=="}}}',
      situation: 'secret_malformed',
      says: /"quay\.io".*user:password/,
    },
    { text: '{"kind":"Secret","data":{}}', situation: 'secret_malformed', says: /no "\.dockerconfigjson"/ },
    {
      text: '{"auths":{"quay.io":{}},"credsStore":"osxkeychain"}',
      situation: 'secret_helper_only',
      says: /osxkeychain.*--authfile/,
    },
    { text: '{"auths":{"quay.io":{}}}', situation: 'secret_helper_only', says: /entries are empty/ },
    {
      text: config('a.example', 'b.example'),
      situation: 'secret_no_match',
      says: /"a\.example", "b\.example".*expected "quay\.io"/,
    },
  ])('is refused with $situation: $says', ({ text, situation, says }) => {
    const error = failureOf(text);
    expect(error.situation).toBe(situation);
    expect(error.message).toMatch(says);
  });

  test('no message repeats a secret, wherever a file is cut or broken', () => {
    const file = config('quay.io', 'b.example');
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.constantFrom('', '}', '"', '\0', 'x'), (at, noise) => {
        let error: unknown;
        try {
          readPullSecret(file.slice(0, at) + noise, place);
        } catch (thrown) {
          error = thrown;
        }
        const told = error instanceof Error ? `${error.message} ${JSON.stringify(error)} ${error.stack}` : '';
        return !told.includes(AUTH) && !told.includes(PASSWORD) && !told.includes(AUTH.slice(0, 12));
      }),
    );
  });

  test('what is kept opens for its registry alone', async () => {
    const { text } = readPullSecret(config('quay.io/acme', 'b.example'), place);
    const { store } = credentialsOf(text);
    const signal = new AbortController().signal;
    expect(await store.find({ registry: 'quay.io', repository: 'acme/pilot' }, { signal })).toMatchObject({
      username: 'robot',
    });
    expect(await store.find({ registry: 'quay.io', repository: 'other/pilot' }, { signal })).toBeUndefined();
    expect(await store.find({ registry: 'evil.example', repository: 'acme/pilot' }, { signal })).toBeUndefined();
    expect(secretsIn(text)).toEqual(expect.arrayContaining([AUTH, PASSWORD]));
  });
});
