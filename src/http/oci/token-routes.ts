/**
 * The token service: who logs in here gets a token for what they ask for and may do.
 *
 * Source: distribution, docs/spec/auth/token.md and oauth.md.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, type RegistryCaller } from '#hosting/caller.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import { paced } from '#hosting/pace.ts';
import { makeRefreshToken, refresh } from '#hosting/refresh.ts';
import { formatScope, parseScopes } from '#hosting/scope.ts';
import { grant, signIn, subjectOf } from '#hosting/sign-in.ts';
import { TOKEN_SECONDS } from '#hosting/token.ts';
import { identify, originOf } from './authorise.ts';
import { readOne, readQuery } from './headers.ts';
import type { OciContext } from './oci-context.ts';

const MAX_FORM_BYTES = 64 * 1024;

/** `GET /v2/token`: credentials as Basic, or none for what is public. */
export async function getToken(context: OciContext, request: FastifyRequest, reply: FastifyReply) {
  const { caller } = await identify(context, request);
  return await sendToken(context, request, reply, {
    caller,
    scopes: readQuery(request, 'scope'),
    service: readOne(request, 'service'),
    isOffline: readOne(request, 'offline_token') === 'true',
  });
}

/** `POST /v2/token`: a password or a refresh token in a form. */
export async function postToken(context: OciContext, request: FastifyRequest, reply: FastifyReply) {
  const form = await readForm(context, request);
  const type = form.get('grant_type');
  let caller: RegistryCaller = ANONYMOUS;
  if (type === 'password') {
    const login = { name: form.get('username') ?? '', password: form.get('password') ?? '', remoteAddress: request.ip };
    caller = await signIn(context.hosting, login);
  } else if (type === 'refresh_token') {
    caller = await refresh(context.hosting, context.signer, form.get('refresh_token') ?? '');
  } else if (type !== null || request.headers.authorization === undefined) {
    throw new DistributionError(
      'UNSUPPORTED',
      'Cannot give a token: the grant_type must be "password" or "refresh_token"',
    );
  } else ({ caller } = await identify(context, request));
  return await sendToken(context, request, reply, {
    caller,
    scopes: form.getAll('scope'),
    service: form.get('service') ?? undefined,
    // Whoever came with a refresh token keeps it.
    isOffline: form.get('access_type') === 'offline',
    refreshToken: type === 'refresh_token' ? (form.get('refresh_token') ?? undefined) : undefined,
  });
}

async function sendToken(
  context: OciContext,
  request: FastifyRequest,
  reply: FastifyReply,
  {
    caller,
    scopes,
    service,
    isOffline,
    refreshToken: shown,
  }: {
    readonly caller: RegistryCaller;
    readonly scopes: readonly string[];
    readonly service: string | undefined;
    /** Whether a refresh token is asked for. */
    readonly isOffline: boolean;
    readonly refreshToken?: string | undefined;
  },
) {
  const at = context.hosting.now();
  const access = await grant(context.hosting, caller, parseScopes(scopes));
  const audience = (service ?? originOf(request, context.publicUrl).host).slice(0, 300);
  const token = context.signer.sign({ subject: subjectOf(caller), access }, { service: audience, at });
  const refreshToken =
    shown ?? (isOffline ? await makeRefreshToken(context.hosting, context.signer, caller) : undefined);
  const answer = {
    token,
    access_token: token,
    expires_in: TOKEN_SECONDS,
    issued_at: at.toISOString(),
    scope: access.map(formatScope).join(' '),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  };
  reply.header('cache-control', 'no-store');
  return await reply.type('application/json').send(Buffer.from(JSON.stringify(answer)));
}

async function readForm({ hosting }: OciContext, request: FastifyRequest): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  for await (const chunk of paced(body, { windowMs: hosting.limits.stallMs, minBytes: 1024 })) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_FORM_BYTES)
      throw new DistributionError('SIZE_INVALID', 'Cannot read the form: it is too large');
    chunks.push(Uint8Array.from(chunk));
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
