/** Who may use the routes of access. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const inOwn = ({ own }: SampleWorld): SampleRequest => ({ params: { namespaceId: own } });
const withBody = (body: unknown) => (): SampleRequest => ({ body });
const PASSWORD = 'correct horse battery';
/** Nobody listens there: whoever is let through waits for nothing. */
const PROVIDER = { issuer: 'http://127.0.0.1:9', clientId: 'plimsoll', clientSecret: null, displayName: 'Some' };

async function newAccount(world: SampleWorld): Promise<{ accountId: string; name: string }> {
  const name = world.freshName();
  const { id } = await world.ask('POST', '/api/v1/accounts', { name });
  return { accountId: String(id), name };
}

async function newMember(world: SampleWorld, path: string): Promise<SampleRequest> {
  const { name } = await newAccount(world);
  await world.ask('PUT', `${path}/${name}`, { role: 'viewer' });
  return { params: { namespaceId: world.own, account: name } };
}

async function newNamespace(world: SampleWorld): Promise<SampleRequest> {
  const { id } = await world.ask('POST', '/api/v1/namespaces', { name: world.freshName() });
  return { params: { namespaceId: String(id) } };
}

async function newKey(world: SampleWorld): Promise<SampleRequest> {
  const body = { name: 'some', role: 'viewer', namespaceId: world.own };
  const { id } = await world.ask('POST', '/api/v1/api-keys', body);
  return { params: { apiKeyId: String(id) } };
}

/** Setting up, sessions, the OpenID provider. */
export const SESSION_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/setup', for: 'everybody' },
  {
    // The token decides; that a wrong one opens nothing is said elsewhere. Here the server is set up.
    route: 'POST /api/v1/setup',
    for: 'everybody',
    request: withBody({ token: 'setup_wrong', name: 'eve', password: PASSWORD }),
  },
  {
    route: 'POST /api/v1/session',
    for: 'everybody',
    request: async world => {
      const name = world.freshName();
      await world.ask('POST', '/api/v1/accounts', { name, password: PASSWORD });
      return { body: { name, password: PASSWORD } };
    },
  },
  { route: 'GET /api/v1/session', for: 'signed-in' },
  {
    // Signs out: with a session of its own, so that the others go on.
    route: 'DELETE /api/v1/session',
    for: 'session',
    request: async world => (world.isBySession ? { headers: await newSession(world) } : {}),
  },
  {
    route: 'PUT /api/v1/session/password',
    for: 'session',
    request: async world => ({
      body: { present: PASSWORD, next: 'another good password' },
      ...(world.isBySession ? { headers: await newSession(world) } : {}),
    }),
  },
  { route: 'GET /api/v1/oidc/start', for: 'everybody' },
  // Without what a sign-in left in the browser it ends nothing; that is said elsewhere.
  { route: 'GET /api/v1/oidc/callback', for: 'everybody' },
  {
    route: 'POST /api/v1/oidc/link',
    for: 'session',
    request: async world => {
      await world.ask('PUT', '/api/v1/settings/oidc', PROVIDER);
      return { body: {} };
    },
  },
  {
    route: 'GET /api/v1/settings/oidc',
    for: 'server admin',
    request: async world => {
      await world.ask('PUT', '/api/v1/settings/oidc', PROVIDER);
      return {};
    },
  },
  { route: 'PUT /api/v1/settings/oidc', for: 'server admin', request: withBody(PROVIDER) },
  { route: 'DELETE /api/v1/settings/oidc', for: 'server admin' },
];

/** Accounts, namespaces, roles, keys, the audit log. */
export const ACCESS_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/accounts', for: 'server admin' },
  {
    route: 'POST /api/v1/accounts',
    for: 'server admin',
    request: world => ({ body: { name: world.freshName() } }),
  },
  {
    // One's own is for everybody who has one.
    route: 'GET /api/v1/accounts/:accountId',
    for: 'server admin',
    request: async world => ({ params: await newAccount(world) }),
  },
  {
    route: 'PATCH /api/v1/accounts/:accountId',
    for: 'server admin',
    request: async world => ({ params: await newAccount(world), body: { isDisabled: true } }),
  },
  {
    route: 'PUT /api/v1/accounts/:accountId/password',
    for: 'server admin',
    request: async world => ({ params: await newAccount(world), body: { password: PASSWORD } }),
  },
  {
    route: 'DELETE /api/v1/accounts/:accountId',
    for: 'server admin',
    request: async world => ({ params: await newAccount(world) }),
  },
  { route: 'GET /api/v1/namespaces', for: 'signed-in', isFiltered: true },
  {
    route: 'POST /api/v1/namespaces',
    for: 'server admin',
    request: world => ({ body: { name: world.freshName() } }),
  },
  { route: 'GET /api/v1/namespaces/:namespaceId', for: 'viewer', request: inOwn },
  {
    route: 'PATCH /api/v1/namespaces/:namespaceId',
    for: 'admin',
    request: world => ({ ...inOwn(world), body: { displayName: 'Own' } }),
  },
  { route: 'DELETE /api/v1/namespaces/:namespaceId', for: 'server admin', request: newNamespace },
  { route: 'GET /api/v1/namespaces/:namespaceId/members', for: 'admin', request: inOwn },
  {
    route: 'PUT /api/v1/namespaces/:namespaceId/members/:account',
    for: 'admin',
    request: async world => {
      const { name } = await newAccount(world);
      return { params: { namespaceId: world.own, account: name }, body: { role: 'viewer' } };
    },
  },
  {
    route: 'DELETE /api/v1/namespaces/:namespaceId/members/:account',
    for: 'admin',
    request: world => newMember(world, `/api/v1/namespaces/${world.own}/members`),
  },
  { route: 'GET /api/v1/members', for: 'server admin' },
  {
    route: 'PUT /api/v1/members/:account',
    for: 'server admin',
    request: async world => {
      const { name } = await newAccount(world);
      return { params: { account: name }, body: { role: 'viewer' } };
    },
  },
  {
    route: 'DELETE /api/v1/members/:account',
    for: 'server admin',
    request: world => newMember(world, '/api/v1/members'),
  },
  { route: 'GET /api/v1/api-keys', for: 'signed-in' },
  {
    // Anybody may make keys that may what he may; keys may not.
    route: 'POST /api/v1/api-keys',
    for: 'session',
    request: withBody({ name: 'some', role: 'viewer' }),
  },
  {
    // Somebody else's key: for admins of its namespace. One's own everybody may end.
    route: 'DELETE /api/v1/api-keys/:apiKeyId',
    for: 'admin',
    request: newKey,
  },
  { route: 'GET /api/v1/audit-entries', for: 'any namespace admin', isFiltered: true },
];

/** Headers of a session of an account that is made for it. */
async function newSession(world: SampleWorld): Promise<Readonly<Record<string, string>>> {
  const name = world.freshName();
  await world.ask('POST', '/api/v1/accounts', { name, password: PASSWORD });
  return await world.signIn(name, PASSWORD);
}
