/**
 * Every route of the server against everybody who might try: authorisation/ says who may. The server is the real one, asked over HTTP, on a
 * PostgreSQL into which the test puts an image.
 *
 * Denied is an answer 401 or 403, or 404 for what one may not even know of; everything else is allowed, a failure of the server excepted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectSettings, readSettings } from '#base/server-settings.ts';
import { openStore } from '#store/database.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { newDatabase } from '#store/testing/stores.ts';
import { SOURCE_IDS } from '#vulndb/fetch/feed-url.ts';
import { type RunningServer, startServer } from '../../src/main/server/start-server.ts';
import { AUTHORISATION } from './authorisation/all-rows.ts';
import { type OwnImage, placeOwnImage } from './authorisation/own-image.ts';
import type { Audience, Row, SampleRequest, SampleWorld } from './authorisation/row.ts';

const PASSWORD = 'correct horse battery';
const HOUR_MS = 3600_000;
/** Who has not been told no by then has been let through. */
const DENIED_WITHIN_MS = 5000;

/** Who might try, and the roles of each: `own` and `foreign` are namespaces. */
const PEOPLE = {
  viewer: { own: 'viewer' },
  operator: { own: 'operator' },
  'admin of the namespace': { own: 'admin' },
  'admin of a foreign namespace': { foreign: 'admin' },
  'server viewer': { everywhere: 'viewer' },
  'server operator': { everywhere: 'operator' },
  'server admin': { everywhere: 'admin' },
} as const satisfies Record<string, Readonly<Partial<Record<'own' | 'foreign' | 'everywhere', string>>>>;

type Person = keyof typeof PEOPLE;
type Visitor = Person | 'anonymous' | 'expired key' | 'revoked key';

const ALL: readonly Person[] = Object.keys(PEOPLE) as Person[];
const VISITORS: readonly Visitor[] = ['anonymous', 'expired key', 'revoked key', ...ALL];

/** Whom an audience has in it. */
const MEMBERS: Readonly<Record<Audience, readonly Visitor[]>> = {
  everybody: VISITORS,
  'signed-in': ALL,
  session: ALL,
  viewer: ALL.filter(person => person !== 'admin of a foreign namespace'),
  operator: ['operator', 'admin of the namespace', 'server operator', 'server admin'],
  admin: ['admin of the namespace', 'server admin'],
  'any namespace admin': ['admin of the namespace', 'admin of a foreign namespace', 'server admin'],
  'any namespace operator': [
    'operator',
    'admin of the namespace',
    'admin of a foreign namespace',
    'server operator',
    'server admin',
  ],
  'server viewer': ['server viewer', 'server operator', 'server admin'],
  'server operator': ['server operator', 'server admin'],
  'server admin': ['server admin'],
  sensor: [],
};

type Headers = Readonly<Record<string, string>>;

let server: RunningServer;
let folder: string;
/** How much later it is for the server. */
let aheadMs = 0;
let count = 0;
let own = '';
let foreign = '';
let image: OwnImage;
/** Of whoever runs the server; not one of those who try. */
let root: Headers = {};
const keys = new Map<Visitor, Headers>();
const sessions = new Map<Visitor, Headers>();

describe.skipIf(findPostgres() === undefined)('authorisation', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-authorisation-'));
    const location = await newDatabase();
    const { url } = location;
    const flags = {
      listen: '127.0.0.1:0',
      data: folder,
      adminPassword: PASSWORD,
      sensor: 'off',
      builder: 'off',
      clairPsk: Buffer.from('a key of nobody here').toString('base64'),
      databaseUrl: url,
      secretKey: 'a secret of at least 32 characters for tests',
      databaseSchedule: 'never',
      // Whoever may have the sources fetched fetches nothing.
      databaseMirrors: SOURCE_IDS.map(id => `${id}=http://127.0.0.1:9`).join(),
    };
    server = await startServer(readSettings(collectSettings(flags, {})), {
      env: {},
      version: '0.0.0',
      now: () => new Date(Date.now() + aheadMs),
      log: () => {},
    });
    root = await signIn('admin', PASSWORD);
    own = String((await ask('POST', '/api/v1/namespaces', { name: 'own-place' }))['id']);
    foreign = String((await ask('POST', '/api/v1/namespaces', { name: 'foreign-place' }))['id']);
    const registry = { name: 'own', type: 'docker-v2', url: 'https://registry.example', namespaceId: own };
    const { id: registryId } = await ask('POST', '/api/v1/registries', registry);
    {
      await using store = await openStore(location);
      image = await placeOwnImage(store, folder, String(registryId));
    }
    for (const person of ALL) {
      const { name, headers } = await addPerson(person);
      sessions.set(person, headers);
      keys.set(person, bearer((await makeKey(headers, { name, role: highest(person) })).key));
    }
    const expiring = await makeKey(root, {
      name: 'expiring',
      role: 'admin',
      expiresAt: new Date(Date.now() + HOUR_MS),
    });
    const revoked = await makeKey(root, { name: 'revoked', role: 'admin' });
    for (const { key } of [expiring, revoked])
      expect((await send('GET', '/api/v1/session', bearer(key))).status).toBe(200);
    await ask('DELETE', `/api/v1/api-keys/${revoked.id}`);
    aheadMs += HOUR_MS;
    keys.set('expired key', bearer(expiring.key));
    keys.set('revoked key', bearer(revoked.key));
  }, 180_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('every route has a row, and every row a route', () => {
    const routes = server.routes.map(({ method, url }) => `${method} ${url}`);
    const rows = AUTHORISATION.map(({ route }): string => route);
    expect(
      routes.filter(route => !rows.includes(route)),
      'routes without a row',
    ).toEqual([]);
    expect(
      rows.filter(route => !routes.includes(route)),
      'rows without a route',
    ).toEqual([]);
    expect(
      rows.filter((route, at) => rows.indexOf(route) !== at && !route.endsWith('*')),
      'rows twice',
    ).toEqual([]);
  });

  test('the document of the API names no route that is not in the table', async () => {
    const { paths } = (await (await send('GET', '/api/v1/openapi.json', {})).json()) as Record<string, object>;
    const documented = Object.entries(paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replace(/\{([^}]+)\}/g, ':$1')}`),
    );
    expect(documented.length).toBeGreaterThan(0);
    expect(documented.filter(route => !AUTHORISATION.some(row => row.route === route))).toEqual([]);
  });

  describe.each(AUTHORISATION.map(row => ({ row, route: row.route, audience: row.for })))(
    '$route is for: $audience',
    ({ row }) => {
      test('allowed are those alone, whoever tries', async () => {
        const allowed: Visitor[] = [];
        // Those who wait do so together.
        if (row.waits === true) {
          const answers = await Promise.all(VISITORS.map(visitor => isAllowed(row, visitor)));
          allowed.push(...VISITORS.filter((_, at) => answers[at]));
        } else {
          for (const visitor of VISITORS) if (await isAllowed(row, visitor)) allowed.push(visitor);
        }
        expect(allowed).toEqual(VISITORS.filter(visitor => MEMBERS[row.for].includes(visitor)));
      });
      if (row.for === 'session') {
        test('an API key is not allowed what is for sessions', async () => {
          for (const person of ALL) {
            expect(await isAllowed(row, person, 'key'), person).toBe(false);
          }
        });
      }
      if (row.isFiltered === true) {
        test('it does not show what is in a foreign namespace', async () => {
          const [here, there] = [
            await idsOf(row, 'admin of the namespace'),
            await idsOf(row, 'admin of a foreign namespace'),
          ];
          expect(here.length, 'there is something to be seen').toBeGreaterThan(0);
          expect(there.filter(id => here.includes(id))).toEqual([]);
        });
      }
    },
  );
});

async function isAllowed(row: Row, visitor: Visitor, by?: 'key'): Promise<boolean> {
  const { status, text } = await attempt(row, visitor, by);
  if (status >= 500 && status !== 502 && status !== 503) throw new Error(`The server failed for ${visitor}: ${text}`);
  // What is for everybody hides nothing: a wrong token or password is no matter of roles.
  if (row.for === 'everybody') return status !== 403;
  return status !== 401 && status !== 403 && status !== 404;
}

/** What a page shows of namespaces, by id; what belongs to none is for everybody. */
async function idsOf(row: Row, visitor: Visitor): Promise<readonly unknown[]> {
  const { status, text } = await attempt(row, visitor);
  expect(status, text).toBe(200);
  const { items } = JSON.parse(text) as { items: readonly { id: unknown; namespaceId?: string | null }[] };
  return items.filter(({ namespaceId }) => namespaceId !== null).map(({ id }) => id);
}

async function attempt(row: Row, visitor: Visitor, by?: 'key'): Promise<{ status: number; text: string }> {
  const isBySession = row.for === 'session' && by === undefined && sessions.has(visitor);
  const world: SampleWorld = { own, foreign, image, isBySession, freshName: () => `fresh-${++count}`, ask, signIn };
  const { params = {}, rest = '', query = '', body, headers = {} }: SampleRequest = (await row.request?.(world)) ?? {};
  const [method = '', path = ''] = row.route.split(' ');
  const url = path
    .replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? `no-${name}`))
    .replace(/\*$/, rest);
  const shown = (isBySession ? sessions : keys).get(visitor) ?? {};
  const signal = row.waits === true ? AbortSignal.timeout(DENIED_WITHIN_MS) : undefined;
  let answer: Response;
  try {
    answer = await send(method, `${url}${query}`, { ...shown, ...headers }, body, signal);
  } catch (error) {
    if (signal?.aborted === true) return { status: 202, text: '' };
    throw error;
  }
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    await answer.body?.cancel();
    return { status: answer.status, text: '' };
  }
  return { status: answer.status, text: await answer.text() };
}

async function addPerson(person: Person): Promise<{ name: string; headers: Headers }> {
  const name = person.replaceAll(' ', '-');
  await ask('POST', '/api/v1/accounts', { name, password: PASSWORD });
  for (const [place, role] of Object.entries(PEOPLE[person])) {
    const id = place === 'own' ? own : foreign;
    const members = place === 'everywhere' ? '/api/v1/members' : `/api/v1/namespaces/${id}/members`;
    await ask('PUT', `${members}/${name}`, { role });
  }
  return { name, headers: await signIn(name, PASSWORD) };
}

function highest(person: Person): string {
  return Object.values(PEOPLE[person])[0] ?? 'viewer';
}

async function makeKey(headers: Headers, body: object): Promise<{ id: string; key: string }> {
  const answer = await send('POST', '/api/v1/api-keys', headers, body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: string; key: string };
}

async function signIn(name: string, password: string): Promise<Headers> {
  const answer = await send('POST', '/api/v1/session', {}, { name, password });
  expect(answer.status).toBe(201);
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { csrfToken } = (await answer.json()) as { csrfToken: string };
  return { cookie, 'x-csrf-token': csrfToken };
}

async function ask(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await send(method, path, root, body);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

async function send(
  method: string,
  path: string,
  headers: Headers,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  return await fetch(`${server.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function bearer(key: string): Headers {
  return { authorization: `Bearer ${key}` };
}
