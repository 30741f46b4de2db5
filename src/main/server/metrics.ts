/** What Prometheus reads: the process, and the work in the database. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ServerContext } from '#store/context.ts';

/** A function that gives the text of /metrics. Counts come from the database when asked for, so all servers tell the same. */
export function createMetrics({
  store: { db },
}: Pick<ServerContext, 'store'>): () => Promise<{ contentType: string; text: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'plimsoll_' });
  const gauge = (name: string, help: string, labelNames: readonly string[], read: () => Promise<readonly Sample[]>) => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [],
        async collect() {
          this.reset();
          for (const { labels, value } of await read()) this.set({ ...labels }, value);
        },
      }),
    );
  };
  gauge('plimsoll_tasks', 'Tasks of sensors by kind and state', ['kind', 'state'], async () => {
    const rows = await db
      .selectFrom('task')
      .select(['kind', 'state', ({ fn }) => fn.countAll().as('count')])
      .where('state', 'in', ['queued', 'leased'])
      .groupBy(['kind', 'state'])
      .execute();
    return rows.map(({ kind, state, count }) => ({ labels: { kind, state }, value: Number(count) }));
  });
  gauge('plimsoll_runs_active', 'Scan runs under way, by state', ['state'], async () => {
    const rows = await db
      .selectFrom('run')
      .select(['state', ({ fn }) => fn.countAll().as('count')])
      .where('completedAt', 'is', null)
      .groupBy('state')
      .execute();
    return rows.map(({ state, count }) => ({ labels: { state }, value: Number(count) }));
  });
  gauge('plimsoll_images', 'Image manifests by state of their scan', ['state'], async () => {
    const rows = await db
      .selectFrom('imageScan')
      .select(['state', ({ fn }) => fn.countAll().as('count')])
      .groupBy('state')
      .execute();
    return rows.map(({ state, count }) => ({ labels: { state }, value: Number(count) }));
  });
  gauge('plimsoll_vulnerability_database_age_seconds', 'Age of the vulnerability database in use', [], async () => {
    const row = await db
      .selectFrom('databaseVersion')
      .select('builtAt')
      .where('state', '=', 'current')
      .executeTakeFirst();
    return row === undefined ? [] : [{ labels: {}, value: (Date.now() - Date.parse(row.builtAt)) / 1000 }];
  });
  return async () => ({ contentType: registry.contentType, text: await registry.metrics() });
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
