import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { openCredentialStore } from './credentials.ts';

const options = { signal: new AbortController().signal };
const inBase64 = (text: string) => Buffer.from(text).toString('base64');
const login = (text: string) => ({ auth: inBase64(text) });

async function put(folder: ScratchFolder, path: string, content: object | string): Promise<string> {
  const file = folder.at(path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Puts a helper into the folder that serves as PATH. */
async function putHelper(folder: ScratchFolder, name: string, script: string): Promise<void> {
  await chmod(await put(folder, `bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`), 0o755);
}

/** User names found for a repository in a file of these `auths`. */
async function userFor(auths: object, registry: string, repository: string): Promise<string | undefined> {
  await using folder = await scratchFolder();
  const authFile = await put(folder, 'auth.json', { auths });
  const found = await openCredentialStore({ authFile, env: {} }).find({ registry, repository }, options);
  return found?.kind === 'password' ? found.username : found?.kind;
}

test.each([
  { key: 'quay.io', registry: 'quay.io', repository: 'org/app', why: 'the host' },
  { key: 'quay.io/org', registry: 'quay.io', repository: 'org/app', why: 'a namespace of it' },
  { key: 'quay.io/org/app', registry: 'quay.io', repository: 'org/app', why: 'the repository itself' },
  { key: 'https://quay.io', registry: 'quay.io', repository: 'org/app', why: 'a URL' },
  { key: 'https://quay.io/v2/', registry: 'quay.io', repository: 'org/app', why: 'a URL with a path' },
  { key: 'http://r.example:5000/v1/', registry: 'r.example:5000', repository: 'app', why: 'a URL with a port' },
  { key: 'r.example:5000', registry: 'r.example:5000', repository: 'app', why: 'a port' },
  { key: 'QUAY.io', registry: 'quay.io', repository: 'org/app', why: 'host names know no case' },
  { key: 'https://index.docker.io/v1/', registry: 'docker.io', repository: 'library/alpine', why: 'docker login' },
  { key: 'index.docker.io/v1/', registry: 'docker.io', repository: 'library/alpine', why: 'old docker login' },
  { key: 'docker.io', registry: 'docker.io', repository: 'library/alpine', why: 'podman login' },
  { key: 'registry-1.docker.io', registry: 'docker.io', repository: 'library/alpine', why: 'the host of the API' },
  { key: 'docker.io/library', registry: 'docker.io', repository: 'library/alpine', why: 'a namespace of Docker Hub' },
])('the entry "$key" is for $registry/$repository: $why', async ({ key, registry, repository }) => {
  expect(await userFor({ 'other.example': login('x:y'), [key]: login('me:secret') }, registry, repository)).toBe('me');
});

test.each([
  { key: 'quay.io/org', registry: 'quay.io', repository: 'organic/app', why: 'a namespace ends at a slash' },
  { key: 'quay.io/org/app', registry: 'quay.io', repository: 'org/app2', why: 'another repository' },
  { key: 'r.example', registry: 'r.example:5000', repository: 'app', why: 'another port is another registry' },
  { key: 'evil.example/quay.io', registry: 'quay.io', repository: 'app', why: 'the host comes first' },
  { key: 'quay.io.evil.example', registry: 'quay.io', repository: 'app', why: 'another host' },
  { key: '', registry: 'quay.io', repository: 'app', why: 'nobody' },
])('the entry "$key" is not for $registry/$repository: $why', async ({ key, registry, repository }) => {
  expect(await userFor({ [key]: login('me:secret') }, registry, repository)).toBeUndefined();
});

test('of several entries the most specific one counts, wherever it stands', async () => {
  const auths = {
    'quay.io': login('host:x'),
    'quay.io/org/app': login('app:x'),
    'quay.io/org': login('org:x'),
  };
  expect(await userFor(auths, 'quay.io', 'org/app')).toBe('app');
  expect(await userFor(auths, 'quay.io', 'org/other')).toBe('org');
  expect(await userFor(auths, 'quay.io', 'elsewhere/app')).toBe('host');
});

test.each([
  { entry: login('me:pass:with:colons'), found: { kind: 'password', username: 'me', password: 'pass:with:colons' } },
  { entry: login('me:padded\0\0'), found: { kind: 'password', username: 'me', password: 'padded' } },
  { entry: login('mé:pässword'), found: { kind: 'password', username: 'mé', password: 'pässword' } },
  { entry: { username: 'me', password: 'p' }, found: { kind: 'password', username: 'me', password: 'p' } },
  { entry: { ...login('me:p'), identitytoken: 'id' }, found: { kind: 'identity-token', token: 'id' } },
  { entry: { registrytoken: 'ready' }, found: { kind: 'registry-token', token: 'ready' } },
  { entry: {}, found: undefined },
])('an entry is read as $found', async ({ entry, found }) => {
  await using folder = await scratchFolder();
  const authFile = await put(folder, 'auth.json', { auths: { 'r.example': entry } });
  const store = openCredentialStore({ authFile, env: {} });
  const read = await store.find({ registry: 'r.example', repository: 'app' }, options);
  expect(read).toEqual(found === undefined ? undefined : { ...found, source: authFile });
});

test('files are asked in the order of podman, then docker, and the first that knows the registry answers', async () => {
  await using folder = await scratchFolder();
  const env = { HOME: folder.at('home'), XDG_RUNTIME_DIR: folder.at('run') };
  const store = openCredentialStore({ env });
  const source = async () => (await store.find({ registry: 'r.example', repository: 'app' }, options))?.source;
  const auths = { 'r.example': login('me:x') };
  expect(await source()).toBeUndefined();
  const docker = await put(folder, 'home/.docker/config.json', { auths });
  expect(await source()).toBe(docker);
  const podman = await put(folder, 'home/.config/containers/auth.json', { auths });
  expect(await source()).toBe(podman);
  await put(folder, 'run/containers/auth.json', { auths: { 'other.example': login('me:x') } });
  expect(await source()).toBe(podman);
  const runtime = await put(folder, 'run/containers/auth.json', { auths });
  expect(await source()).toBe(runtime);
  const named = await put(folder, 'named.json', { auths });
  const byVariable = openCredentialStore({ env: { ...env, REGISTRY_AUTH_FILE: named } });
  expect((await byVariable.find({ registry: 'r.example', repository: 'app' }, options))?.source).toBe(named);
});

test('a file that was named must be there, and no other is asked in its place', async () => {
  await using folder = await scratchFolder();
  await put(folder, '.docker/config.json', { auths: { 'r.example': login('me:x') } });
  const env = { HOME: folder.path };
  const missing = openCredentialStore({ authFile: folder.at('missing.json'), env });
  await expect(missing.find({ registry: 'r.example', repository: 'app' }, options)).rejects.toMatchObject({
    code: 'CREDENTIALS_INVALID',
    message: expect.stringContaining('there is no such file'),
  });
  const empty = openCredentialStore({ authFile: await put(folder, 'empty.json', ''), env });
  expect(await empty.find({ registry: 'r.example', repository: 'app' }, options)).toBeUndefined();
});

test.each([
  { text: '{"auths": {"r.example": {"auth": "hunter2', why: 'cut short' },
  { text: '["hunter2"]', why: 'a list' },
  { text: '{"auths": "hunter2"}', why: 'auths is no object' },
  { text: '{"credHelpers": {"r.example": {"hunter2": 1}}}', why: 'a helper is a name' },
  { text: `{"auths": {"r.example": {"auth": "${inBase64('hunter2')}"}}}`, why: 'no colon in it' },
  { text: '{"auths": {"r.example": {"auth": ["hunter2"]}}}', why: 'auth is no text' },
  { text: '{"auths": {"r.example": "hunter2"}}', why: 'an entry is no object' },
  { text: '{"auths": {"r.example": {"registrytoken": "hunter2\\n"}}}', why: 'a token of two lines' },
])('a file that is malformed ($why) is an error that repeats nothing of it', async ({ text }) => {
  await using folder = await scratchFolder();
  const store = openCredentialStore({ authFile: await put(folder, 'auth.json', text), env: {} });
  const error = await store
    .find({ registry: 'r.example', repository: 'app' }, options)
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID' });
  expect(error).toBeInstanceOf(PlimsollError);
  expect((error as Error).cause).toBeUndefined();
  expect((error as Error).message).not.toMatch(new RegExp(`hunter2|${inBase64('hunter2').slice(0, 6)}`));
});

test('a malformed entry hurts nobody but its own registry', async () => {
  const auths = { 'broken.example': { auth: 42 }, 'r.example': login('me:x') };
  expect(await userFor(auths, 'r.example', 'app')).toBe('me');
});

test('no text makes a credentials file fail otherwise than with its error', async () => {
  await using folder = await scratchFolder();
  const value = fc.jsonValue({ maxDepth: 3 });
  await fc.assert(
    fc.asyncProperty(fc.record({ auths: value, credHelpers: value, credsStore: value }), async file => {
      const store = openCredentialStore({ authFile: await put(folder, 'auth.json', file), env: { PATH: '/nowhere' } });
      const outcome = await store.find({ registry: 'a', repository: 'b' }, options).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    }),
    { numRuns: 60 },
  );
});

test('a helper is run for its registry, told the server on standard input, and answers with JSON', async () => {
  await using folder = await scratchFolder();
  await putHelper(
    folder,
    'mine',
    'read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"$1-$server\\",\\"Secret\\":\\"s\\"}"',
  );
  const authFile = await put(folder, 'config.json', { credHelpers: { 'r.example:5000': 'mine' } });
  const store = openCredentialStore({ authFile, env: { PATH: `${folder.at('bin')}:/usr/bin:/bin` } });
  expect(await store.find({ registry: 'r.example:5000', repository: 'app' }, options)).toEqual({
    kind: 'password',
    username: 'get-r.example:5000',
    password: 's',
    source: `docker-credential-mine (${authFile})`,
  });
  expect(await store.find({ registry: 'other.example', repository: 'app' }, options)).toBeUndefined();
});

test.each([
  {
    why: 'Docker Hub goes by the URL that docker stores it under',
    script: 'read s; [ "$s" = https://index.docker.io/v1/ ] && echo \'{"Username":"hub","Secret":"s"}\'',
    found: { kind: 'password', username: 'hub' },
  },
  {
    why: 'or by the name that podman stores it under',
    script:
      'read s; if [ "$s" = docker.io ]; then echo \'{"Username":"hub","Secret":"s"}\'; else echo "credentials not found in native keychain"; exit 1; fi',
    found: { kind: 'password', username: 'hub' },
  },
  {
    why: 'the user <token> brings an identity token',
    script: 'echo \'{"Username":"<token>","Secret":"refresh"}\'',
    found: { kind: 'identity-token', token: 'refresh' },
  },
])('the general helper is asked for every registry: $why', async ({ script, found }) => {
  await using folder = await scratchFolder();
  await putHelper(folder, 'store', script);
  const authFile = await put(folder, 'config.json', {
    credsStore: 'store',
    auths: { 'https://index.docker.io/v1/': {} },
  });
  const store = openCredentialStore({ authFile, env: { PATH: `${folder.at('bin')}:/usr/bin:/bin` } });
  expect(await store.find({ registry: 'docker.io', repository: 'library/alpine' }, options)).toMatchObject(found);
});

test('a helper without credentials leaves the file to answer', async () => {
  await using folder = await scratchFolder();
  await putHelper(folder, 'store', 'echo "credentials not found in native keychain"; exit 1');
  const authFile = await put(folder, 'config.json', { credsStore: 'store', auths: { 'r.example': login('me:x') } });
  const store = openCredentialStore({ authFile, env: { PATH: `${folder.at('bin')}:/usr/bin:/bin` } });
  expect(await store.find({ registry: 'r.example', repository: 'app' }, options)).toMatchObject({ username: 'me' });
});

test.each([
  { why: 'it is not installed', helper: 'absent', script: '', says: 'is not installed' },
  { why: 'it fails', helper: 'bad', script: 'echo "hunter2"; echo hunter2 >&2; exit 3', says: 'failed with status 3' },
  { why: 'it talks nonsense', helper: 'bad', script: 'echo hunter2', says: 'is not JSON' },
  { why: 'it never stops', helper: 'bad', script: 'echo hunter2; exec sleep 2', says: 'no answer within' },
  { why: 'its child never stops', helper: 'bad', script: 'sleep 2', says: 'no answer within' },
  { why: 'it talks too much', helper: 'bad', script: 'yes hunter2', says: 'prints more than' },
  { why: 'its name is a path', helper: '../bad', script: '', says: 'is not the name of a helper' },
])('a helper that is of no use is named, and nothing it said repeated: $why', async ({ helper, script, says }) => {
  await using folder = await scratchFolder();
  await putHelper(folder, 'bad', script);
  const authFile = await put(folder, 'config.json', { credHelpers: { 'r.example': helper } });
  const env = { PATH: `${folder.at('bin')}:/usr/bin:/bin` };
  const store = openCredentialStore({ authFile, env, helperTimeoutMs: 150 });
  const error = await store
    .find({ registry: 'r.example', repository: 'app' }, options)
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID', message: expect.stringContaining(says) });
  expect((error as Error).message).toContain(authFile);
  expect((error as Error).message).not.toContain('hunter2');
});
