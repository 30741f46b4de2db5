/**
 * Settings of the server as they are given, read and checked: flags, the environment, defaults.
 */
import { parseByteSize } from './byte-size.ts';
import { PlimsollError } from './errors.ts';
import { SERVER_SETTINGS, type SettingName, type SettingRow } from './settings-table.ts';

/** The values as written: flags before the environment before defaults; missing where there is none. */
export type SettingTexts = { readonly [N in SettingName]?: string };

/** The settings of a server, read and checked. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly trustProxy: boolean | string;
  readonly data: string;
  readonly blobs?: string;
  readonly databaseUrl?: string;
  readonly databaseConnections: number;
  readonly secretKey?: string;
  readonly adminPassword?: string;
  readonly vulnerabilityDatabase?: string;
  /** Missing: never. */
  readonly databaseSchedule?: string;
  readonly databaseMirrors: Readonly<Record<string, string>>;
  /** As `parseRepositoryMirrors` of build/rebuild/repositories.ts reads it. */
  readonly packageMirrors: string;
  readonly hasSensor: boolean;
  readonly hasBuilder: boolean;
  readonly sensorConcurrency: number;
  readonly sensorLabels: Readonly<Record<string, string>>;
  readonly layerCacheBytes: number;
  readonly diskFloorBytes: number;
  readonly allowsPrivateAddresses: boolean;
  /** The server that takes mail, and whom mail is from; missing: none is sent. */
  readonly mail?: { readonly server: URL; readonly from: string };
  /** Clair's API for Quay; missing: off. */
  readonly clair?: {
    /** Missing: nobody is asked for a signature. */
    readonly key?: Uint8Array;
    readonly webhook?: URL;
    /** Host names without port. */
    readonly hosts: readonly string[];
  };
  readonly allowsWildcards: boolean;
  readonly allowsForceScan: boolean;
  readonly dockerHub: 'block' | 'warn';
  /** As `parseGate` of certification/gate.ts reads it; missing: no gate. */
  readonly certificationGate?: string;
  readonly minGrade: 'A' | 'B' | 'C' | 'D' | 'E';
  readonly requiresVerification: boolean;
  readonly hasMovableTags: boolean;
  /** Missing: all. */
  readonly preflightVersions?: readonly string[];
  readonly maxBlobBytes: number;
  readonly uploadStallSeconds: number;
  readonly uploadIdleHours: number;
  readonly blobGraceHours: number;
  readonly eventRetentionDays: number;
  readonly changeRetentionDays: number;
  readonly auditRetentionDays: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** The texts of all settings: `flags` by name, then the environment, then the defaults. Empty text counts as missing. */
export function collectSettings(flags: SettingTexts, env: Readonly<Record<string, string | undefined>>): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const [name, row] of Object.entries(SERVER_SETTINGS) as [SettingName, SettingRow][]) {
    const text = flags[name] || env[row.env] || row.fallback;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** Reads the texts. @throws {PlimsollError} `CONFIGURATION_INVALID` for the first that cannot be used. */
export function readSettings(texts: SettingTexts): ServerSettings {
  const { host, port } = readListen(texts.listen ?? '');
  const url = texts.publicUrl === undefined ? undefined : readUrl('publicUrl', texts.publicUrl, ['http:', 'https:']);
  if ((texts.tlsCertificate === undefined) !== (texts.tlsKey === undefined)) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot serve HTTPS: PLIMSOLL_TLS_CERT and PLIMSOLL_TLS_KEY are needed both',
    );
  }
  if (texts.databaseUrl !== undefined) readUrl('databaseUrl', texts.databaseUrl, ['postgres:', 'postgresql:']);
  const logLevel = choice('logLevel', texts, ['error', 'warn', 'info', 'debug']);
  return {
    host,
    port,
    ...(url === undefined ? {} : { publicUrl: url.replace(/\/+$/, '') }),
    ...pick(texts, [
      'tlsCertificate',
      'tlsKey',
      'blobs',
      'databaseUrl',
      'secretKey',
      'adminPassword',
      'vulnerabilityDatabase',
    ]),
    trustProxy: readTrustProxy(texts.trustProxy ?? 'none'),
    data: texts.data ?? './data',
    databaseConnections: number('databaseConnections', texts, 1, 500),
    ...(texts.databaseSchedule === 'never' || texts.databaseSchedule === undefined
      ? {}
      : { databaseSchedule: texts.databaseSchedule }),
    databaseMirrors: pairs('databaseMirrors', texts),
    packageMirrors: texts.packageMirrors ?? '',
    hasSensor: choice('sensor', texts, ['on', 'off']) === 'on',
    hasBuilder: choice('builder', texts, ['on', 'off']) === 'on',
    sensorConcurrency: number('sensorConcurrency', texts, 1, 20),
    sensorLabels: pairs('sensorLabels', texts),
    layerCacheBytes: size('layerCache', texts),
    diskFloorBytes: size('diskFloor', texts),
    allowsPrivateAddresses: choice('privateAddresses', texts, ['allow', 'refuse']) === 'allow',
    ...readMail(texts),
    ...readClair(texts),
    allowsWildcards: choice('wildcards', texts, ['on', 'off']) === 'on',
    allowsForceScan: choice('forceScan', texts, ['on', 'off']) === 'on',
    dockerHub: choice('dockerHub', texts, ['block', 'warn']),
    ...(texts.certificationGate === 'off' || texts.certificationGate === undefined
      ? {}
      : { certificationGate: texts.certificationGate }),
    minGrade: choice('minGrade', texts, ['A', 'B', 'C', 'D', 'E']),
    requiresVerification: choice('verification', texts, ['on', 'off']) === 'on',
    hasMovableTags: choice('publishedTags', texts, ['fixed', 'movable']) === 'movable',
    ...(texts.preflightVersions === undefined ? {} : { preflightVersions: versions('preflightVersions', texts) }),
    maxBlobBytes: size('maxBlob', texts),
    uploadStallSeconds: number('uploadStall', texts, 1, 3600),
    uploadIdleHours: number('uploadIdle', texts, 1, 720),
    blobGraceHours: number('blobGrace', texts, 1, 720),
    eventRetentionDays: number('eventRetention', texts, 1, 3650),
    changeRetentionDays: number('changeRetention', texts, 1, 3650),
    auditRetentionDays: number('auditRetention', texts, 1, 36_500),
    logLevel,
  };
}

/** What `--print-config` prints: every setting as `NAME=value`, secrets masked, one a line. */
export function printSettings(texts: SettingTexts): string {
  const lines = (Object.entries(SERVER_SETTINGS) as [SettingName, SettingRow][]).map(([name, row]) => {
    const text = texts[name];
    const shown = text === undefined ? '' : row.isSecret === true ? '********' : text;
    return `${row.env}=${shown}\n`;
  });
  return lines.join('');
}

function readListen(text: string): { host: string; port: number } {
  const [, bracketed, plain = '', digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535)
    throw invalid('listen', 'expected an address and port such as 0.0.0.0:8080 or [::]:8080');
  return { host: bracketed ?? (plain === '' ? '0.0.0.0' : plain), port };
}

function readUrl(name: SettingName, text: string, protocols: readonly string[]): string {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol))
    throw invalid(name, `expected a URL that begins with ${protocols.map(one => `${one}//`).join(' or ')}`);
  return text;
}

function readTrustProxy(text: string): boolean | string {
  return text === 'all' ? true : text === 'none' ? false : text;
}

function choice<const T extends string>(name: SettingName, texts: SettingTexts, values: readonly T[]): T {
  const found = values.find(value => value === texts[name]);
  if (found === undefined) throw invalid(name, `expected one of ${values.join(', ')}`);
  return found;
}

function number(name: SettingName, texts: SettingTexts, min: number, max: number): number {
  const text = texts[name] ?? '';
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw invalid(name, `expected a number from ${min} to ${max}`);
  return value;
}

function versions(name: SettingName, texts: SettingTexts): readonly string[] {
  const found = (texts[name] ?? '').split(',').map(text => text.trim());
  if (found.some(text => !/^[0-9A-Za-z.+-]{1,50}$/.test(text))) {
    throw invalid(name, 'expected versions separated by commas, such as 1.20.0,1.21.0');
  }
  return found;
}

function size(name: SettingName, texts: SettingTexts): number {
  const bytes = parseByteSize(texts[name] ?? '');
  if (bytes === undefined) throw invalid(name, 'expected a size such as 500MiB or 2GiB');
  return bytes;
}

function pairs(name: SettingName, texts: SettingTexts): Readonly<Record<string, string>> {
  const entries = (texts[name] ?? '').split(',').filter(part => part.trim() !== '');
  return Object.fromEntries(
    entries.map(entry => {
      const at = entry.indexOf('=');
      if (at < 1) throw invalid(name, 'expected key=value, several joined by commas');
      return [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    }),
  );
}

function pick<const K extends SettingName>(texts: SettingTexts, names: readonly K[]): { readonly [N in K]?: string } {
  return Object.fromEntries(names.flatMap(name => (texts[name] === undefined ? [] : [[name, texts[name]]]))) as {
    [N in K]?: string;
  };
}

function invalid(name: SettingName, why: string): PlimsollError {
  const { env, flag } = SERVER_SETTINGS[name];
  return new PlimsollError('CONFIGURATION_INVALID', `Cannot use ${env} (--${flag}): ${why}`);
}

function readMail({ smtp, mailFrom }: SettingTexts): Pick<ServerSettings, 'mail'> {
  if (smtp === undefined) return {};
  const server = new URL(readUrl('smtp', smtp, ['smtp:', 'smtps:']));
  if (mailFrom === undefined || !/^(?:[^<>@"\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(mailFrom)) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot send mail: with PLIMSOLL_SMTP, PLIMSOLL_MAIL_FROM is needed too, as in "Plimsoll <plimsoll@example.com>"',
    );
  }
  return { mail: { server, from: mailFrom } };
}

/** Keys that Quay's documents show have 13 bytes. */
const MIN_PSK_BYTES = 8;

function readClair({ clairPsk, clairWebhook, clairHosts = '' }: SettingTexts): Pick<ServerSettings, 'clair'> {
  if (clairPsk === undefined) return {};
  const key = Buffer.from(clairPsk, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(clairPsk) && key.length >= MIN_PSK_BYTES;
  if (clairPsk !== 'none' && !isBase64) {
    throw invalid('clairPsk', `expected \`none\`, or ${MIN_PSK_BYTES} bytes or more in base64 as Quay has them`);
  }
  const hosts = clairHosts.split(',').flatMap(text => text.trim() || []);
  const bad = hosts.find(host => URL.parse(`http://${host}`)?.hostname !== host.toLowerCase());
  if (bad !== undefined) throw invalid('clairHosts', 'expected names of hosts without port, separated by commas');
  const webhook = clairWebhook === undefined ? undefined : readUrl('clairWebhook', clairWebhook, ['https:', 'http:']);
  return {
    clair: {
      ...(clairPsk === 'none' ? {} : { key: new Uint8Array(key) }),
      ...(webhook === undefined ? {} : { webhook: new URL(webhook) }),
      hosts,
    },
  };
}
