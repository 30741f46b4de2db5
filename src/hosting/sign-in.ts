/**
 * Finding out who asks the registry: from a name and password, an API key, a registry key, or a token that they got us to sign.
 */
import { authenticate } from '#access/authenticate.ts';
import { API_KEY_PREFIX } from '#access/credentials.ts';
import { toKeyPrincipal, toPrincipal } from '#access/grant.ts';
import { findTokenOwner } from '#store/token-owner.ts';
import { ANONYMOUS, findPlace, permittedActions, type RegistryCaller } from './caller.ts';
import type { HostingContext } from './context.ts';
import { DistributionError } from './distribution-error.ts';
import { REGISTRY_KEY_PREFIX, REGISTRY_KEY_USER } from './registry-key.ts';
import type { Scope } from './scope.ts';
import type { TokenSubject } from './token.ts';

/** A name and password as `docker login` sends them. */
export interface RegistryLogin {
  readonly name: string;
  readonly password: string;
  readonly remoteAddress?: string | undefined;
}

/**
 * Who logs in like this. With a registry key or an API key as password the name does not matter.
 * @throws {DistributionError} `UNAUTHORIZED`, with what is wrong.
 */
export async function signIn(context: HostingContext, login: RegistryLogin): Promise<RegistryCaller> {
  const { name, password, remoteAddress } = login;
  if (password.startsWith(REGISTRY_KEY_PREFIX) || name === REGISTRY_KEY_USER) {
    const key = await context.keys.findByText(password);
    if (key !== undefined) {
      if (name !== REGISTRY_KEY_USER) context.log.info({ space: key.space }, 'registry key with another user name');
      return { kind: 'project', key };
    }
  }
  const credentials = password.startsWith(API_KEY_PREFIX)
    ? { kind: 'api-key' as const, key: password }
    : { kind: 'password' as const, name, password };
  const isHopeless = name === REGISTRY_KEY_USER && credentials.kind === 'password';
  const principal = isHopeless
    ? undefined
    : await authenticate(context, credentials, { allowsPasswords: true, remoteAddress });
  if (principal === undefined) throw new DistributionError('UNAUTHORIZED', explainFailure(login));
  return { kind: 'account', principal };
}

/** Who shows a token that was signed for this subject; `undefined` when their key or account has ended since. */
export async function resume(context: HostingContext, subject: TokenSubject): Promise<RegistryCaller | undefined> {
  const { db } = context.store;
  switch (subject.kind) {
    case 'anonymous':
      return ANONYMOUS;
    case 'project': {
      const key = await context.keys.findById(subject.keyId);
      return key === undefined ? undefined : { kind: 'project', key };
    }
    case 'account': {
      const { accountId, apiKeyId } = subject;
      const owner = await findTokenOwner(db, { accountId, apiKeyId, at: context.now() });
      if (owner === undefined) return undefined;
      const { account, roles, key } = owner;
      const principal =
        key === undefined ? toPrincipal(account, roles, 'password') : toKeyPrincipal(account, roles, key);
      return { kind: 'account', principal };
    }
    default:
      return subject satisfies never;
  }
}

/** Who a token is to be signed for. */
export function subjectOf(caller: RegistryCaller): TokenSubject {
  if (caller.kind === 'project') return { kind: 'project', keyId: caller.key.id };
  const accountId = caller.kind === 'account' ? caller.principal.accountId : undefined;
  if (caller.kind === 'anonymous' || accountId === undefined) return { kind: 'anonymous' };
  return { kind: 'account', accountId, apiKeyId: caller.principal.apiKeyId };
}

/** Of what is asked for, that which the caller may do. A subset is not an error, and neither is nothing. */
export async function grant(
  context: HostingContext,
  caller: RegistryCaller,
  wanted: readonly Scope[],
): Promise<readonly Scope[]> {
  const granted: Scope[] = [];
  for (const scope of wanted) {
    if (scope.type === 'registry') {
      granted.push(scope);
      continue;
    }
    const permitted = permittedActions(caller, await findPlace(context, scope.name));
    const actions = scope.actions.filter(action => permitted.has(action));
    if (actions.length > 0) granted.push({ ...scope, actions });
  }
  return granted;
}

function explainFailure({ name, password }: RegistryLogin): string {
  if (password.startsWith(REGISTRY_KEY_PREFIX)) {
    return 'Cannot log in: the registry key is not valid, or not any more; copy it again from the page of the project';
  }
  if (name.startsWith(REGISTRY_KEY_PREFIX)) {
    return 'Cannot log in: the registry key belongs where the password is; the user name is "unused"';
  }
  if (name.startsWith(API_KEY_PREFIX))
    return 'Cannot log in: the API key belongs where the password is; any user name will do';
  if (password.startsWith(API_KEY_PREFIX)) return 'Cannot log in: the API key is wrong, has expired or was revoked';
  if (name === REGISTRY_KEY_USER) {
    return 'Cannot log in as "unused": the password is no registry key; copy the key from the page of the project';
  }
  return 'Cannot log in: the user name or password is wrong';
}
