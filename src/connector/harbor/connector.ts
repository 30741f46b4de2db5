/**
 * The connector of Harbor.
 */
import { basicLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { HarborApi } from './harbor-api.ts';
import { HARBOR } from './settings.ts';

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openHarbor(options: ConnectorOptions): Promise<Connector> {
  const { settings, credentials } = options;
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const login =
    credentials.kind === 'basic' ? ({ ...credentials, kind: 'password', source: SETTINGS_SOURCE } as const) : undefined;
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(login) });
  const api = connection.api({ base: new URL('api/v2.0/', base), authorization: basicLogin(credentials) });
  const harbor = new HarborApi(api, host);
  const connector = assembleConnector({
    product: HARBOR,
    connection,
    listRepositories: call => harbor.repositories(call),
    listTags: (repository, query, call) => harbor.tags(repository, query, call),
  });
  return Promise.resolve(connector);
}
