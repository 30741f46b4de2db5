/**
 * Certificates made with openssl: an authority, and what it issues.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Certificate } from '../../../test/fixtures/registry-server.ts';
import { scratchFolder } from '../../../test/fixtures/scratch-folder.ts';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority that nobody knows. */
export interface TestAuthority {
  readonly pem: string;
  /** Issues a certificate for host names and addresses; `expired` ended yesterday. */
  issue(hosts: readonly string[], options?: { readonly isExpired?: boolean }): Promise<Certificate>;
}

/** Makes one; `undefined` where there is no openssl. */
export async function makeAuthority(): Promise<TestAuthority | undefined> {
  try {
    await run('openssl', ['version']);
  } catch {
    return undefined;
  }
  await using folder = await scratchFolder();
  const files = ['-keyout', folder.at('ca.key'), '-out', folder.at('ca.pem')];
  await run('openssl', ['req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=Unknown Test CA', ...files]);
  const key = await readFile(folder.at('ca.key'), 'utf8');
  const pem = await readFile(folder.at('ca.pem'), 'utf8');
  return { pem, issue: (hosts, options = {}) => issue({ key, pem }, hosts, options.isExpired === true) };
}

async function issue(
  authority: { readonly key: string; readonly pem: string },
  hosts: readonly string[],
  isExpired: boolean,
): Promise<Certificate> {
  await using folder = await scratchFolder();
  await writeFile(folder.at('ca.key'), authority.key);
  await writeFile(folder.at('ca.pem'), authority.pem);
  const names = hosts.map(host => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',');
  const request = ['-subj', '/CN=test registry', '-keyout', folder.at('key'), '-out', folder.at('request')];
  await run('openssl', ['req', ...KEY, '-addext', `subjectAltName=${names}`, ...request]);
  const by = [
    '-CA',
    folder.at('ca.pem'),
    '-CAkey',
    folder.at('ca.key'),
    '-set_serial',
    '2',
    '-copy_extensions',
    'copy',
  ];
  const sign = (...times: string[]) =>
    run('openssl', ['x509', '-req', '-in', folder.at('request'), ...by, ...times, '-out', folder.at('cert')]);
  if (!isExpired) await sign('-days', '2');
  else {
    // Old versions take negative days, new ones the dates.
    await sign('-days', '-1').catch(() => sign('-not_before', '20240101000000Z', '-not_after', '20250101000000Z'));
  }
  return { key: await readFile(folder.at('key'), 'utf8'), cert: await readFile(folder.at('cert'), 'utf8') };
}
