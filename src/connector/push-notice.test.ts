/** Notices of pushes, in the forms of all products that send some. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPushNotices } from './push-notice.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const harbor = (tags: readonly (string | undefined)[]) => ({
  repository: { name: 'app', namespace: 'team', repo_full_name: 'team/app', repo_type: 'private' },
  resources: tags.map(tag => ({ digest: DIGEST, tag, resource_url: `registry.example/team/app:${tag}` })),
});
const target = (tag?: string) => ({ mediaType: 'm', digest: DIGEST, repository: 'team/app', ...(tag && { tag }) });
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const github = (action: string, name: string) => ({
  action,
  registry_package: {
    name: 'App',
    namespace: 'Team',
    package_type: 'CONTAINER',
    package_version: { container_metadata: { tag: { name, digest: DIGEST } } },
  },
});

const PUSHES: readonly { why: string; form: string; body: unknown; pushes: readonly string[] }[] = [
  {
    why: 'a registry tells of the blob, of the manifest by digest, and of the tag',
    form: 'distribution',
    body: {
      events: [
        { action: 'push', target: target() },
        { action: 'push', target: target('1.0') },
        { action: 'push', target: target('1.0') },
        { action: 'pull', target: target('0.9') },
        { action: 'mount', target: target('0.8') },
      ],
    },
    pushes: ['team/app:1.0'],
  },
  {
    why: 'Azure sends an event alone',
    form: 'azure',
    body: { id: '1', action: 'push', target: target('1.0'), request: { host: 'acme.azurecr.example' } },
    pushes: ['team/app:1.0'],
  },
  { why: 'a deletion is no push', form: 'azure', body: { action: 'delete', target: target('1.0') }, pushes: [] },
  {
    why: 'an artifact may have several tags, or none',
    form: 'harbor',
    body: { type: 'PUSH_ARTIFACT', occur_at: 1, operator: 'admin', event_data: harbor(['1.0', 'latest', undefined]) },
    pushes: ['team/app:1.0', 'team/app:latest'],
  },
  {
    why: 'Harbor tells of scans as well',
    form: 'harbor',
    body: { type: 'SCANNING_COMPLETED', event_data: harbor(['1.0']) },
    pushes: [],
  },
  {
    why: 'newer Harbors know the CloudEvents format',
    form: 'harbor-cloudevents',
    body: { specversion: '1.0', type: 'harbor.artifact.pushed', id: '1', data: harbor(['1.0']) },
    pushes: ['team/app:1.0'],
  },
  {
    why: 'as Docker Hub sends it',
    form: 'docker-hub',
    body: { callback_url: 'u', push_data: { pusher: 'p', tag: '1.0' }, repository: { repo_name: 'team/app' } },
    pushes: ['team/app:1.0'],
  },
  {
    why: 'as Quay sends it',
    form: 'quay',
    body: { name: 'app', repository: 'team/app', docker_url: 'quay.example/team/app', updated_tags: ['1.0', 'latest'] },
    pushes: ['team/app:1.0', 'team/app:latest'],
  },
  {
    why: 'as older ones of Quay did',
    form: 'quay',
    body: { repository: 'team/app', updated_tags: { latest: 'abc' } },
    pushes: ['team/app:latest'],
  },
  {
    why: 'names of packages are lower case',
    form: 'github',
    body: github('published', '1.0'),
    pushes: ['team/app:1.0'],
  },
  { why: 'a version without a tag', form: 'github', body: github('published', ''), pushes: [] },
  { why: 'a greeting is no push', form: 'github', body: { zen: 'Be calm.', hook_id: 1, hook: {} }, pushes: [] },
  {
    why: 'repositories of Artifactory are part of the path',
    form: 'jfrog',
    body: {
      domain: 'docker',
      event_type: 'pushed',
      data: { repo_key: 'docker-local', path: 'app/1.0/manifest.json', image_name: 'app', tag: '1.0' },
    },
    pushes: ['docker-local/app:1.0'],
  },
  {
    why: 'as EventBridge passes it on',
    form: 'amazon-eventbridge',
    body: {
      source: 'aws.ecr',
      'detail-type': 'ECR Image Action',
      detail: { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'team/app', 'image-tag': '1.0' },
    },
    pushes: ['team/app:1.0'],
  },
  {
    why: 'Google wraps it twice, and names the host',
    form: 'google-pubsub',
    body: {
      message: {
        data: base64({ action: 'INSERT', digest: `h/p/r/app@${DIGEST}`, tag: 'eu-docker.example/p/r/app:1.0' }),
      },
      subscription: 's',
    },
    pushes: ['eu-docker.example/p/r/app:1.0'],
  },
  {
    why: 'a push without a tag',
    form: 'google-pubsub',
    body: { message: { data: base64({ action: 'INSERT', digest: 'd' }) } },
    pushes: [],
  },
  {
    why: 'as Nexus sends it',
    form: 'nexus',
    body: { action: 'CREATED', component: { format: 'docker', name: 'team/app', version: '1.0' } },
    pushes: ['team/app:1.0'],
  },
  { why: 'from a script', form: 'plain', body: { repository: 'team/app', tag: '1.0' }, pushes: ['team/app:1.0'] },
];

describe('a notice of a push', () => {
  test.each(PUSHES)('$form: $why', ({ form, body, pushes }) => {
    const read = readPushNotices(body);
    expect(read?.form).toBe(form);
    expect(read?.pushes.map(({ repository, tag }) => `${repository}:${tag}`)).toEqual(pushes);
  });

  test.each([{}, [], null, 'push', { repository: 'app' }, { zen: 'none' }])('%j is of no form that is known', body => {
    expect(readPushNotices(body)).toBeUndefined();
  });

  test('whatever comes is read without a fall', () => {
    fc.assert(fc.property(fc.jsonValue(), body => void readPushNotices(body)));
  });
});
