/** Repositories of Debian's kind, as small as they can be, for tests: an `InRelease`, and one index for amd64. */
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FeedServer } from '#vulndb/testing/feed-server.ts';

/** Puts a suite at `base`, with these packages by name; `lies` gives its index another hash than it has. */
export function putDebianSuite(
  server: FeedServer,
  base: string,
  suite: string,
  versions: Readonly<Record<string, string>>,
  { byHash = true, lies = false }: { readonly byHash?: boolean; readonly lies?: boolean } = {},
): void {
  const text = Object.entries(versions)
    .map(([name, version]) => `Package: ${name}\nArchitecture: amd64\nVersion: ${version}\nDescription: x\n more\n`)
    .join('\n');
  const packages = gzipSync(text);
  const sum = hash('sha256', lies ? 'other' : packages);
  const release = [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    '',
    `Suite: ${suite}`,
    ...(byHash ? ['Acquire-By-Hash: yes'] : []),
    'MD5Sum:',
    ` ${'0'.repeat(32)} 1 main/binary-amd64/Packages.gz`,
    'SHA256:',
    ` ${'0'.repeat(64)} 1 main/binary-amd64/Packages.xz`,
    ` ${sum} ${packages.length} main/binary-amd64/Packages.gz`,
    '-----BEGIN PGP SIGNATURE-----',
  ];
  const folder = `/${base}/dists/${suite}`;
  server.put(`${folder}/InRelease`, release.join('\n'));
  server.put(`${folder}/main/binary-amd64/${byHash ? `by-hash/SHA256/${sum}` : 'Packages.gz'}`, packages);
}

/** Puts Debian's archive for a release, without packages but these; and security updates without any. */
export function putDebianArchive(
  server: FeedServer,
  codename: string,
  versions: Readonly<Record<string, string>> = {},
): void {
  putDebianSuite(server, 'debian', codename, versions);
  putDebianSuite(server, 'debian', `${codename}-updates`, {});
  putDebianSuite(server, 'security', `${codename}-security`, {});
}

/** What `PLIMSOLL_PACKAGE_MIRROR` says to find Debian's archive on this server. */
export function debianMirrors({ url }: FeedServer): string {
  return `https://deb.debian.org/debian=${url}/debian https://deb.debian.org/debian-security=${url}/security`;
}
