/**
 * What the tests of faults break: real processes of the server and of sensors, on a folder or on PostgreSQL, with a registry in the test's own
 * process and a clock that is moved. Nothing waits for leases in real time: when nothing happens any more, time passes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage, makeLayer } from '../../fixtures/image-builder.ts';
import {
  type Act,
  type RegistryServer,
  type RegistryServerOptions,
  startRegistryServer,
} from '../../fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../../fixtures/scratch-folder.ts';

const ADMIN = { name: 'admin', password: 'correct-horse-battery' } as const;
const SECRET_KEY = 'k'.repeat(64);
/** Less than a lease, so that who lives has a heartbeat in each. */
const JUMP_MS = 100_000;
const POLL_MS = 150;
/** Looks without news after which time passes. */
const QUIET_LOOKS = 6;

/** Any answer of the API, as far as tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: answers of the API are looked into freely
type Answer = any;

/** Images that were pushed together. */
export interface Pushed {
  readonly repository: string;
  /** Their manifests. */
  readonly images: readonly string[];
  /** Layers of one image each. */
  readonly own: readonly string[];
  /** Layers of several. */
  readonly shared: readonly string[];
}

/** A run that has ended. */
export interface RunEnd {
  readonly id: string;
  readonly state: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly errors: readonly unknown[];
  readonly reason: string | null;
}

interface Program {
  readonly kind: 'server' | 'sensor';
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Name of the sensor that beats in it; missing where there is none. */
  readonly beats: string | undefined;
  child: ChildProcess | undefined;
  log: string;
}

export interface WorldOptions {
  /** PostgreSQL; each server has its own folder otherwise. */
  readonly databaseUrl?: string | undefined;
  readonly registry?: RegistryServerOptions;
  /** Milliseconds that each blob takes at the registry. */
  readonly blobDelayMs?: number;
}

/** Opens a world in which nothing runs yet but the registry. */
export async function openFaultWorld(options: WorldOptions = {}): Promise<FaultWorld> {
  const folder = await scratchFolder();
  const registry = await startRegistryServer({ catalog: 'listed', ...options.registry });
  return new FaultWorld(folder, registry, options);
}

/** See `openFaultWorld`. */
export class FaultWorld implements AsyncDisposable {
  readonly folder: ScratchFolder;
  readonly registry: RegistryServer;
  /** Of the registry at the server. */
  registryId = '';
  /** What the registry does instead of answering, while it is set. */
  trouble: Act | undefined;
  readonly #options: WorldOptions;
  readonly #programs = new Map<string, Program>();
  readonly #urls = new Map<string, string>();
  #aheadMs = 0;
  #key = '';
  #namespaceId = '';
  #answered = 0;
  #waiting: { readonly count: number; readonly done: () => void } | undefined;

  constructor(folder: ScratchFolder, registry: RegistryServer, options: WorldOptions) {
    this.folder = folder;
    this.registry = registry;
    this.#options = options;
    this.#writeClock();
    registry.playAlways(/./, (request, response, proceed) => {
      this.#count();
      if (this.trouble !== undefined) return this.trouble(request, response, proceed);
      if (!request.path.includes('/blobs/')) return proceed();
      const timer = setTimeout(proceed, options.blobDelayMs ?? 0);
      response.on('close', () => clearTimeout(timer));
    });
  }

  /** Now, as all programs see it. */
  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  /** Starts a server for the first time, and the account with it. */
  async startServer(
    name: string,
    {
      hasSensor = true,
      env = {},
    }: { readonly hasSensor?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const port = await freePort();
    const { databaseUrl } = this.#options;
    const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data', this.folder.at(name), '--db-update', 'never'];
    const database: Record<string, string> = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
    this.#programs.set(name, {
      kind: 'server',
      args: [...args, '--disk-floor', '0', '--sensor', hasSensor ? 'on' : 'off'],
      env: { PLIMSOLL_ADMIN_PASSWORD: ADMIN.password, PLIMSOLL_SECRET_KEY: SECRET_KEY, ...database, ...env },
      beats: hasSensor ? `built-in@${hostname()}:${port}` : undefined,
      child: undefined,
      log: '',
    });
    this.#urls.set(name, `http://127.0.0.1:${port}`);
    await this.restart(name);
    if (this.#key === '') await this.#prepare();
    return this.#urls.get(name) ?? '';
  }

  /** Starts a sensor of a server for the first time. */
  async startSensor(name: string, server: string, args: readonly string[] = []): Promise<void> {
    const { token } = await this.post('/sensor-tokens', { name });
    const state = this.folder.at(`sensor-${name}`);
    this.#programs.set(name, {
      kind: 'sensor',
      args: ['sensor', '--server', this.#urls.get(server) ?? '', '--state', state, '--disk-floor', '0', ...args],
      env: { PLIMSOLL_SENSOR_TOKEN: token },
      beats: name,
      child: undefined,
      log: '',
    });
    await this.restart(name);
    await this.hear();
  }

  /** Starts a program again, with `more` arguments. Of a server: until it answers. */
  async restart(name: string, more: readonly string[] = []): Promise<void> {
    const program = this.#program(name);
    const temporary = this.#temporary(name);
    mkdirSync(temporary, { recursive: true });
    const [executable, ...flags] = [process.execPath, '--conditions=plimsoll-source'];
    const main = join(import.meta.dirname, 'program.ts');
    const child = spawn(executable, [...flags, main, ...program.args, ...more], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.folder.path,
        TMPDIR: temporary,
        FAULT_CLOCK: this.folder.at('clock'),
        ...program.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    program.child = child;
    child.stderr.setEncoding('utf8').on('data', text => {
      program.log = (program.log + text).slice(-200_000);
    });
    if (program.kind === 'sensor') {
      child.stdout.resume();
      return;
    }
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('Plimsoll is ready')) return;
    }
    throw new Error(`The server "${name}" did not start: ${program.log.slice(-4000)}`);
  }

  /** Ends a program at once, as a power cut would, or in good order. Returns its exit status. */
  async end(name: string, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<number | null> {
    const program = this.#program(name);
    const { child } = program;
    program.child = undefined;
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`"${name}" had ended by itself: ${program.log.slice(-4000)}`);
    }
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** What a program wrote down, latest last. */
  log(name: string): string {
    return this.#program(name).log;
  }

  /** The process of a running program. */
  pid(name: string): number {
    return this.#program(name).child?.pid ?? 0;
  }

  /** Pushes `count` images: all have one layer in common, each three another, each one its own. */
  async push(repository: string, count: number, registry = this.registry): Promise<Pushed> {
    const base = await makeLayer([
      { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.3\n' },
      { path: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' },
      { path: 'etc/base', content: repository },
    ]);
    const shared = [base.digest];
    const own: string[] = [];
    const images: string[] = [];
    let middle = base;
    for (let at = 0; at < count; at += 1) {
      if (at % 3 === 0) {
        middle = await makeLayer([{ path: 'etc/middle', content: `${repository} ${at}` }]);
        shared.push(middle.digest);
      }
      const name = `package-${at}`;
      const path = `srv/node_modules/${name}/package.json`;
      const top = await makeLayer([
        { path, content: JSON.stringify({ name, version: '1.0.0', description: repository }) },
      ]);
      own.push(top.digest);
      const image = makeImage([base, middle, top]);
      images.push(image.digest);
      registry.hold(repository, `v${at}`, image);
    }
    return { repository, images, own, shared };
  }

  /** Starts an On Demand job over a repository. Returns the run. */
  async scan(repository: string, registryId = this.registryId): Promise<string> {
    const { id } = await this.schedule(repository, { scanType: 'OnDemand' }, registryId);
    return (await this.get(`/schedules/${id}`)).currentRunId;
  }

  /** Makes a scan job over a repository. */
  async schedule(repository: string, settings: object, registryId = this.registryId): Promise<{ readonly id: string }> {
    const targets = [{ repository, tags: [] }];
    const body = { name: repository, targets, platforms: ['linux/amd64'], ...settings };
    return (await this.post(`/registries/${registryId}/schedules`, body)).schedule;
  }

  /** Resolves when the registry was asked `count` times more, or `signal` is aborted. */
  async asked(count: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { count: this.#answered + count, done: resolve };
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#waiting = undefined;
  }

  /** How often the registry was asked. */
  get answered(): number {
    return this.#answered;
  }

  /** Waits for the end of a run; where nothing happens any more, time passes. */
  async settle(runId: string): Promise<RunEnd> {
    let last = '';
    for (let quiet = 0; ; quiet += 1) {
      const run = await this.get(`/runs/${runId}`);
      if (run.completedAt !== null) return run;
      const mark = JSON.stringify([run.state, run.counters, this.#answered]);
      if (mark !== last) quiet = 0;
      last = mark;
      if (quiet >= QUIET_LOOKS) {
        await this.pass(JUMP_MS);
        quiet = 0;
      }
      await sleep(POLL_MS);
    }
  }

  /** Moves the clock of everybody, back as well. */
  jump(ms: number): void {
    this.#aheadMs += ms;
    this.#writeClock();
  }

  /** Lets time pass for everybody. Returns when every sensor that runs was heard of since. */
  async pass(ms: number): Promise<void> {
    this.jump(ms);
    await this.hear();
  }

  /** Returns when every sensor that runs was heard of, from now on. */
  async hear(): Promise<void> {
    const at = this.now().getTime();
    const names = [...this.#programs.values()].flatMap(({ child, beats }) =>
      child === undefined || beats === undefined ? [] : [beats],
    );
    for (;;) {
      this.#checkAlive();
      const { items } = await this.get('/sensors');
      const heard = new Map(items.map((sensor: Answer) => [sensor.name, Date.parse(sensor.lastHeartbeatAt ?? 0)]));
      if (names.every(name => Number(heard.get(name) ?? 0) >= at)) return;
      await sleep(50);
    }
  }

  /** Reads from any server that answers; again while none does. */
  async get(path: string): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      for (const url of this.#servers()) {
        try {
          const response = await this.#fetch(url, path);
          if (response.ok) return await response.json();
          if (response.status < 500) throw new Error(`GET ${path} answered ${response.status}`);
        } catch (error) {
          if (error instanceof Error && error.message.startsWith('GET')) throw error;
        }
      }
      if (attempt > 600) throw new Error(`No server answers GET ${path}`);
      await sleep(100);
    }
  }

  async post(path: string, body: object = {}): Promise<Answer> {
    const [url = ''] = this.#servers();
    const response = await this.#fetch(url, path, { method: 'POST', body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Images of a run in a state. */
  async imagesOf(runId: string, state = 'scanned'): Promise<readonly string[]> {
    const { items } = await this.get(`/runs/${runId}/images?state=${state}&limit=100`);
    return items.map(({ digest }: Answer) => digest);
  }

  /** Images of a repository that have a report, with the number of packages in it. */
  async reportsOf(repository: string): Promise<ReadonlyMap<string, number>> {
    const { items } = await this.get(`/images?registry=${this.registryId}&repository=${repository}&limit=100`);
    return new Map(
      items.flatMap(({ digest, scan }: Answer) => (scan.scannedAt === null ? [] : [[digest, scan.packageCount]])),
    );
  }

  /** How often a blob was asked for. */
  pulls(digest: string): number {
    return this.registry.seen(/^GET \/v2\/.+\/blobs\//).filter(({ path }) => path.endsWith(digest)).length;
  }

  /** Named temporary files of all programs with something in them, and files half written. */
  leftovers(): readonly string[] {
    return [...this.#programs].flatMap(([name, { kind }]) => {
      const temporary = filesIn(this.#temporary(name)).filter(file => !file.startsWith('node-compile-cache'));
      const kept = filesIn(this.folder.at(kind === 'server' ? name : `sensor-${name}`));
      const isHalf = (file: string) => /^tmp\/|\.\d+-\d+$|\.tmp$/.test(file) && !file.startsWith('postgres/');
      return [...temporary, ...kept.filter(isHalf)];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#programs.values()) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await this.registry[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }

  #temporary(name: string): string {
    return this.folder.at(`temporary-${name}`);
  }

  #program(name: string): Program {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`There is no "${name}"`);
    return program;
  }

  #servers(): readonly string[] {
    return [...this.#urls].filter(([name]) => this.#programs.get(name)?.child !== undefined).map(([, url]) => url);
  }

  /** A program that ended by itself is a failure, whatever the test is about. */
  #checkAlive(): void {
    for (const [name, { child, log }] of this.#programs) {
      if (child !== undefined && (child.exitCode !== null || child.signalCode !== null)) {
        throw new Error(`"${name}" ended by itself: ${log.slice(-4000)}`);
      }
    }
  }

  #count(): void {
    this.#answered += 1;
    if (this.#waiting !== undefined && this.#answered >= this.#waiting.count) this.#waiting.done();
  }

  #writeClock(): void {
    writeFileSync(this.folder.at('clock.new'), String(this.#aheadMs));
    renameSync(this.folder.at('clock.new'), this.folder.at('clock'));
  }

  async #fetch(url: string, path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${url}/api/v1${path}`, {
      ...init,
      signal: AbortSignal.timeout(20_000),
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  }

  async #prepare(): Promise<void> {
    const [url = ''] = this.#servers();
    const headers = { 'content-type': 'application/json', origin: url };
    const session = await fetch(`${url}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify(ADMIN) });
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { csrfToken } = (await session.json()) as { csrfToken: string };
    const made = await fetch(`${url}/api/v1/api-keys`, {
      method: 'POST',
      headers: { ...headers, cookie, 'x-csrf-token': csrfToken },
      body: JSON.stringify({ name: 'faults', role: 'admin' }),
    });
    this.#key = ((await made.json()) as { key: string }).key;
    this.#namespaceId = (await this.get('/namespaces')).items[0].id;
    this.registryId = await this.connect('faults');
  }

  /** Connects the registry under a name; credentials as the API takes them. */
  async connect(name: string, more: object = {}): Promise<string> {
    const { id } = await this.post('/registries', {
      namespaceId: this.#namespaceId,
      name,
      type: 'docker-v2',
      url: this.registry.url,
      tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
      ...more,
    });
    return id;
  }
}

/** A port that was free a moment ago: a server that comes back needs the one that it had. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Files with something in them, by their paths below the folder. */
function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.filter(file => statSync(file).size > 0).map(file => relative(folder, file));
}
