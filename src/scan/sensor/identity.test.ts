import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import type { ServerConnection } from './http-port.ts';
import { openSensorState } from './identity.ts';
import { newSensorToken } from './secret.ts';

const SERVER = 'https://plimsoll.example/';
const ID = '0b0b5d5e-0000-4000-8000-000000000001';
const signal = AbortSignal.timeout(20_000);

type Introduction = Parameters<ServerConnection['register']>[0];
let introductions: Introduction[] = [];
beforeEach(() => {
  introductions = [];
});
const server: Pick<ServerConnection, 'register'> = {
  register: async introduction => {
    introductions.push(introduction);
    return { id: ID, name: introduction.name ?? 'east' };
  },
};
const away: Pick<ServerConnection, 'register'> = {
  register: async introduction => {
    introductions.push(introduction);
    throw new PlimsollError('SERVER_UNAVAILABLE', 'Cannot register the sensor: it is away');
  },
};

test('the token is used once; afterwards the folder says who the sensor is', async () => {
  await using folder = await scratchFolder();
  const token = newSensorToken();
  const path = folder.at('state');
  let secret = '';
  {
    using state = await openSensorState(path);
    const made = await state.identify(server, { token, server: SERVER, labels: { a: 'b' } }, { signal });
    expect(made).toMatchObject({ id: ID, name: 'east' });
    secret = made.secret;
  }
  expect((await stat(`${path}/sensor.json`)).mode & 0o777).toBe(0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await readFile(`${path}/sensor.json`, 'utf8')).not.toContain(token);
  using again = await openSensorState(path);
  for (const given of [token, undefined]) {
    expect(await again.identify(away, { token: given, server: SERVER }, { signal })).toEqual({
      id: ID,
      name: 'east',
      secret,
    });
  }
  expect(introductions.length).toBe(1);
});

test('when the answer is lost the same secret is shown again', async () => {
  await using folder = await scratchFolder();
  using state = await openSensorState(folder.path);
  const token = newSensorToken();
  await expect(state.identify(away, { token, server: SERVER }, { signal })).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
  });
  const made = await state.identify(server, { token, server: SERVER }, { signal });
  expect(introductions.map(({ secret }) => secret)).toEqual([made.secret, made.secret]);
});

test('a server that is not there yet is waited for, where that is wished; a refusal is not repeated', async () => {
  await using folder = await scratchFolder();
  using state = await openSensorState(folder.path);
  const wish = { token: newSensorToken(), server: SERVER };
  const told: string[] = [];
  const onAway = ({ code }: PlimsollError, delayMs: number) => void told.push(delayMs > 0 ? code : 'at once');
  let asked = 0;
  const late: Pick<ServerConnection, 'register'> = {
    register: (introduction, options) => {
      asked += 1;
      return (asked < 2 ? away : server).register(introduction, options);
    },
  };
  expect(await state.identify(late, wish, { signal, onAway })).toMatchObject({ id: ID });
  expect(told).toEqual(['SERVER_UNAVAILABLE']);
  const refusing: Pick<ServerConnection, 'register'> = {
    register: () =>
      Promise.reject(new PlimsollError('UNAUTHENTICATED', 'Cannot register the sensor: its token was used')),
  };
  const fresh = { token: newSensorToken(), server: SERVER };
  await expect(state.identify(refusing, fresh, { signal, onAway })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const stopped = AbortSignal.timeout(10);
  await expect(state.identify(away, fresh, { signal: stopped, onAway })).rejects.toThrow();
});

test('a fresh token makes a new sensor; until it has, the old one stays', async () => {
  await using folder = await scratchFolder();
  using state = await openSensorState(folder.path);
  const old = await state.identify(server, { token: newSensorToken(), server: SERVER }, { signal });
  const fresh = { token: newSensorToken(), server: SERVER };
  await expect(state.identify(away, fresh, { signal })).rejects.toThrow();
  expect(await state.identify(away, { server: SERVER }, { signal })).toEqual(old);
  const made = await state.identify(server, fresh, { signal });
  expect(made.secret).not.toBe(old.secret);
  expect(await state.identify(away, { server: SERVER }, { signal })).toEqual(made);
});

test('an identity is good for its server only', async () => {
  await using folder = await scratchFolder();
  using state = await openSensorState(folder.path);
  await state.identify(server, { token: newSensorToken(), server: SERVER }, { signal });
  const elsewhere = state.identify(server, { server: 'https://other.example/' }, { signal });
  await expect(elsewhere).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('--token') });
});

test('two sensors do not share a folder, and a damaged one is named', async () => {
  await using folder = await scratchFolder();
  using state = await openSensorState(folder.path);
  await expect(openSensorState(folder.path)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('--state'),
  });
  await writeFile(folder.at('sensor.json'), '{"server":');
  await expect(state.identify(server, { server: SERVER }, { signal })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringContaining('sensor.json'),
  });
  await chmod(folder.path, 0o700);
});
