/**
 * The connector of registries that are nothing but a registry: `_catalog` and `tags/list`.
 */
import type { Credentials } from '#image/registry/credential-store.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { plainTags } from '../named-tags.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { DOCKER_V2 } from './settings.ts';

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openDockerV2(options: ConnectorOptions): Promise<Connector> {
  const { settings, credentials } = options;
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(toPull(credentials)) });
  const connector = assembleConnector({
    product: DOCKER_V2,
    connection,
    async *listRepositories(call) {
      for await (const name of connection.catalog(call)) yield { name };
    },
    listTags: (repository, query, call) => plainTags(connection, repository, query, call),
  });
  return Promise.resolve(connector);
}

/** A token with a user name is a password; one without is shown as it is. */
function toPull(credentials: RegistryCredentials): Credentials | undefined {
  const source = SETTINGS_SOURCE;
  if (credentials.kind === 'basic') {
    return { kind: 'password', username: credentials.username, password: credentials.password, source };
  }
  if (credentials.kind !== 'token') return undefined;
  const { token, username } = credentials;
  return username === undefined
    ? { kind: 'registry-token', token, source }
    : { kind: 'password', username, password: token, source };
}
