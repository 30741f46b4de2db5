/**
 * What registries say when something was pushed: the notices of all products that have some, as one list of tags.
 *
 * Sources: the notifications of the distribution registry (GitLab and Azure send the same), and the webhook pages of Harbor, Docker Hub,
 * Quay, GitHub packages, JFrog Artifactory, Sonatype Nexus, Google's Pub/Sub notifications and Amazon's EventBridge.
 */
import { z } from 'zod';

/** A tag that was pushed. The repository is as the product writes it, which may include its host. */
export interface PushNotice {
  readonly repository: string;
  readonly tag: string;
}

/** What a notice came to. */
export interface PushNotices {
  /** The form it has, for logs: `harbor`, `distribution`, … */
  readonly form: string;
  /** Distinct. Empty for what is no push of a tag: a deletion, a test, a push by digest. */
  readonly pushes: readonly PushNotice[];
}

const text = z.string().min(1).max(512);

/** A form of notice: what it looks like, and what was pushed. */
interface NoticeForm {
  readonly name: string;
  /** `undefined` when the body is of another form. */
  read(body: unknown): readonly (PushNotice | undefined)[] | undefined;
}

/** A form by its schema. */
function form<T>(
  name: string,
  schema: z.ZodType<T>,
  read: (body: T) => readonly (PushNotice | undefined)[],
): NoticeForm {
  return {
    name,
    read: body => {
      const parsed = schema.safeParse(body);
      return parsed.success ? read(parsed.data) : undefined;
    },
  };
}

const pushOf = (repository: string | null | undefined, tag: string | null | undefined): PushNotice | undefined =>
  repository && tag ? { repository, tag } : undefined;

const distributionEvent = z.object({
  action: z.string(),
  target: z.object({ repository: text.nullish(), tag: text.nullish() }),
});
const readDistribution = ({ action, target }: z.output<typeof distributionEvent>) =>
  action === 'push' ? pushOf(target.repository, target.tag) : undefined;

const harborData = z.object({
  repository: z.object({ repo_full_name: text }),
  resources: z.array(z.object({ tag: text.nullish() })).default([]),
});
const readHarbor = (isPush: boolean, { repository, resources }: z.output<typeof harborData>) =>
  isPush ? resources.map(({ tag }) => pushOf(repository.repo_full_name, tag)) : [];

const googlePush = z.object({ action: z.string(), tag: text.nullish() });

/** In this order: the first that fits. */
const FORMS: readonly NoticeForm[] = [
  form('distribution', z.object({ events: z.array(distributionEvent) }), ({ events }) => events.map(readDistribution)),
  // Azure sends one event without its envelope.
  form('azure', distributionEvent, event => [readDistribution(event)]),
  form('harbor', z.object({ type: z.string(), event_data: harborData }), ({ type, event_data }) =>
    readHarbor(type === 'PUSH_ARTIFACT' || type === 'pushImage', event_data),
  ),
  form('harbor-cloudevents', z.object({ specversion: z.string(), type: z.string(), data: harborData }), event =>
    readHarbor(event.type === 'harbor.artifact.pushed', event.data),
  ),
  form(
    'docker-hub',
    z.object({ push_data: z.object({ tag: text.nullish() }), repository: z.object({ repo_name: text }) }),
    ({ push_data, repository }) => [pushOf(repository.repo_name, push_data.tag)],
  ),
  form(
    'quay',
    // Old ones wrote an object from tags to images.
    z.object({ repository: text, updated_tags: z.union([z.array(text), z.record(text, z.unknown())]) }),
    ({ repository, updated_tags: tags }) =>
      (Array.isArray(tags) ? tags : Object.keys(tags)).map(tag => pushOf(repository, tag)),
  ),
  form('github', githubForm(), body => {
    const { action, registry_package: own, package: other } = body;
    const found = own ?? other;
    if (found === undefined || (action !== 'published' && action !== 'updated')) return [];
    const { namespace, name, package_version: version } = found;
    return [pushOf(`${namespace}/${name}`.toLowerCase(), version?.container_metadata?.tag?.name)];
  }),
  form(
    'jfrog',
    z.object({
      domain: z.literal('docker'),
      event_type: z.string(),
      data: z.object({ repo_key: text, image_name: text, tag: text.nullish() }),
    }),
    ({ event_type, data }) =>
      event_type === 'pushed' ? [pushOf(`${data.repo_key}/${data.image_name}`, data.tag)] : [],
  ),
  form(
    'amazon-eventbridge',
    z.object({
      source: z.literal('aws.ecr'),
      detail: z.object({
        'action-type': z.string(),
        result: z.string(),
        'repository-name': text,
        'image-tag': text.nullish(),
      }),
    }),
    ({ detail }) =>
      detail['action-type'] === 'PUSH' && detail.result === 'SUCCESS'
        ? [pushOf(detail['repository-name'], detail['image-tag'])]
        : [],
  ),
  form('google-pubsub', z.object({ message: z.object({ data: z.base64().max(65_536) }) }), ({ message }) => {
    const inner = googlePush.safeParse(parseJson(Buffer.from(message.data, 'base64').toString('utf8')));
    if (!inner.success || inner.data.action !== 'INSERT') return [];
    const { tag: name } = inner.data;
    const at = name?.lastIndexOf(':') ?? -1;
    return at < 0 ? [] : [pushOf(name?.slice(0, at), name?.slice(at + 1))];
  }),
  form(
    'nexus',
    z.object({ action: z.string(), component: z.object({ format: text, name: text, version: text.nullish() }) }),
    ({ action, component }) =>
      component.format === 'docker' && (action === 'CREATED' || action === 'UPDATED')
        ? [pushOf(component.name, component.version)]
        : [],
  ),
  // GitHub's greeting when the webhook is made.
  form('github', z.object({ zen: z.string(), hook_id: z.number() }), () => []),
  // For scripts: what curl is given.
  form('plain', z.strictObject({ repository: text, tag: text }), ({ repository, tag }) => [pushOf(repository, tag)]),
];

/** Reads a notice, JSON already parsed. `undefined` when no product sends such a thing. */
export function readPushNotices(body: unknown): PushNotices | undefined {
  for (const { name, read } of FORMS) {
    const found = read(body);
    if (found === undefined) continue;
    const distinct = new Map<string, PushNotice>();
    for (const push of found) if (push !== undefined) distinct.set(JSON.stringify(push), push);
    return { form: name, pushes: [...distinct.values()] };
  }
  return undefined;
}

/** GitHub calls the same thing by two names, one for each kind of its events. */
function githubForm() {
  const found = z.object({
    name: text,
    namespace: text,
    package_version: z
      .object({ container_metadata: z.object({ tag: z.object({ name: z.string().nullish() }).nullish() }).nullish() })
      .nullish(),
  });
  const body = z.object({ action: z.string(), registry_package: found.optional(), package: found.optional() });
  return body.refine(one => one.registry_package !== undefined || one.package !== undefined);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
