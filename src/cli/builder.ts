/** `plimsoll builder`: builds images for a server elsewhere. */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import type { CliContext } from './context.ts';
import { readAuthorities } from './read-authorities.ts';

interface BuilderCommandOptions {
  readonly server?: string;
  readonly token?: string;
  readonly folder?: string;
  readonly caFile?: string;
  readonly network?: 'isolated' | 'none' | 'host';
  readonly allowHttp?: boolean;
  readonly logLevel: string;
  readonly once?: boolean;
}

/** Adds the command to the program. */
export function addBuilderCommand(program: Command, context: CliContext): void {
  program
    .command('builder')
    .summary('build images from Git for a server elsewhere')
    .description(
      'Takes builds from a server, one at a time, and does them with git and buildah in a cell of its own. It connects to the server and to the ' +
        'sources and registries of builds; nothing connects to it. An admin of the server adds a builder and gets its token.',
    )
    .addOption(new Option('--server <url>', 'address of the server [$PLIMSOLL_URL]'))
    .addOption(new Option('--token <token>', 'token of the builder [$PLIMSOLL_BUILDER_TOKEN]'))
    .addOption(new Option('--folder <dir>', 'folder for the build at hand (default: in the system’s temporary folder)'))
    .addOption(
      new Option(
        '--ca-file <file>',
        'certificates (PEM) to trust besides the system’s, for the server [$PLIMSOLL_CA_BUNDLE]',
      ),
    )
    .addOption(
      new Option(
        '--network <access>',
        'what instructions of a Dockerfile reach (default: isolated, where slirp4netns is installed)',
      ).choices(['isolated', 'none', 'host']),
    )
    .option('--allow-http', 'speak plain http to the server, where the network is safe [$PLIMSOLL_ALLOW_HTTP=1]')
    .addOption(
      new Option('--log-level <level>', 'what to write down, as JSON lines on standard error')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--once', 'end when there is nothing to do')
    .option('--verbose', 'on failure, print the chain of causes')
    .action(async (options: BuilderCommandOptions) => await run(options, context));
}

async function run(options: BuilderCommandOptions, context: CliContext): Promise<void> {
  const { env, signal, stderr, version } = context;
  const address = options.server || env['PLIMSOLL_URL'];
  const token = options.token || env['PLIMSOLL_BUILDER_TOKEN'];
  if (!address) throw new PlimsollError('USAGE', 'Cannot run a builder: name its server with --server or PLIMSOLL_URL');
  if (!token) {
    throw new PlimsollError(
      'USAGE',
      'Cannot run a builder: give its token with --token or PLIMSOLL_BUILDER_TOKEN; an admin of the server adds builders',
    );
  }
  // None of this is needed by other commands.
  const { lookAtPrograms } = await import('#build/builder-programs.ts');
  const { openHttpBuilderPort } = await import('#build/http-builder-port.ts');
  const { runBuild } = await import('#build/run-build.ts');
  const { runBuilder } = await import('#build/run-builder.ts');
  const { readServerUrl } = await import('#scan/sensor/http-port.ts');
  const { default: pino } = await import('pino');
  const url = readServerUrl(address, options.allowHttp === true || env['PLIMSOLL_ALLOW_HTTP'] === '1').href;
  const { versions, missing } = await lookAtPrograms(signal);
  if (missing !== undefined) throw new PlimsollError('USAGE', `Cannot run a builder: ${missing}`);
  const caFile = options.caFile || env['PLIMSOLL_CA_BUNDLE'];
  const caPem = caFile === undefined || caFile === '' ? undefined : await readAuthorities(caFile);
  const log = pino(
    {
      level: options.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => void stderr.write(line) },
  );
  log.info({ server: url }, 'builder started');
  await runBuilder({
    port: openHttpBuilderPort({ url, token, caPem, userAgent: `plimsoll-builder/${version}`, proxies: env }),
    folder: resolve(options.folder ?? join(tmpdir(), 'plimsoll-builder')),
    versions: { plimsoll: version, ...versions },
    build: runBuild,
    tools: { network: options.network, proxies: env },
    caPem,
    log,
    signal,
    once: options.once,
  });
}
