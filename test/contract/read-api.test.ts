/**
 * What can be read of the server over HTTP: the native API as its document promises, and Quay's as its clients expect; and what is
 * written twice. One server for all of it.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { detailSuite } from './read-api/details.ts';
import { listSuite } from './read-api/lists.ts';
import { quaySuite } from './read-api/quay.ts';
import { refusedSuite } from './read-api/refused.ts';
import { repeatedSuite } from './read-api/repeated.ts';
import { waiverSuite } from './read-api/waivers.ts';
import { openReadWorld, type ReadWorld } from './read-api/world.ts';

let world: ReadWorld;
beforeAll(async () => {
  world = await openReadWorld();
}, 300_000);
afterAll(async () => await world[Symbol.asyncDispose]());

describe('lists', () => listSuite(() => world));
describe('documents', () => detailSuite(() => world));
describe('what is refused', () => refusedSuite(() => world));
describe('Quay’s API', () => quaySuite(() => world));
describe('waivers', () => waiverSuite(() => world));
// The clock goes on there.
describe('what is repeated', () => repeatedSuite(() => world));
