/**
 * Who asks the registry, whether they may, and the challenge for who has to log in first.
 *
 * Source: distribution, docs/spec/auth/token.md; RFC 6750, section 3.
 */
import type { FastifyRequest } from 'fastify';
import { authenticate } from '#access/authenticate.ts';
import { readCredentials } from '#access/credentials.ts';
import {
  ANONYMOUS,
  explainRefusal,
  findPlace,
  type Place,
  permittedActions,
  type RegistryCaller,
  type RepositoryAction,
} from '#hosting/caller.ts';
import type { ManifestName } from '#hosting/content.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import { formatScope, type Scope } from '#hosting/scope.ts';
import { resume, signIn } from '#hosting/sign-in.ts';
import { isRegistryHost } from '#oci/reference.ts';
import { findHostedManifest } from '#store/hosting-manifest.ts';
import { isPublishedThere, type PullTarget } from '#store/hosting-published.ts';
import { ChallengeError } from './errors.ts';
import type { OciContext } from './oci-context.ts';

/** Who asks. */
export interface Asker {
  readonly caller: RegistryCaller;
  /** What the token holds; missing: no token, and everything that the caller may. */
  readonly access: readonly Scope[] | undefined;
  /** Whether anything was shown at all. */
  readonly hasCredentials: boolean;
}

/** Where the registry is, as the client sees it: `https://registry.example`. */
export function originOf(request: FastifyRequest, publicUrl: string | undefined): URL {
  if (publicUrl !== undefined) return new URL(publicUrl);
  const host = isRegistryHost(request.host) ? request.host : 'localhost';
  return new URL(`${request.protocol === 'https' ? 'https' : 'http'}://${host}`);
}

/** Finds out who asks. @throws {ChallengeError} for credentials that are wrong or have ended. */
export async function identify(context: OciContext, request: FastifyRequest, scope?: Scope): Promise<Asker> {
  const { hosting, signer } = context;
  const { authorization } = request.headers;
  if (authorization === undefined) return { caller: ANONYMOUS, access: undefined, hasCredentials: false };
  const refuse = (message: string) =>
    new ChallengeError(message, challengeOf(context, request, { scope, error: 'invalid_token' }));
  const credentials = readCredentials({ authorization });
  if (credentials?.kind === 'password' || (credentials?.kind === 'api-key' && /^basic/i.test(authorization))) {
    const [name, password] =
      credentials.kind === 'password' ? [credentials.name, credentials.password] : ['', credentials.key];
    try {
      const caller = await signIn(hosting, { name, password, remoteAddress: request.ip });
      return { caller, access: undefined, hasCredentials: true };
    } catch (error) {
      if (error instanceof DistributionError) throw refuse(error.message);
      throw error;
    }
  }
  if (credentials?.kind === 'api-key') {
    const principal = await authenticate(hosting, credentials);
    if (principal === undefined) throw refuse('Cannot log in: the API key is wrong, has expired or was revoked');
    return { caller: { kind: 'account', principal }, access: undefined, hasCredentials: true };
  }
  const [, token = ''] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  const claims = signer.verify(token, { at: hosting.now() });
  if (claims === undefined) throw refuse('Cannot use this token: it has expired, or is not one of this registry');
  const caller = await resume(hosting, claims.subject);
  if (caller === undefined) throw refuse('Cannot use this token: the account or key that it is of has ended');
  return { caller, access: claims.access, hasCredentials: true };
}

/** What may be open to everybody while it is published. */
export type OpenTarget = ManifestName | Exclude<PullTarget, { readonly manifest: string }>;

/** Who was let pass, and where. */
export interface Passed {
  readonly caller: RegistryCaller;
  readonly place: Place;
  /** Whether the caller is one of everybody here, and may see what is published alone. */
  readonly seesPublishedAlone: boolean;
}

/**
 * Lets pass who may do all of `actions` at the repository of that name; and everybody who pulls `target` while that is published.
 * @throws {ChallengeError} for who should log in, or ask for another token; {DistributionError} `DENIED` where that would not help.
 */
export async function authorise(
  context: OciContext,
  request: FastifyRequest,
  name: string,
  actions: readonly RepositoryAction[],
  target?: OpenTarget,
): Promise<Passed> {
  const scope: Scope = { type: 'repository', name, actions };
  const { caller, access } = await identify(context, request, scope);
  const place = await findPlace(context.hosting, name);
  const permitted = permittedActions(caller, place);
  const lacking = actions.find(action => !permitted.has(action));
  const held = access?.flatMap(one => (one.type === 'repository' && one.name === name ? one.actions : []));
  const isHeld = held === undefined || caller.kind === 'anonymous' || actions.every(action => held.includes(action));
  if (lacking === undefined && isHeld) return { caller, place, seesPublishedAlone: false };
  if (target !== undefined && (await isOpen(context.hosting, place, target))) {
    return { caller, place, seesPublishedAlone: true };
  }
  if (lacking !== undefined) {
    const why = await explainRefusal(context.hosting, caller, place, lacking);
    if (caller.kind === 'anonymous') throw new ChallengeError(why, challengeOf(context, request, { scope }));
    throw new DistributionError('DENIED', why);
  }
  throw new ChallengeError(
    `Cannot do this with this token: it is not for ${formatScope(scope)}; ask for another`,
    challengeOf(context, request, { scope, error: 'insufficient_scope' }),
  );
}

/** Whether this is published, for everybody to pull. */
async function isOpen(
  { store: { db }, address }: OciContext['hosting'],
  { repository }: Place,
  target: OpenTarget,
): Promise<boolean> {
  if (repository === undefined) return false;
  if ('blob' in target || 'subject' in target || 'tags' in target)
    return await isPublishedThere(db, repository, target, address.host);
  const manifest = 'digest' in target ? target.digest : (await findHostedManifest(db, repository.id, target))?.digest;
  return manifest !== undefined && (await isPublishedThere(db, repository, { manifest }, address.host));
}

/** What `WWW-Authenticate` says. */
export function challengeOf(
  { publicUrl }: OciContext,
  request: FastifyRequest,
  { scope, error }: { readonly scope?: Scope | string | undefined; readonly error?: string | undefined },
): string {
  const origin = originOf(request, publicUrl);
  const text = typeof scope === 'object' ? formatScope(scope) : scope;
  const base = origin.href.replace(/\/$/, '');
  return [
    `Bearer realm="${base}/v2/token"`,
    `service="${origin.host}"`,
    ...(text === undefined ? [] : [`scope="${text}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ].join(',');
}
