/**
 * The connector of `gcr.io` and its siblings: walks the folders of a project, for there is no catalogue of one project.
 *
 * Source: Google, "Transition from Container Registry"; the answers of `tags/list` as `gcloud container images list` uses them.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { LIST_LIMITS } from '#image/registry/listing.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry } from '../connector.ts';
import { googlePullCredentials, parseServiceAccount, projectPath } from '../google-service-account.ts';
import { withPrefix } from '../name-prefix.ts';
import { storeOf } from '../pull-credentials.ts';
import { hasImages, listGcrTags, readGcrFolder } from './gcr-folder.ts';
import { checkGcrSettings, GOOGLE_CONTAINER_REGISTRY } from './settings.ts';

/** Names have at most 255 characters, so there is no deeper folder that could be pulled from. */
const MAX_DEPTH = 64;
const FOLDER = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openGcr(options: ConnectorOptions): Promise<Connector> {
  const { credentials } = options;
  const { url, product } = checkGcrSettings(options.settings);
  const account = credentials.kind === 'google-service-account' ? parseServiceAccount(credentials.keyFile) : undefined;
  const project = product.projectId ?? account?.projectId;
  const base = new URL(`${url}/`);
  const pullCredentials = storeOf(googlePullCredentials(credentials));
  const connection = new Connection(options, { host: base.host, base, pullCredentials });
  const connector = assembleConnector({
    product: GOOGLE_CONTAINER_REGISTRY,
    connection,
    listRepositories: call => listRepositories(connection, project, call),
    listTags: (repository, _, call) => listGcrTags(connection, repository, call),
    // People write the path after the project; the whole path is understood as well.
    normaliseRepository: text => withPrefix(text, project && projectPath(project)),
  });
  return Promise.resolve(connector);
}

/** Depth first, so that few folders wait. */
async function* listRepositories(
  connection: Connection,
  project: string | undefined,
  call: CallOptions,
): AsyncGenerator<RepositoryEntry> {
  const { host } = connection.place;
  if (project === undefined) {
    throw new PlimsollError(
      'CATALOG_UNSUPPORTED',
      `Cannot list the repositories of ${host} without a project: write it into the address, such as ${host}/my-project, or name the repositories to scan`,
    );
  }
  const root = projectPath(project);
  const waiting = [root];
  for (let folders = 1; ; folders += 1) {
    const path = waiting.pop();
    if (path === undefined) return;
    const task = `Cannot list the repositories of ${host}/${printable(path)}`;
    if (folders > LIST_LIMITS.maxPages) {
      throw new PlimsollError(
        'LIMIT_EXCEEDED',
        `${task}: over ${LIST_LIMITS.maxPages} folders; name what is wanted instead`,
      );
    }
    const folder = await readGcrFolder(connection, path, { ...call, task });
    if (path !== root && hasImages(folder)) yield { name: path };
    const names = (folder.child ?? []).filter(name => FOLDER.test(name));
    const depth = path.split('/').length;
    if (depth < MAX_DEPTH) waiting.push(...names.toReversed().map(name => `${path}/${name}`));
  }
}
