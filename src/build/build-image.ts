/**
 * From a checkout to an image in the builder's storage, once for each platform.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { defaultPlatform, formatPlatform, type Platform, parsePlatform } from '#oci/platform.ts';
import { type ResolvedImage, resolveImages } from './base-image.ts';
import { BuildFailure, type FailureDetails } from './build-failure.ts';
import type { BaseImage, BuildRequest } from './build-request.ts';
import type { Buildah } from './buildah.ts';
import type { Cell } from './cell/cell.ts';
import { type Dockerfile, findStep, type Instruction, parseDockerfile } from './dockerfile.ts';
import { listExternalImages, pinImages } from './external-image.ts';
import { type Checkout, pathInside } from './git/clone.ts';
import { labelsFor } from './image-label.ts';
import type { MaskedLog } from './masked-log.ts';
import type { BuildProxies } from './proxies.ts';
import type { PullAuth } from './pull-auth.ts';

/** Images in the storage, by the names that buildah knows them under. */
export interface BuiltImages {
  readonly images: readonly { readonly platform: string; readonly name: string }[];
  readonly baseImages: readonly BaseImage[];
  readonly dockerfileSha256: string;
}

/** What every image is built with. */
interface Plan {
  readonly request: BuildRequest;
  readonly checkout: Checkout;
  readonly cell: Cell;
  readonly buildah: Buildah;
  readonly log: MaskedLog;
  readonly pullAuth: PullAuth;
  readonly proxies: BuildProxies;
  readonly signal: AbortSignal;
}

const MAX_PLATFORMS = 10;
/** Rights that a Dockerfile needs for no installation, and others have been broken out by. */
const DROPPED = ['CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_NET_RAW', 'CAP_AUDIT_WRITE'];

/** Builds all platforms. @throws {PlimsollError} `BuildFailure` with the line that failed, and those of sources and registries. */
export async function buildImages(plan: Plan): Promise<BuiltImages> {
  const { request, checkout } = plan;
  const context = await contextOf(checkout.folder, request.context);
  const path = await pathInside(context, request.dockerfile, 'the Dockerfile');
  const bytes = await readSmallFile(path);
  const dockerfile = parseDockerfile(bytes);
  const platforms = platformsOf(request);
  const images: { platform: string; name: string }[] = [];
  const baseImages = new Map<string, BaseImage>();
  // All of them before anything runs: whatever breaks out of an instruction meets no log-in later either.
  const fetched: (readonly ResolvedImage[])[] = [];
  for (const [number, platform] of platforms.entries()) {
    const resolved = await fetchImages(plan, dockerfile, platform, number);
    for (const { reference, digest } of resolved) baseImages.set(`${reference} ${digest}`, { reference, digest });
    fetched.push(resolved);
  }
  for (const remark of plan.proxies.forInstructions(plan.cell.buildNetwork).remarks) plan.log.line(remark);
  for (const [number, platform] of platforms.entries()) {
    const resolved = fetched[number] ?? [];
    const name = `localhost/plimsoll-build:${number}`;
    await buildOne({ ...plan, dockerfile, context, path, resolved, platform, name, number });
    images.push({ platform: formatPlatform(platform), name });
  }
  const dockerfileSha256 = createHash('sha256').update(bytes).digest('hex');
  return { images, baseImages: [...baseImages.values()], dockerfileSha256 };
}

/** The context folder of a checkout. @throws {PlimsollError} `SOURCE_INVALID`, `SOURCE_UNKNOWN`. */
export async function contextOf(checkout: string, name: string): Promise<string> {
  const context = await pathInside(checkout, name.trim() === '' ? '.' : name, 'the context folder');
  if ((await stat(context)).isDirectory()) return context;
  throw new PlimsollError('SOURCE_INVALID', `Cannot use the context folder "${printable(name)}": it is no folder`);
}

/** The bytes of a Dockerfile. @throws {PlimsollError} `SOURCE_INVALID` when it is over 1 MiB or no file. */
export async function readSmallFile(path: string): Promise<Uint8Array> {
  const found = await stat(path);
  if (found.isFile() && found.size <= 1024 * 1024) return await readFile(path);
  throw new PlimsollError('SOURCE_INVALID', 'Cannot read the Dockerfile: it is no file, or has over 1 MiB');
}

function platformsOf({ platforms }: BuildRequest): readonly Platform[] {
  if (platforms.length > MAX_PLATFORMS) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot build for ${platforms.length} platforms: the limit is ${MAX_PLATFORMS}`,
    );
  }
  const names = new Set(platforms.map(text => formatPlatform(parsePlatform(text))));
  return names.size === 0 ? [defaultPlatform()] : [...names].map(parsePlatform);
}

/** Looks base images up and pulls them: while instructions run, there is neither a way to registries nor a log-in to find. */
async function fetchImages(
  { request, cell, buildah, log, pullAuth, proxies, signal }: Plan,
  dockerfile: Dockerfile,
  platform: Platform,
  number: number,
): Promise<readonly ResolvedImage[]> {
  const external = listExternalImages(dockerfile, { args: request.args, platform, buildPlatform: defaultPlatform() });
  if (external.length === 0) return [];
  await using authFile = await cell.secret(`pull-${number}.json`, pullAuth.text);
  const resolved = await resolveImages(external, {
    credentials: openCredentialStore({ authFile: authFile.path, env: {} }),
    insecureRegistries: request.insecureRegistries ?? [],
    secrets: [...pullAuth.secrets, ...proxies.secrets],
    proxies: proxies.env,
    signal,
  });
  for (const { reference, digest, pinned, isInsecure, image } of new Map(
    resolved.map(one => [one.pinned, one]),
  ).values()) {
    log.line(`Pulling ${reference} (${digest})`);
    // One that was chosen out of an index is of the platform; of any other buildah would warn in vain.
    const chosen = pinned.endsWith(digest) ? [] : ['--platform', image.platform];
    const options = ['--quiet', '--authfile', authFile.path, `--tls-verify=${!isInsecure}`, ...chosen];
    const status = await buildah.run(['pull', ...options, `docker://${pinned}`], {
      isQuiet: true,
      env: proxies.env,
    });
    if (status === 0) continue;
    throw new PlimsollError(
      'REGISTRY_UNAVAILABLE',
      `Cannot pull the base image "${printable(reference)}": see the log`,
    );
  }
  return resolved;
}

async function buildOne(
  one: Plan & {
    readonly dockerfile: Dockerfile;
    readonly context: string;
    readonly path: string;
    readonly resolved: readonly ResolvedImage[];
    readonly platform: Platform;
    readonly name: string;
    readonly number: number;
  },
): Promise<void> {
  const { request, checkout, cell, buildah, log, dockerfile, resolved, platform, number } = one;
  const pins = new Map(resolved.map(({ image, pinned }) => [image, pinned]));
  const pinned = pinImages(
    dockerfile,
    resolved.map(({ image }) => image),
    image => pins.get(image) ?? image.written,
  );
  const file = await cell.write(`secret/Dockerfile-${number}`, pinned);
  const proxies = proxiesOf(one);
  const labels = labelsFor(request, checkout, dockerfile);
  const pairs = Object.entries(labels).flatMap(([key, value]) => [
    ...['--label', `${key}=${value}`],
    ...(key.startsWith('org.opencontainers.image.') ? ['--annotation', `${key}=${value}`] : []),
  ]);
  const args = [
    ...['bud', '--isolation', 'chroot', '--pull-never', '--no-cache', '--format', 'oci'],
    `--http-proxy=${Object.keys(proxies).length > 0}`,
    ...['--timestamp', String(checkout.committedAt), '--platform', formatPlatform(platform)],
    ...DROPPED.flatMap(right => ['--cap-drop', right]),
    ...pairs,
    // Without a value it is taken from the environment.
    ...Object.keys(request.args).flatMap(name => ['--build-arg', name]),
    ...(await ignoreFile(one.path)),
    ...['--file', file, '--tag', one.name, one.context],
  ];
  const steps = new StepReader();
  let status: number;
  try {
    status = await buildah.run(args, {
      network: 'build',
      env: { ...proxies, ...request.args },
      onText: text => steps.read(text),
    });
  } catch (error) {
    // A limit, or a cancellation: which instruction it hit is worth knowing as well.
    const { code, message } = toPlimsollError(error);
    const found = describe(instructionAt(steps, dockerfile));
    throw new BuildFailure(code, message, { step: 'build', ...found, tail: log.tail }, { cause: error });
  }
  if (status !== 0) throw failureOf(steps, dockerfile, { tail: log.tail, platform });
}

/** Proxies for instructions; a build argument of the same name, in whatever case, goes before them. */
function proxiesOf({ proxies, cell, request }: Plan): Readonly<Record<string, string>> {
  const given = new Set(Object.keys(request.args).map(name => name.toLowerCase()));
  const { env } = proxies.forInstructions(cell.buildNetwork);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !given.has(name.toLowerCase())));
}

/** What `Dockerfile.dockerignore` says goes before what `.dockerignore` says; buildah looks for it beside the file that it is given. */
async function ignoreFile(path: string): Promise<readonly string[]> {
  for (const name of [`${path}.containerignore`, `${path}.dockerignore`]) {
    const found = await stat(name).catch(() => undefined);
    if (found?.isFile() === true) return ['--ignorefile', name];
  }
  return [];
}

/** Follows buildah's `[stage/stages] STEP number/total: instruction`. */
class StepReader {
  stage = 1;
  step = 0;
  /** Line of a Dockerfile that buildah could not read. */
  line: number | undefined;
  #open = '';

  read(text: string): void {
    const lines = (this.#open + text).split('\n');
    this.#open = (lines.pop() ?? '').slice(-4096);
    for (const line of lines) this.#readLine(line);
  }

  #readLine(line: string): void {
    const [, stage = '1', step] = /^(?:\[([0-9]{1,4})\/[0-9]{1,4}\] )?STEP ([0-9]{1,5})\/[0-9]{1,5}: /.exec(line) ?? [];
    if (step !== undefined) {
      this.stage = Number(stage);
      this.step = Number(step);
    }
    const wrong = /^Error: .*dockerfile parse error (?:on )?line ([0-9]{1,5}):/i.exec(line);
    if (wrong !== null) this.line = Number(wrong[1]);
  }
}

function failureOf(
  steps: StepReader,
  dockerfile: Dockerfile,
  { tail, platform }: { readonly tail: readonly string[]; readonly platform: Platform },
): BuildFailure {
  const failed = instructionAt(steps, dockerfile);
  const why = tail.findLast(line => /^Error: /.test(line))?.replace(/^Error: (?:building at STEP ".*": )?/, '') ?? '';
  const foreign = whyForeign(platform, tail);
  const said = foreign === undefined ? (why === '' ? '' : `: ${printable(why)}`) : `: ${foreign}`;
  const where =
    failed === undefined ? 'Cannot build from the Dockerfile' : `Line ${failed.line} of the Dockerfile failed`;
  const { instruction } = describe(failed);
  const quoted = instruction === undefined ? '' : `, "${instruction}"`;
  return new BuildFailure('BUILD_FAILED', `${where}${quoted}${said}`, { step: 'build', ...describe(failed), tail });
}

/** What stands behind `exec format error`, which tells nobody anything; `undefined` when that is not it. */
function whyForeign(platform: Platform, tail: readonly string[]): string | undefined {
  const isSaid = tail.slice(-5).some(line => /exec format error/i.test(line));
  if (!isSaid || platform.architecture === defaultPlatform().architecture) return undefined;
  return `the builder cannot run programs for ${formatPlatform(platform)}; install qemu-user-static on it, have a builder of that platform, or leave the platform out`;
}

function describe(found: Instruction | undefined): Pick<FailureDetails, 'line' | 'instruction'> {
  if (found === undefined) return {};
  const instruction = printable(`${found.name} ${found.text}`.replace(/\s+/g, ' '), 200);
  return { line: found.line, instruction };
}

function instructionAt(steps: StepReader, dockerfile: Dockerfile): Instruction | undefined {
  const { line } = steps;
  if (line === undefined) return findStep(dockerfile, steps.stage, steps.step);
  const all = [...dockerfile.globalArgs, ...dockerfile.stages.flatMap(stage => stage.instructions)];
  return all.find(instruction => instruction.line <= line && line <= instruction.lastLine);
}
