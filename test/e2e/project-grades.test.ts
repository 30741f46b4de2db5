/** Health grades of images of a project as time passes and advisories come: schedules, events, webhooks. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { makeRpmDatabase } from '../../src/inventory/rpm/testdata/make-rpms.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';
import { makeImage, makeLayer } from '../fixtures/image-builder.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const BUILT_DAYS_AGO = 10;
/** Of AlmaLinux 9, the day after. */
const END_OF_SUPPORT = '2032-06-01T00:00:00.000Z';

/** An erratum of AlmaLinux as OSV publishes it. */
const erratum = (id: string, name: string, published: Date, severity = 'Important') =>
  JSON.stringify({
    id,
    published: published.toISOString(),
    modified: published.toISOString(),
    summary: `${severity}: ${name} security update`,
    affected: [
      {
        package: { ecosystem: 'AlmaLinux:9', name },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2.0-1.el9' }] }],
      },
    ],
    related: [`CVE-2026-${id.slice(-4)}`],
  });

interface Period {
  readonly grade: string;
  readonly start_date: string;
  readonly end_date: string | null;
}

let world: CertificationWorld;
const started = new Date();
const bodies: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
const receiver = createServer((request: IncomingMessage, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  request.on('end', () => {
    bodies.push(JSON.parse(text));
    response.writeHead(204).end();
  });
});

beforeAll(async () => {
  world = await startCertificationWorld({
    // The work of projects goes by events and transactions, so that the larger database is tried where there is one.
    store: findPostgres() === undefined ? 'pglite' : 'postgres',
    settings: { privateAddresses: 'allow' },
  });
  await new Promise<void>(done => receiver.listen(0, '127.0.0.1', done));
}, 180_000);
afterAll(async () => {
  receiver.close();
  await world[Symbol.asyncDispose]();
});

const importRecords = async (...records: readonly string[]) => {
  for (const [at, text] of records.entries()) {
    const reply = await world.ask(
      'POST',
      `/api/v1/vulnerability-database/import?name=alma-${at}.json`,
      { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' },
      text,
    );
    expect(reply.status, reply.text).toBeLessThan(300);
  }
};

test('the grade falls with a new erratum and with time; the schedule, an event and a webhook say so, and when it falls next', async () => {
  const { port } = receiver.address() as AddressInfo;
  const webhook = await world.boss.native('POST', 'webhooks', {
    namespaceId: world.boss.namespaceId,
    name: 'grades',
    url: `http://127.0.0.1:${port}/`,
    kinds: ['grade.changed'],
  });
  expect(webhook.status, webhook.text).toBe(201);
  const old = new Date(started.getTime() - 400 * DAY);
  await importRecords(erratum('ALSA-2026:0001', 'something-else', old, 'Critical'));
  const layer = await makeLayer([
    { path: 'etc/os-release', content: 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n' },
    {
      path: 'usr/lib/sysimage/rpm/rpmdb.sqlite',
      content: makeRpmDatabase([{ name: 'openssl-libs', vendor: 'AlmaLinux' }]),
    },
    { path: 'licenses/LICENSE', content: 'MIT' },
  ]);
  const created = new Date(started.getTime() - BUILT_DAYS_AGO * DAY).toISOString();
  const image = makeImage([layer], { config: { created, config: { User: '1001', Labels: LABELS } } });
  world.registry.hold('acme/pilot', '1.0-1', image);
  const contacts = [{ email_address: 'dev@acme.example', type: 'Technical contact' }];
  const project = await world.addProject({ name: 'grades', contacts }, { os_content_type: 'Red Hat Enterprise Linux' });
  const scan = await world.acme.pyxis('POST', `v1/projects/certification/id/${project._id}/requests/scans`, {
    pull_spec: `${world.registry.host}/acme/pilot@${image.digest}`,
    tag: '1.0-1',
  });
  expect(scan.status, scan.text).toBe(201);

  const listed = async () =>
    (await world.acme.native('GET', `projects/${project._id}/images`)).json<{
      items: { id: string; grade: string | null }[];
    }>().items[0];
  const untilGrade = async (grade: string) => {
    await expect.poll(async () => (await listed())?.grade, { timeout: 60_000 }).toBe(grade);
    const reply = await world.acme.pyxis('GET', `v1/images/id/${(await listed())?.id}`);
    return reply.json<{ freshness_grades: readonly Period[] }>().freshness_grades;
  };
  const short = (periods: readonly Period[]) =>
    periods.map(({ grade, start_date, end_date }) => [
      grade,
      new Date(start_date).toISOString(),
      end_date === null ? null : new Date(end_date).toISOString(),
    ]);
  expect(short(await untilGrade('A'))).toEqual([
    ['A', created, END_OF_SUPPORT],
    ['F', END_OF_SUPPORT, null],
  ]);

  const published = new Date(Math.floor((started.getTime() - HOUR) / 1000) * 1000);
  const after = (days: number) => new Date(published.getTime() + days * DAY + HOUR).toISOString();
  await importRecords(
    erratum('ALSA-2026:0001', 'something-else', old, 'Critical'),
    erratum('ALSA-2026:0002', 'openssl-libs', published),
  );
  const schedule = [
    ['A', created, published.toISOString()],
    ['B', published.toISOString(), after(30)],
    ['C', after(30), after(90)],
    ['D', after(90), after(365)],
    ['F', after(365), null],
  ];
  expect(short(await untilGrade('B'))).toEqual(schedule);
  const toldOf = (grade: string) => bodies.find(({ data }) => data['grade'] === grade);
  await expect.poll(() => toldOf('B'), { timeout: 60_000 }).toBeDefined();
  expect(toldOf('B')).toMatchObject({
    type: 'grade.changed',
    data: { project: 'grades', grade: 'B', before: 'A', nextDropAt: after(30), contacts: ['dev@acme.example'] },
  });

  // A month and a day later: no new erratum of its packages, and another grade all the same.
  world.pass(31 * DAY);
  await importRecords(
    erratum('ALSA-2026:0001', 'something-else', old, 'Critical'),
    erratum('ALSA-2026:0002', 'openssl-libs', published),
    erratum('ALSA-2026:0003', 'something-else', old, 'Critical'),
  );
  expect(short(await untilGrade('C'))).toEqual(schedule);
  await expect
    .poll(() => bodies.map(({ data }) => [data['before'], data['grade']]), { timeout: 60_000 })
    .toContainEqual(['B', 'C']);
  const events = (await world.root.native('GET', 'events?kind=grade.changed&limit=100')).text;
  expect(events).toContain(after(90));
}, 240_000);
