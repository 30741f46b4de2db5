/**
 * `plimsoll scan` from end to end: small images against a small database that `plimsoll db import` made.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { makeImage, makeIndex, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { type CliResult, plimsoll } from '../fixtures/plimsoll.ts';
import { startRegistryServer } from '../fixtures/registry-server.ts';
import { importScanFeeds } from '../fixtures/scan-feeds.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const INSTALLED = 'P:musl\nV:1.2.5-r1\nA:x86_64\no:musl\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\no:zlib\n';
const LEFT_PAD = {
  path: 'srv/app/node_modules/left-pad/package.json',
  content: '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
};

async function imageOf(osRelease: string, platform = 'linux/amd64', top: Parameters<typeof makeLayer>[0] = [LEFT_PAD]) {
  const base = await makeLayer([
    { path: 'etc/os-release', content: osRelease },
    { path: 'lib/apk/db/installed', content: INSTALLED },
  ]);
  return makeImage([base, await makeLayer(top)], {
    platform,
    history: ['ADD rootfs.tar.gz / # buildkit', 'RUN /bin/sh -c npm install left-pad # buildkit'],
  });
}

const ALPINE = 'ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n';
const OLD_ALPINE = 'ID=alpine\nVERSION_ID=3.9.6\nPRETTY_NAME="Alpine Linux v3.9"\n';
const UNCOVERED = 'ID=alpine\nVERSION_ID=3.23.0\nPRETTY_NAME="Alpine Linux v3.23"\n';

let folder: ScratchFolder;
let database: string;
let app: string;

beforeAll(async () => {
  folder = await scratchFolder();
  database = await importScanFeeds(folder.path);
  const index = makeIndex([await imageOf(ALPINE), await imageOf(ALPINE, 'linux/arm64', [])]);
  await writeOciLayout(folder.at('app'), [{ content: index, name: '1.0' }]);
  for (const [name, release] of [
    ['old', OLD_ALPINE],
    ['uncovered', UNCOVERED],
  ] as const) {
    await writeOciLayout(folder.at(name), [{ content: await imageOf(release), name: '1.0' }]);
  }
  app = `oci:${folder.at('app')}:1.0`;
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Most scans run in this process: starting one takes longer than the scan. */
const scan = (args: readonly string[], reference = app): Promise<CliResult> =>
  runHere(['scan', reference, '--platform', 'linux/amd64', '--db', database, ...args], { now: () => new Date() });

interface FindingJson {
  readonly id: string;
  readonly severity: string;
  readonly fix: { readonly kind: string; readonly version: string | null };
  readonly package: { readonly name: string };
  readonly createdBy: string | null;
  readonly status: string;
}

interface ReportJson {
  readonly summary: { readonly hidden: number; readonly knownExploited: number };
  readonly findings: readonly FindingJson[];
  readonly waived: readonly (FindingJson & { readonly by: { readonly kind: string; readonly reason: string } })[];
  readonly undetermined: readonly { readonly why: string }[];
}

async function report(args: readonly string[] = [], reference = app): Promise<ReportJson> {
  const result = await scan(['--format', 'json', '--quiet', ...args], reference);
  expect([result.status, result.stderr]).toEqual([0, '']);
  return JSON.parse(result.stdout);
}

const inShort = ({ id, severity, package: one, fix }: FindingJson) =>
  `${severity} ${id} ${one.name} ${fix.version ?? fix.kind}`;

const FINDINGS = [
  'CRITICAL CVE-2024-1001 left-pad 1.3.1',
  'MEDIUM CVE-2024-1002 left-pad not-fixed',
  'UNKNOWN CVE-2024-2001 zlib 1.3.1-r2',
];

describe('findings', () => {
  test('what is affected is found, what is fixed already is not', async () => {
    const args = ['--db', database, '--platform', 'linux/amd64', '--format', 'json'];
    const { status, stdout, stderr } = await plimsoll(['scan', app, ...args]);
    expect([status, stderr]).toEqual([0, '']);
    const { findings, undetermined, summary }: ReportJson = JSON.parse(stdout);
    expect(findings.map(inShort)).toEqual(FINDINGS);
    expect(findings.map(({ createdBy }) => createdBy)).toEqual([
      'RUN npm install left-pad',
      'RUN npm install left-pad',
      'ADD rootfs.tar.gz /',
    ]);
    expect([undetermined, summary.knownExploited]).toEqual([[], 1]);
  });

  test.each([
    { format: 'table', has: 'upgrade left-pad to 1.3.1' },
    { format: 'sarif', has: '"security-severity": "9.8"' },
    { format: 'cyclonedx-json', has: '"vulnerabilities"' },
    { format: 'spdx-json', has: '"referenceType": "advisory"' },
    { format: 'junit', has: '<failure type="CRITICAL"' },
    { format: 'html', has: '<span class="tag CRITICAL">' },
    { format: 'markdown', has: '#### Do first' },
  ])('$format names the findings, and a title cannot break out of it', async ({ format, has }) => {
    const result = await scan(['--format', format]);
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toContain(has);
    expect(result.stdout).toContain('CVE-2024-1001');
    if (['html', 'markdown', 'junit'].includes(format)) expect(result.stdout).not.toContain('<script>alert');
  });

  test.each(['json', 'sarif', 'junit', 'html', 'markdown', 'table'])('%s is the same bytes again', async format => {
    const [first, second] = await Promise.all([scan(['--format', format]), scan(['--format', format])]);
    expect(second.stdout).toBe(first.stdout);
  });

  test.each([
    { args: ['--severity', 'critical,unknown'], left: [0, 2], hidden: 1 },
    { args: ['--ignore-unfixed'], left: [0, 2], hidden: 1 },
    { args: ['--severity', 'medium', '--ignore-unfixed'], left: [], hidden: 3 },
  ])('$args leave findings out, and say how many', async ({ args, left, hidden }) => {
    const { findings, summary } = await report(args);
    expect(findings.map(inShort)).toEqual(left.map(at => FINDINGS[at]));
    expect(summary.hidden).toBe(hidden);
  });

  test('several images share one database and cache, and come as one document', async () => {
    const cache = folder.at('cache');
    const args = ['--db', database, '--format', 'json', '--quiet', '--cache', cache, '--platform', 'linux/amd64'];
    const { status, stdout } = await plimsoll(['scan', app, `oci:${folder.at('old')}:1.0`, ...args]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(2);
    // Two layers of each, one of which they share.
    const [version = ''] = await readdir(cache);
    expect(await readdir(folder.at('cache', version))).toHaveLength(3);
  });

  test('all platforms are compared side by side', async () => {
    const { status, stdout } = await plimsoll(['scan', app, '--all-platforms', '--db', database]);
    expect(status).toBe(0);
    const [head = '', amd64 = '', arm64 = ''] = stdout.split('\n');
    expect(head).toMatch(/^IMAGE +PLATFORM +CRITICAL/);
    expect(amd64).toMatch(/linux\/amd64 +1 +0 +1 +0 +1 +2 +1$/);
    expect(arm64).toMatch(/linux\/arm64 +0 +0 +0 +0 +1 +1 +0$/);
  });

  test('output goes to a file, or for several images to a folder', async () => {
    expect((await scan(['--format', 'sarif', '-o', folder.at('one.sarif')])).stdout).toBe('');
    expect(JSON.parse(await readFile(folder.at('one.sarif'), 'utf8')).runs).toHaveLength(1);
    const several = ['scan', app, '--all-platforms', '--db', database, '-f', 'html', '-o', folder.at('pages')];
    expect((await plimsoll(several)).status).toBe(0);
    expect(await readdir(folder.at('pages'))).toHaveLength(2);
  });
});

describe('policy', () => {
  test.each([
    { failOn: 'critical', status: 1, why: 'there is a critical one' },
    { failOn: 'high,fixable', status: 1, why: 'which has a fix' },
    { failOn: 'kev', status: 1, why: 'and is exploited' },
    { failOn: 'epss=0.95', status: 0, why: 'not as probably as that' },
    { failOn: 'medium,kev', status: 1, why: 'critical is worse than medium' },
    { failOn: 'undetermined', status: 0, why: 'everything could be judged' },
  ])('--fail-on $failOn ends with $status: $why', async ({ failOn, status }) => {
    const result = await scan(['--fail-on', failOn]);
    expect(result.status).toBe(status);
    // The report is written all the same.
    expect(result.stdout).toContain('CVE-2024-1001');
    if (status === 1)
      expect(result.stderr).toContain(`does not meet the policy "${failOn}": CVE-2024-1001 in left-pad`);
  });

  test('what is left out or set aside does not fail', async () => {
    expect((await scan(['--fail-on', 'critical', '--severity', 'medium'])).status).toBe(0);
    await writeFile(folder.at('waive.yaml'), 'waivers:\n  - id: CVE-2024-1001\n    reason: not called\n');
    expect((await scan(['--fail-on', 'critical', '--ignore-file', folder.at('waive.yaml')])).status).toBe(0);
  });

  test.each([
    { args: ['--fail-on', 'terrible'], text: '"terrible" is wrong' },
    { args: ['--severity', 'worst'], text: 'there are critical, high' },
    { args: ['--format', 'xml'], text: 'Allowed choices' },
    { args: ['--group-by', 'colour'], text: 'Allowed choices' },
    { args: ['--max-db-age', 'old'], text: 'expected a number of days' },
  ])('$args is wrong usage', async ({ args, text }) => {
    const result = await scan(args);
    expect([result.status, result.stdout]).toEqual([2, '']);
    expect(result.stderr).toContain(text);
  });
});

describe('what was set aside', () => {
  const openVex = (status: string, purl: string, more: object = {}) =>
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex',
      author: 'Example',
      timestamp: '2026-11-01T00:00:00Z',
      version: 1,
      statements: [{ vulnerability: { name: 'CVE-2024-1001' }, products: [{ '@id': purl }], status, ...more }],
    });
  const NOT_AFFECTED = openVex('not_affected', 'pkg:npm/left-pad@1.3.0', {
    justification: 'vulnerable_code_not_in_execute_path',
  });

  test('a VEX statement sets a finding aside, which stays visible', async () => {
    await writeFile(folder.at('vex.json'), NOT_AFFECTED);
    const { findings, waived } = await report(['--vex', folder.at('vex.json')]);
    expect(findings.map(({ id }) => id)).not.toContain('CVE-2024-1001');
    expect(waived.map(({ id, status, by }) => [id, status, by.kind, by.reason])).toEqual([
      ['CVE-2024-1001', 'not_affected', 'vex', 'the vulnerable code is never run'],
    ]);
  });

  test('waivers are read from the working folder, and one that is over says so', async () => {
    const path = folder.at('.plimsollignore.yaml');
    await writeFile(
      path,
      'waivers:\n  - id: GHSA-aaaa-bbbb-cccc\n    reason: not called\n  - id: CVE-2024-1002\n    reason: for now\n    expires: 2020-01-01\n',
    );
    const result = await scan(['--format', 'json', '--ignore-file', path]);
    const { waived }: ReportJson = JSON.parse(result.stdout);
    expect(waived.map(({ id, by }) => [id, by.kind, by.reason])).toEqual([['CVE-2024-1001', 'waiver', 'not called']]);
    expect(result.stderr).toContain('the waiver of CVE-2024-1002');
    expect(result.stderr).toContain('ended on 2020-01-01');
  });

  test.each([
    { args: ['--vex', '/no/such/file'], status: 4, text: 'there is no such file' },
    { args: ['--ignore-file', '/no/such/file'], status: 4, text: 'there is no such file' },
    { args: ['--vex', import.meta.filename], status: 2, text: 'VEX_INVALID' },
    { args: ['--ignore-file', import.meta.filename], status: 2, text: 'WAIVERS_INVALID' },
  ])('a file that cannot be used ends with $status: $args', async ({ args, status, text }) => {
    const result = await scan(args);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toContain(text);
  });

  test.each(['list', 'tag'])('documents attached in the registry count when asked for, found by a %s', async how => {
    await using server = await startRegistryServer();
    const image = await imageOf(ALPINE);
    server.hold('team/app', '1.0', image);
    attach(server, 'team/app', image.digest, how, NOT_AFFECTED);
    const reference = `docker://${server.host}/team/app:1.0`;
    expect((await report([], reference)).waived).toEqual([]);
    expect(server.count(/referrers|sha256-/)).toBe(0);
    const { waived } = await report(['--vex-from-image'], reference);
    expect(waived.map(({ id, by }) => [id, by.kind])).toEqual([['CVE-2024-1001', 'vex']]);
  });

  test('what cosign attests counts too, and that nobody checked its signature is told', async () => {
    await using server = await startRegistryServer();
    const image = await imageOf(ALPINE);
    server.hold('team/app', '1.0', image);
    const statement = {
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://openvex.dev/ns',
      subject: [{ name: 'team/app', digest: { sha256: image.digest.slice(7) } }],
      predicate: JSON.parse(NOT_AFFECTED),
    };
    const type = 'application/vnd.dsse.envelope.v1+json';
    const envelope = (of: object) => ({
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from(JSON.stringify(of)).toString('base64'),
      signatures: [{ sig: 'AA==' }],
    });
    const layerOf = (of: object, predicateType: string) => {
      const { mediaType, digest, size } = server.addBlob(Buffer.from(JSON.stringify(envelope(of))), type);
      return { mediaType, digest, size, annotations: { predicateType } };
    };
    const manifestType = 'application/vnd.oci.image.manifest.v1+json';
    const { mediaType, digest, size } = server.addBlob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
    const layers = [
      layerOf({ predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }, 'https://slsa.dev/provenance/v1'),
      layerOf(statement, 'https://openvex.dev/ns'),
    ];
    const manifest = { schemaVersion: 2, mediaType: manifestType, config: { mediaType, digest, size }, layers };
    server.addManifest('team/app', `${image.digest.replace(':', '-')}.att`, manifest, manifestType);
    const reference = `docker://${server.host}/team/app:1.0`;
    const { waived } = await report(['--vex-from-image'], reference);
    expect(waived.map(({ id, by }) => [id, by.kind])).toEqual([['CVE-2024-1001', 'vex']]);
    const { stderr } = await scan(['--vex-from-image'], reference);
    expect(stderr).toContain('1 VEX document attached to');
    expect(stderr).toContain('no signature of them was checked');
    expect(server.count(new RegExp(`blobs/${layers[0]?.digest}`))).toBe(0);
  });

  test('an attached document whose bytes are not those of its digest is refused', async () => {
    await using server = await startRegistryServer();
    const image = await imageOf(ALPINE);
    server.hold('team/app', '1.0', image);
    const { layer } = attach(server, 'team/app', image.digest, 'list', NOT_AFFECTED);
    server.playAlways(new RegExp(`blobs/${layer.digest}`), (_, response) =>
      response.end(NOT_AFFECTED.replace('1.3.0', '1.3.9')),
    );
    const result = await scan(['--vex-from-image'], `docker://${server.host}/team/app:1.0`);
    expect([result.status, result.stdout]).toEqual([7, '']);
    expect(result.stderr).toContain('DIGEST_MISMATCH');
  });
});

/** Attaches a document to an image, as `oras attach` does, listed by the referrers API or under the fallback tag. */
function attach(
  server: Awaited<ReturnType<typeof startRegistryServer>>,
  repository: string,
  subject: string,
  how: string,
  document: string,
) {
  const artifactType = 'application/vnd.openvex+json';
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const indexType = 'application/vnd.oci.image.index.v1+json';
  const layer = server.addBlob(Buffer.from(document), artifactType);
  const config = server.addBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const pointer = ({ mediaType, digest, size }: typeof layer) => ({ mediaType, digest, size });
  const manifest = server.addManifest(
    repository,
    undefined,
    {
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType,
      config: pointer(config),
      layers: [pointer(layer)],
      subject: { mediaType: manifestType, digest: subject, size: 1 },
    },
    manifestType,
  );
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [{ ...pointer(manifest), artifactType }] };
  if (how === 'tag') server.addManifest(repository, subject.replace(':', '-'), index, indexType);
  else {
    server.playAlways(new RegExp(`/v2/${repository}/referrers/${subject}$`), (_, response) => {
      response.setHeader('content-type', indexType);
      response.end(JSON.stringify(index));
    });
  }
  return { layer, manifest };
}

describe('what is not known', () => {
  test('an uncovered distribution is told, is no error, and can be made to fail', async () => {
    const reference = `oci:${folder.at('uncovered')}:1.0`;
    const table = await scan([], reference);
    expect([table.status, table.stderr]).toEqual([0, '']);
    expect(table.stdout).toContain('2 packages: no advisories known for alpine 3.23');
    const sarif = await scan(['--format', 'sarif'], reference);
    expect(sarif.stderr).toContain('2 package(s) of');
    const failed = await scan(['--fail-on', 'undetermined'], reference);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('not determined: no advisories known for alpine 3.23');
  });

  test('a release past its end is told', async () => {
    const { stdout } = await scan([], `oci:${folder.at('old')}:1.0`);
    expect(stdout).toContain('END OF LIFE since 2020-11-01');
    expect(stdout).toContain('has had no standard support since 2020-11-01');
  });
});

describe('the database', () => {
  test('without one the sentence says how to get it, before anything is pulled', async () => {
    await using server = await startRegistryServer();
    server.hold('team/app', '1.0', await imageOf(ALPINE));
    const result = await plimsoll(['scan', `docker://${server.host}/team/app:1.0`, '--db', folder.at('none.db')]);
    expect([result.status, result.stdout, server.requests.length]).toEqual([4, '', 0]);
    expect(result.stderr).toMatch(/plimsoll db update.*plimsoll db import.*DATABASE_UNKNOWN/);
  });

  test('an old one is warned of', async () => {
    const later = { now: () => new Date(Date.now() + 30 * 24 * 60 * 60 * 1000) };
    const { stderr, stdout } = await runHere(
      ['scan', app, '--platform', 'linux/amd64', '--db', database, '-f', 'json'],
      later,
    );
    expect(stderr).toContain('the vulnerability database is 30 days old, over the 7 allowed');
    const fine = await runHere(
      ['scan', app, '--platform', 'linux/amd64', '--db', database, '-f', 'json', '--max-db-age', '90'],
      later,
    );
    expect(fine.stderr).toBe('');
    expect(fine.stdout).toBe(stdout);
  });

  test('a damaged one is refused', async () => {
    const bytes = await readFile(database);
    await writeFile(folder.at('cut.db'), bytes.subarray(0, bytes.length / 2));
    const result = await plimsoll(['scan', app, '--platform', 'linux/amd64', '--db', folder.at('cut.db')]);
    expect([result.status, result.stdout]).toEqual([2, '']);
    expect(result.stderr).toContain('DATABASE_INVALID');
  });

  test('its folder may vanish in the middle of a scan: what is open goes on', async () => {
    await mkdir(folder.at('going'));
    await copyFile(database, folder.at('going', 'v.db'));
    await using server = await startRegistryServer();
    const image = await imageOf(ALPINE);
    server.hold('team/app', '1.0', image);
    // The database is open by the time the first layer is asked for.
    server.play(/^GET .*\/blobs\//, async (_, __, proceed) => {
      await rm(folder.at('going'), { recursive: true });
      proceed();
    });
    const args = [
      'scan',
      `docker://${server.host}/team/app:1.0`,
      '--db',
      folder.at('going', 'v.db'),
      '-f',
      'json',
      '-q',
    ];
    const result = await plimsoll(args);
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect((JSON.parse(result.stdout) as ReportJson).findings.map(inShort)).toEqual(FINDINGS);
  });

  test('offline no registry is asked', async () => {
    await using server = await startRegistryServer();
    const result = await scan(['--offline'], `docker://${server.host}/team/app:1.0`);
    expect([result.status, result.stdout, server.requests.length]).toEqual([2, '', 0]);
    expect(result.stderr).toContain('it is in a registry');
    expect((await scan(['--offline'])).status).toBe(0);
  });
});

describe('SBOMs', () => {
  test.each(['cyclonedx-json', 'spdx-json'])('%s of an image gives the findings of the image', async format => {
    const path = folder.at(`app.${format}`);
    const made = await plimsoll(['sbom', app, '--platform', 'linux/amd64', '--format', format, '-o', path]);
    expect(made.status).toBe(0);
    const { findings, undetermined } = await report([], `sbom:${path}`);
    expect(findings.map(inShort)).toEqual(FINDINGS);
    expect(undetermined).toEqual([]);
  });

  test.each([
    { name: 'missing.json', text: undefined, status: 4, says: 'there is no such file' },
    { name: 'text.json', text: 'hello', status: 2, says: 'SBOM_INVALID' },
    { name: 'other.json', text: '{"a":1}', status: 2, says: 'neither CycloneDX nor SPDX' },
  ])('sbom:$name ends with $status', async ({ name, text, status, says }) => {
    if (text !== undefined) await writeFile(folder.at(name), text);
    const result = await scan([], `sbom:${folder.at(name)}`);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toContain(says);
  });

  test('entries that nobody can name are told', async () => {
    const components = [
      { type: 'library', name: 'thing' },
      { type: 'library', name: 'x', purl: 'pkg:npm/x' },
    ];
    await writeFile(folder.at('poor.json'), JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components }));
    const { stdout } = await scan([], `sbom:${folder.at('poor.json')}`);
    expect(stdout).toContain('1 entry without a package URL');
    expect(stdout).toContain('No known weaknesses found in what could be judged');
  });
});

/** The command line in this process, with a clock of the test's. */
async function runHere(args: readonly string[], { now }: { readonly now: () => Date }) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async stream => Buffer.concat(await stream.toArray()).toString('utf8'));
  const status = await runCli(args, {
    env: {},
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0',
    now,
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { status, stdout: out, stderr: err };
}
