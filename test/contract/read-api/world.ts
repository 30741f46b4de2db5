/** The real server on PGlite, full of things to read, and people who ask it over HTTP. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { collectSettings, readSettings } from '#base/server-settings.ts';
import { openStore } from '#store/database.ts';
import { migrate } from '#store/migrate.ts';
import { placeEmbedded } from '#store/testing/embedded-template.ts';
import { startServer } from '../../../src/main/server/start-server.ts';
import { scratchFolder } from '../../fixtures/scratch-folder.ts';
import { placeContent, type ReadContent } from './content.ts';

const PASSWORD = 'correct horse battery';

/** Somebody, by what identifies him. */
export type Person = Readonly<Record<string, string>>;

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed when it is asked for; what it is, the test says. */
  json<T>(): T;
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A server and what is in it. */
export interface ReadWorld extends AsyncDisposable, ReadContent {
  readonly url: string;
  /** Whoever runs the server. */
  readonly root: Person;
  /** Another key of the same account. */
  readonly rootAgain: Person;
  /** Views the namespace of the registry `one`. */
  readonly viewer: Person;
  /** Runs the server as well, by another account. */
  readonly other: Person;
  send(method: string, path: string, options?: { as?: Person; body?: unknown; headers?: Person }): Promise<Answer>;
  /** Reads what is there as the document of the API promises it: `template` is the path there. */
  read<T>(template: string, path: string, as?: Person): Promise<T>;
  /** Lets the clock of the server go on. */
  pass(ms: number): void;
}

/** Starts it. */
export async function openReadWorld(): Promise<ReadWorld> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await scratchFolder());
  await placeEmbedded(folder.path);
  const content = await fill(folder.path);
  let aheadMs = 0;
  const flags = {
    listen: '127.0.0.1:0',
    data: folder.path,
    adminPassword: PASSWORD,
    sensor: 'off',
    databaseSchedule: 'never',
  };
  const server = opened.use(
    await startServer(readSettings(collectSettings(flags, {})), {
      env: {},
      version: '0.0.0',
      now: () => new Date(Date.now() + aheadMs),
      log: () => {},
    }),
  );
  const { url } = server;
  const send: ReadWorld['send'] = async (method, path, { as = {}, body, headers = {} } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...as, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  const make = async (as: Person, path: string, body: object, method = 'POST'): Promise<{ readonly key?: string }> => {
    const answer = await send(method, `/api/v1/${path}`, { as, body });
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.text === '' ? {} : answer.json();
  };
  const signIn = async (name: string): Promise<Person> => {
    const answer = await send('POST', '/api/v1/session', { body: { name, password: PASSWORD } });
    expect(answer.status, answer.text).toBe(201);
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    return { cookie, 'x-csrf-token': answer.json<{ csrfToken: string }>().csrfToken };
  };
  const keyFor = async (session: Person, name: string, role: string): Promise<Person> => ({
    authorization: `Bearer ${(await make(session, 'api-keys', { name, role })).key}`,
  });
  const session = await signIn('admin');
  const root = await keyFor(session, 'root', 'admin');
  const rootAgain = await keyFor(session, 'root-again', 'admin');
  for (const name of ['vera', 'oscar']) await make(root, 'accounts', { name, password: PASSWORD });
  await make(root, `namespaces/${content.one.namespaceId}/members/vera`, { role: 'viewer' }, 'PUT');
  await make(root, 'members/oscar', { role: 'admin' }, 'PUT');
  const promised = openPromises();
  const kept = opened.move();
  return {
    ...content,
    url,
    root,
    rootAgain,
    viewer: await keyFor(await signIn('vera'), 'vera', 'viewer'),
    other: await keyFor(await signIn('oscar'), 'oscar', 'admin'),
    send,
    async read<T>(template: string, path: string, as: Person = root) {
      const answer = await send('GET', path, { as });
      expect(answer.status, `${path}: ${answer.text}`).toBe(200);
      const document = answer.json<T>();
      const validate = promised(template);
      expect(validate(document), `${path}: ${JSON.stringify(validate.errors)}`).toBe(true);
      return document;
    },
    pass(ms) {
      aheadMs += ms;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Before the server opens the folder: PGlite serves one process at a time. */
async function fill(folder: string): Promise<ReadContent> {
  await using store = await openStore({ kind: 'pglite', folder });
  await migrate(store);
  return await placeContent(store, folder);
}

/** Validators of answers to GET, by the path in the document of the API. */
function openPromises(): (template: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const document = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'));
  ajv.addSchema(document, 'api.json');
  const known = new Map<string, ValidateFunction>();
  return template => {
    const found = known.get(template);
    if (found !== undefined) return found;
    const pointer = template.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
    const at = `api.json#/paths/${pointer}/get/responses/200/content/application~1json/schema`;
    const validate = ajv.compile({ $ref: at });
    known.set(template, validate);
    return validate;
  };
}
