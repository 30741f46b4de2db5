/**
 * What happened, in words for people who read mail: one line for each event, with a link to the page that shows the rest.
 */
import { printable } from '#base/text.ts';

/** A delivery of a webhook, as far as its words go: `body` is what another receiver would get. */
export interface ToldEvent {
  readonly kind: string;
  readonly body: string;
}

type Data = Readonly<Record<string, unknown>>;

const SHOWN_EVENTS = 50;
const MAX_TEXT = 200;

/** Titles of kinds whose name does not say it well. */
const TITLES: Readonly<Record<string, string>> = {
  'findings.new': 'New findings',
  'findings.changed': 'Findings changed',
  'run.skipped': 'A due time passed by, because the run before was still active',
  'registry.health': 'A registry changed its state',
  'sensor.state': 'A sensor changed its state',
  'rematch.completed': 'Findings were renewed with another vulnerability database',
  'database.updated': 'The vulnerability database was updated',
  'webhook.test': 'This is a test',
};

/** Subject and text of a message that tells events, in their order; `site` is where the server is, without a slash at the end. */
export function writeMail(
  events: readonly ToldEvent[],
  { webhook, site }: { readonly webhook: string; readonly site: string },
): { readonly subject: string; readonly text: string } {
  const told = events.map(event => ({ ...event, data: dataOf(event.body) }));
  const [first] = told;
  const lines = told.slice(0, SHOWN_EVENTS).map(({ kind, data }) => {
    const place = placeOf(kind, data);
    return `- ${sentenceOf(kind, data)}${place === undefined ? '' : `\n  ${site}${place}`}`;
  });
  const more = told.length > SHOWN_EVENTS ? [`and ${told.length - SHOWN_EVENTS} more: ${site}/`] : [];
  const about = first === undefined ? 'nothing' : sentenceOf(first.kind, first.data);
  const subject = told.length > 1 ? `${about} (and ${told.length - 1} more)` : about;
  const end = `You get this because of the webhook "${printable(webhook, MAX_TEXT)}" of Plimsoll at ${site}.`;
  return { subject: `[Plimsoll] ${subject}`.slice(0, 200), text: `${[...lines, ...more, '', end].join('\n')}\n` };
}

function dataOf(body: string): Data {
  try {
    const { data } = JSON.parse(body) as { readonly data?: unknown };
    return typeof data === 'object' && data !== null ? (data as Data) : {};
  } catch {
    return {};
  }
}

function sentenceOf(kind: string, data: Data): string {
  const title = TITLES[kind] ?? capitalised(kind.replace('.', ' '));
  const details = [aboutOf(data), countsOf(data), stateOf(data), whyOf(data)].filter(part => part !== '');
  return details.length === 0 ? title : `${title}: ${details.join(', ')}`;
}

/** What it is about: an image, a job, a project, whatever has a name. */
function aboutOf(data: Data): string {
  const project = text(data['project']);
  const repository = text(data['repository']);
  const tag = text(data['tag']);
  const name = project === '' ? (repository === '' ? text(data['name']) : repository) : project;
  const number = typeof data['number'] === 'number' ? `run ${data['number']}` : '';
  const version = tag === '' ? text(data['digest']).slice(0, 19) : tag;
  return [name, version, number].filter(part => part !== '').join(' ');
}

/** Numbers that matter, each with its noun. */
function countsOf(data: Data): string {
  const worst = text(data['worstNew']);
  return [
    count(data['findingsNew'], 'new finding', worst === '' ? '' : `, the worst is ${worst}`),
    count(data['findingsFixed'] ?? data['findingsGone'], 'finding gone', '', 'findings gone'),
    count(data['imagesChanged'], 'image concerned', '', 'images concerned'),
    count(data['packageCount'], 'package updated', '', 'packages updated'),
  ]
    .filter(part => part !== '')
    .join(', ');
}

function count(value: unknown, one: string, rest = '', many = `${one}s`): string {
  // Of builds the same names hold lists.
  const number = Array.isArray(value) ? value.length : value;
  return typeof number === 'number' && number > 0 ? `${number} ${number === 1 ? one : many}${rest}` : '';
}

function stateOf(data: Data): string {
  if (data['isPassed'] !== undefined) return data['isPassed'] === true ? 'all checks passed' : 'not all checks passed';
  if ('grade' in data && 'before' in data) {
    return `grade ${text(data['grade']) || 'unknown'}, before it ${text(data['before']) || 'none'}`;
  }
  const now = text(data['health']) || text(data['state']);
  const before = text(data['from']);
  return now === '' ? '' : before === '' || before === now ? now : `${now}, before it ${before}`;
}

function whyOf(data: Data): string {
  const inside = [data['failure'], data['error']].map(one => text((one as Data | null | undefined)?.['message']));
  const [first] = Array.isArray(data['errors']) ? (data['errors'] as readonly unknown[]) : [];
  const ofRun = text((first as Data | null | undefined)?.['message']);
  return [text(data['reason']), text(data['detail']), ...inside, ofRun].find(part => part !== '') ?? '';
}

/** The page of the web interface that shows what an event is about. */
function placeOf(kind: string, data: Data): string | undefined {
  const of = (name: string) => {
    const value = text(data[name]);
    return value === '' ? undefined : encodeURIComponent(value);
  };
  const [project, build, image, run, sensor] = ['projectId', 'buildId', 'imageId', 'runId', 'sensorId'].map(of);
  if (project !== undefined) {
    if (build !== undefined) return `/projects/${project}/builds/${build}`;
    return image === undefined ? `/projects/${project}` : `/projects/${project}/images/${image}`;
  }
  if (run !== undefined && kind.startsWith('run.')) return `/runs/${run}`;
  if (sensor !== undefined) return `/sensors/${sensor}`;
  const digest = text(data['digest']);
  if (/^sha(?:256|512):[0-9a-f]+$/.test(digest)) return `/images/${digest}`;
  const registry = of('registryId');
  return registry === undefined ? undefined : `/registries/${registry}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? printable(value, MAX_TEXT) : '';
}

function capitalised(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
