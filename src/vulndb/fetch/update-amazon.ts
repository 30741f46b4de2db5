/**
 * Amazon Linux: the updateinfo of each repository, which its mirror list and its repomd.xml lead to.
 *
 * Source: createrepo's `repodata/repomd.xml`. The names of Amazon Linux 2's topics are those of `amazon-linux-extras`, 2026-11; a topic that is
 * no longer there is passed over.
 */
import { SOURCES } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { withoutSecrets } from '#base/text.ts';
import { atMirror, feedUrl } from './feed-url.ts';
import { type FeedOutcome, partFrom, type UpdateContext, updateDocument } from './update-context.ts';

const [AL2023, AL2, EXTRAS] = SOURCES.amazon.feeds;
const SOURCE = 'amazon';
const MAX_LIST_BYTES = 64 * 1024;
const MAX_REPOMD_BYTES = 4 * 1024 * 1024;

/** Topics of Amazon Linux 2 with advisories of their own. */
const TOPICS = [
  'ansible2',
  'aws-nitro-enclaves-cli',
  'BCC',
  'corretto8',
  'collectd',
  'collectd-python3',
  'dnsmasq',
  'dnsmasq2.85',
  'docker',
  'ecs',
  'emacs',
  'firecracker',
  'firefox',
  'gimp',
  'golang1.19',
  'haproxy2',
  'httpd_modules',
  'java-openjdk11',
  'kernel-5.4',
  'kernel-5.10',
  'kernel-5.15',
  'libreoffice',
  'livepatch',
  'lynis',
  'mariadb10.5',
  'mate-desktop1.x',
  'memcached1.5',
  'mock2',
  'nano',
  'nginx1',
  'openjdk11',
  'php7.4',
  'php8.0',
  'php8.1',
  'php8.2',
  'postgresql10',
  'postgresql11',
  'postgresql12',
  'postgresql13',
  'postgresql14',
  'python3.8',
  'R3.4',
  'R4',
  'redis6',
  'ruby2.6',
  'ruby3.0',
  'rust1',
  'selinux-ng',
  'squid4',
  'tomcat8.5',
  'tomcat9',
  'unbound1.13',
  'unbound1.17',
  'vim',
] as const;

/** Brings every repository up to date. @throws {PlimsollError} as `updateDocument` does. */
export async function* updateAmazon(context: UpdateContext): AsyncGenerator<FeedOutcome> {
  yield await updateRepository(context, 'amazon Amazon Linux:2023', AL2023.url, '');
  yield await updateRepository(context, 'amazon Amazon Linux:2', AL2.url, '');
  for (const topic of TOPICS) {
    yield await updateRepository(context, `amazon Amazon Linux:2/${topic}`, EXTRAS.url, topic);
  }
}

async function updateRepository(
  context: UpdateContext,
  feed: string,
  template: string,
  repository: string,
): Promise<FeedOutcome> {
  const { watcher, mirrors } = context;
  watcher.onFeed?.(feed);
  const list = feedUrl(template, { repository }, mirrors.get(SOURCE));
  const text = await readText(context, list, MAX_LIST_BYTES);
  if (text === undefined) return { kind: 'missing', feed };
  const base = URL.parse(text.split('\n', 1)[0]?.trim() ?? '');
  if (base === null || !['http:', 'https:'].includes(base.protocol)) {
    throw new PlimsollError('FEED_INVALID', `Cannot fetch "${withoutSecrets(list)}": it names no mirror`);
  }
  const root = atMirror(base, mirrors.get(SOURCE)).href.replace(/\/?$/, '/');
  const repomd = new URL('repodata/repomd.xml', root);
  const path = updateinfoPath((await readText(context, repomd, MAX_REPOMD_BYTES)) ?? '');
  // A repository without advisories has no updateinfo.
  if (path === undefined) return { kind: 'missing', feed };
  const url = new URL(path, root);
  // Its name has the hash of its content: what came from there already is still the same.
  const part = partFrom(context.build, SOURCE, url);
  if (part !== undefined) {
    context.build.confirmPart(part, { asOf: context.now.toISOString() });
    return { kind: 'unchanged', feed };
  }
  return await updateDocument(context, { source: SOURCE, feed, url, kinds: ['amazon-updateinfo'] });
}

async function readText(context: UpdateContext, url: URL, limitBytes: number): Promise<string | undefined> {
  const { bytes } = await context.client.read(url, { signal: context.signal, limitBytes });
  return bytes && Buffer.from(bytes).toString('utf8');
}

/** Where a repository's list of files says that its updateinfo is. */
function updateinfoPath(repomd: string): string | undefined {
  const start = repomd.search(/<data\s[^>]{0,100}type="updateinfo"/);
  const end = start === -1 ? -1 : repomd.indexOf('</data>', start);
  const [, path] =
    /<location\s[^>]{0,500}href="([^"<>]{1,500})"/.exec(start === -1 ? '' : repomd.slice(start, end)) ?? [];
  return path === undefined || path.startsWith('/') || path.includes('..') || /^[a-z]+:/i.test(path) ? undefined : path;
}
