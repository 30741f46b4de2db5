/** `plimsoll sensor`: reads images near a registry, for a server elsewhere. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { parseByteSize } from '#base/byte-size.ts';
import { PlimsollError } from '#base/errors.ts';
import type { SensorProfile } from '#scan/sensor/profile.ts';
import type { CliContext } from './context.ts';
import { readAuthorities } from './read-authorities.ts';

/** Settings that the environment may give as well: the name of the option, its flag, its variable, and what it means. */
const SETTINGS = [
  ['server', '--server <url>', 'PLIMSOLL_URL', 'address of the server'],
  ['token', '--token <token>', 'PLIMSOLL_SENSOR_TOKEN', 'one-time token, for the first start'],
  ['name', '--name <name>', 'PLIMSOLL_SENSOR_NAME', 'name of the sensor (default: the one of the token)'],
  ['labels', '--labels <key=value>', 'PLIMSOLL_SENSOR_LABELS', 'labels, several joined by commas'],
  ['state', '--state <dir>', 'PLIMSOLL_SENSOR_STATE', 'folder for its identity (default: in the user’s state folder)'],
  [
    'cacheDir',
    '--cache-dir <dir>',
    'PLIMSOLL_CACHE_DIR',
    'folder for facts of layers (default: cache, in the folder of --state)',
  ],
  ['cacheMax', '--cache-max <size>', 'PLIMSOLL_CACHE_MAX', 'most that facts of layers may take'],
  ['concurrency', '--concurrency <number>', 'PLIMSOLL_CONCURRENCY', 'tasks at a time, 1 to 20'],
  [
    'cpuPercent',
    '--cpu-percent <number>',
    'PLIMSOLL_CPU_PERCENT',
    'share of the cores that reading may take; 0: no limit',
  ],
  ['bandwidth', '--bandwidth <size>', 'PLIMSOLL_BANDWIDTH', 'bytes of layers per second, at most'],
  ['diskFloor', '--disk-floor <size>', 'PLIMSOLL_DISK_FLOOR', 'free space below which no image is begun'],
  [
    'caFile',
    '--ca-file <file>',
    'PLIMSOLL_CA_BUNDLE',
    'certificates (PEM) to trust besides the system’s, for the server',
  ],
  [
    'privateAddresses',
    '--private-addresses <policy>',
    'PLIMSOLL_PRIVATE_ADDRESSES',
    'allow or refuse: whether redirects and token servers of registries may lead to private addresses',
  ],
] as const;

type SettingName = (typeof SETTINGS)[number][0];
type Texts = { readonly [N in SettingName]?: string };

interface SensorCommandOptions extends Texts {
  readonly allowHttp?: boolean;
  readonly logLevel: string;
  readonly once?: boolean;
}

/** Adds the command to the program. */
export function addSensorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('sensor')
    .summary('read images near a registry, for a server elsewhere')
    .description(
      'Leases work from a server, pulls and reads images, and reports what is in them. It connects to the server only: nothing connects to it. ' +
        'A one-time token introduces it; from then on it goes by the identity in its state folder.',
    );
  for (const [, flags, variable, meaning] of SETTINGS)
    command.addOption(new Option(flags, `${meaning} [$${variable}]`));
  command
    .option('--allow-http', 'speak plain http to the server, where the network is safe [$PLIMSOLL_ALLOW_HTTP=1]')
    .addOption(
      new Option('--log-level <level>', 'what to write down, as JSON lines on standard error')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--once', 'end when there is nothing to do')
    .option('--verbose', 'on failure, print the chain of causes')
    .action(async (options: SensorCommandOptions) => await run(options, context));
}

async function run(options: SensorCommandOptions, context: CliContext): Promise<void> {
  const { env, signal, version, now, stderr } = context;
  const texts = collectTexts(options, env);
  const { server: address, caFile, token, name } = texts;
  if (address === undefined) {
    throw new PlimsollError('USAGE', 'Cannot run a sensor: name its server with --server or PLIMSOLL_URL');
  }
  const limits = readLimits(texts);
  const allowsPrivateAddresses = readPolicy(texts);
  // None of this is needed by other commands.
  const { openServerConnection, readServerUrl } = await import('#scan/sensor/http-port.ts');
  const { openSensorState } = await import('#scan/sensor/identity.ts');
  const { sensorLabels } = await import('#scan/sensor/labels.ts');
  const { runSensor } = await import('#scan/sensor/run-sensor.ts');
  const { default: pino } = await import('pino');
  const labels = sensorLabels.safeParse(readPairs(texts));
  if (!labels.success) throw unusable('labels', labels.error.issues[0]?.message ?? 'they are malformed');
  const allowsHttp = options.allowHttp === true || env['PLIMSOLL_ALLOW_HTTP'] === '1';
  const server = readServerUrl(address, allowsHttp).href;
  const authorities = caFile === undefined ? [] : [await readAuthorities(caFile)];
  const log = pino(
    {
      level: options.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => void stderr.write(line) },
  );
  const folder = resolve(texts.state ?? defaultState(env));
  using state = await openSensorState(folder);
  const userAgent = `plimsoll-sensor/${version}`;
  await using connection = openServerConnection({ url: server, authorities, env, userAgent, allowsHttp });
  const wish = { token, name, labels: labels.data, profile: limits, server };
  // A sensor that starts with its host may be there before its server.
  const onAway = (error: PlimsollError, delayMs: number) =>
    log.warn({ err: error, delayMs }, 'server not reached, trying again');
  const identity = await state.identify(connection, wish, { signal, ...(options.once === true ? {} : { onAway }) });
  log.info({ sensorId: identity.id, name: identity.name, server }, 'sensor identified');
  const end = await runSensor({
    port: connection.port(identity.secret),
    folders: { state: folder, cache: resolve(texts.cacheDir ?? join(folder, 'cache')) },
    identity: { version, host: hostname().slice(0, 256), platform: `${process.platform}/${process.arch}` },
    world: { env, allowsPrivateAddresses, userAgent },
    limits,
    now,
    timing: context.sensorTiming,
    log,
    signal,
    once: options.once,
  });
  if (end.kind === 'refused') throw end.error;
}

/** Flags before the environment. Empty text counts as missing. */
function collectTexts(options: Texts, env: CliContext['env']): Texts {
  const given = SETTINGS.map(([name, , variable]) => [name, options[name] || env[variable] || undefined] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== undefined));
}

/** What holds on this host whatever the profile at the server says. @throws {PlimsollError} `USAGE`. */
function readLimits(texts: Texts): Partial<SensorProfile> {
  const concurrency = readNumber('concurrency', texts, 1, 20);
  const cacheMaxBytes = readSize('cacheMax', texts);
  const cpuPercent = readNumber('cpuPercent', texts, 0, 100);
  const bandwidthBytesPerSecond = readSize('bandwidth', texts);
  const diskFloorBytes = readSize('diskFloor', texts);
  if (bandwidthBytesPerSecond !== undefined && bandwidthBytesPerSecond < MIN_BANDWIDTH) {
    throw unusable('bandwidth', 'expected 16KiB or more');
  }
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(cacheMaxBytes === undefined ? {} : { cacheMaxBytes }),
    ...(cpuPercent === undefined ? {} : { cpuPercent }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
    ...(diskFloorBytes === undefined ? {} : { diskFloorBytes }),
  };
}

/** As in scan/sensor/profile.ts. */
const MIN_BANDWIDTH = 16 * 1024;

function readPolicy({ privateAddresses = 'refuse' }: Texts): boolean {
  if (privateAddresses !== 'allow' && privateAddresses !== 'refuse') {
    throw unusable('privateAddresses', 'expected allow or refuse');
  }
  return privateAddresses === 'allow';
}

/** As the XDG base directory specification says. */
function defaultState(env: CliContext['env']): string {
  const home = env['XDG_STATE_HOME'] || join(env['HOME'] || '.', '.local/state');
  return join(home, 'plimsoll', 'sensor');
}

function readSize(name: SettingName, texts: Texts): number | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw unusable(name, 'expected a size such as 500MiB or 2GiB');
  return bytes;
}

function readNumber(name: SettingName, texts: Texts, min: number, max: number): number | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value >= min && value <= max) return value;
  throw unusable(name, `expected a number from ${min} to ${max}`);
}

function readPairs({ labels = '' }: Texts): Readonly<Record<string, string>> {
  const pairs = labels.split(',').filter(pair => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1) throw unusable('labels', 'expected key=value, several joined by commas');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function unusable(name: SettingName, why: string): PlimsollError {
  const [, flags = '', variable = ''] = SETTINGS.find(([one]) => one === name) ?? [];
  return new PlimsollError('USAGE', `Cannot use ${flags.replace(/ .*/, '')} or ${variable}: ${why}`);
}
