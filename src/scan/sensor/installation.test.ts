import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { installationWays } from './installation.ts';

const FACTS = {
  serverUrl: 'https://plimsoll.example:8443',
  token: 'plst_secret',
  name: `o'neil "east" $(id)`,
  labels: { site: 'east', arch: 'arm' },
  image: 'registry.example/plimsoll:1.0',
};

test('every way has the address, the token and the labels in it', () => {
  for (const { text, kind } of installationWays(FACTS)) {
    expect(text, kind).toContain(FACTS.serverUrl);
    expect(text, kind).toContain(FACTS.token);
    expect(text, kind).toContain('site=east,arch=arm');
    expect(text, kind).not.toContain('--token');
  }
});

test('plain http is said, since secrets of registries go over it', () => {
  for (const { text, kind } of installationWays({ ...FACTS, serverUrl: 'http://10.0.0.8:8080' })) {
    expect(text, kind).toContain('PLIMSOLL_ALLOW_HTTP');
  }
  for (const { text, kind } of installationWays(FACTS)) expect(text, kind).not.toContain('PLIMSOLL_ALLOW_HTTP');
});

test('what people chose as a name stays a word of the shell', () => {
  for (const { text, kind } of installationWays(FACTS)) {
    if (kind !== 'podman' && kind !== 'docker' && kind !== 'npx') continue;
    // The program itself is replaced by one that prints its arguments and environment.
    const script = kind === 'npx' ? text.replace('npx plimsoll sensor', 'env') : text.replace(/^\w+/, 'printf "%s\\n"');
    const out = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    expect(out, kind).toContain(`PLIMSOLL_SENSOR_NAME=${FACTS.name}\n`);
  }
});

test('the manifests for Kubernetes are YAML, and say what is meant', () => {
  const text = installationWays(FACTS).find(({ kind }) => kind === 'kubernetes')?.text ?? '';
  const [, yaml = ''] = /<<'END'\n([\s\S]*)END\n$/.exec(text) ?? [];
  const documents = parseAllDocuments(yaml).map(document => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
  expect(documents.map(({ kind }) => kind)).toEqual(['Secret', 'PersistentVolumeClaim', 'Deployment']);
  const [container] = documents[2].spec.template.spec.containers;
  expect(container.env).toContainEqual({ name: 'PLIMSOLL_SENSOR_NAME', value: FACTS.name });
  expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
});
