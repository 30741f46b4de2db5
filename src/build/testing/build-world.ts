/**
 * Everything a build meets, for tests: repositories over HTTPS, a registry with a log-in, and a base image of busybox in it.
 */
import { readFileSync } from 'node:fs';
import { defaultPlatform, formatPlatform } from '#oci/platform.ts';
import { type DistributionRegistry, startDistribution } from '../../../test/fixtures/distribution-registry.ts';
import { makeImage, makeIndex, makeLayer, writeOciLayout } from '../../../test/fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import type { BuildRequest, BuildStep, BuildWatcher, RunningState } from '../build-request.ts';
import { authFileFor } from '../pull-auth.ts';
import { type HttpsGitServer, openRepositories, type Repositories, startHttpsGit } from './git-server.ts';

const LOGIN = { username: 'builder', password: 'push-7c1f/+secret' };
const MiB = 1024 * 1024;

/** What it needs, and what builds need; all are Debian packages. */
export const BUILD_PROGRAMS: readonly string[] = [
  ...['git', 'buildah', 'slirp4netns', 'ip', 'unshare', 'nsenter', 'setpriv', 'ps'],
  ...['docker-registry', 'skopeo', 'htpasswd', 'openssl', 'busybox'],
];

/** An open world. Held with `await using`. */
export interface BuildWorld extends AsyncDisposable {
  readonly folder: ScratchFolder;
  readonly repositories: Repositories;
  readonly git: HttpsGitServer;
  readonly registry: DistributionRegistry;
  /** `host/base:1`: busybox with a shell, for this machine and, by name only, for another. */
  readonly base: string;
  /** Pushes the base image again, with this in its file `/etc/motd`. */
  pushBase(motd: string): Promise<void>;
  /** A request for the repository `name`, to be pushed as `host/name:1.0-1`. */
  request(name: string, change?: Partial<BuildRequest>): BuildRequest;
  /** The answer of the registry's API, as JSON; `undefined` for 404. */
  ask(path: string): Promise<unknown>;
  /** A folder for one build. */
  place(): string;
}

/** A watcher that keeps what it is told. */
export interface KeptWatch extends BuildWatcher {
  readonly states: readonly RunningState[];
  readonly log: string;
  readonly steps: ReadonlySet<BuildStep>;
}

/** Opens a world. Needs git, docker-registry, skopeo, htpasswd, openssl and busybox-static. */
export async function openBuildWorld(): Promise<BuildWorld> {
  const folder = await scratchFolder();
  const repositories = openRepositories(folder.at('git'));
  const git = await startHttpsGit({ folder: repositories.folder });
  const registry = await startDistribution({ login: LOGIN });
  let layouts = 0;
  const pushBase = async (motd: string) => {
    const busybox = readFileSync('/bin/busybox');
    const links = ['sh', 'cat', 'echo', 'ls', 'sleep', 'touch', 'wget', 'yes', 'seq', 'head', 'dd', 'env', 'id'];
    const layer = await makeLayer([
      { path: 'bin/busybox', content: busybox, mode: 0o755 },
      ...links.map(name => ({ path: `bin/${name}`, symlink: 'busybox' })),
      { path: 'etc/motd', content: motd },
      { path: 'tmp', folder: true, mode: 0o1777 },
    ]);
    const own = formatPlatform(defaultPlatform());
    const images = [own, 'linux/riscv64'].map(platform => makeImage([layer], { platform }));
    const layout = folder.at(`layout-${++layouts}`);
    await writeOciLayout(layout, [{ content: makeIndex(images), name: '1' }]);
    await registry.push(layout, '1', 'base', '1');
  };
  await pushBase('first');
  const authorization = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
  let places = 0;
  return {
    folder,
    repositories,
    git,
    registry,
    base: `${registry.host}/base:1`,
    pushBase,
    place: () => folder.at(`build-${++places}`),
    request: (name, change = {}) => ({
      source: {
        url: `${git.url}/${name}.git`,
        login: { kind: 'none' },
        ref: '',
        wantsSubmodules: false,
        wantsLfs: false,
        caPem: git.caPem,
      },
      dockerfile: 'Dockerfile',
      context: '.',
      args: {},
      platforms: [],
      labels: {},
      pullAuth: authFileFor(registry.host, LOGIN.username, LOGIN.password),
      insecureRegistries: [registry.host],
      push: { repository: `${registry.host}/${name}`, tag: '1.0-1', isInsecure: true, ...LOGIN },
      limits: {
        timeMs: 120_000,
        memoryBytes: 1024 * MiB,
        diskBytes: 256 * MiB,
        processes: 300,
        outputBytes: MiB,
      },
      ...change,
    }),
    ask: async path => {
      const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
      const answer = await fetch(`http://${registry.host}/v2/${path}`, { headers: { authorization, accept } });
      const text = await answer.text();
      return answer.status === 404 ? undefined : JSON.parse(text);
    },
    [Symbol.asyncDispose]: async () => {
      await git[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A watcher for one build. */
export function keepWatch(): KeptWatch {
  const states: RunningState[] = [];
  const steps = new Set<BuildStep>();
  let log = '';
  return {
    states,
    steps,
    get log() {
      return log;
    },
    onState: state => states.push(state),
    onLog: (text, step) => {
      log += text;
      steps.add(step);
    },
  };
}
