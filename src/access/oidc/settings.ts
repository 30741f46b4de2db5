/**
 * The OpenID provider, and what its groups mean here: a setting that whoever runs the server makes.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { recordAudit } from '#store/audit.ts';
import type { Db } from '#store/database.ts';
import { deleteSetting, findSetting, putSetting } from '#store/setting.ts';
import { type AccessContext, type Caller, toActor } from '../caller.ts';
import { parseDisplayName } from '../name.ts';
import { ROLES, requireRole } from '../principal.ts';

const SETTING = 'oidc';

/** What membership of a group gives. */
const groupRoleSchema = z.object({
  group: z.string().min(1).max(300),
  role: z.enum(ROLES),
  /** Missing: everywhere. */
  namespaceId: z.uuid().optional(),
});

const settingSchema = z.object({
  issuer: z.string(),
  clientId: z.string(),
  /** Base64 of what the sealer made; missing for clients without a secret. */
  sealedSecret: z.string().optional(),
  displayName: z.string(),
  scopes: z.array(z.string()),
  groupsClaim: z.string(),
  groupRoles: z.array(groupRoleSchema),
  createsAccounts: z.boolean(),
});

/** What a group gives; without a namespace it holds everywhere. */
export type GroupRole = z.infer<typeof groupRoleSchema>;

/** The provider as it is shown: all but the secret. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly hasClientSecret: boolean;
  /** On the button: `Sign in with …`. */
  readonly displayName: string;
  /** Asked for besides `openid`. */
  readonly scopes: readonly string[];
  /** Claim that lists the groups of somebody. */
  readonly groupsClaim: string;
  readonly groupRoles: readonly GroupRole[];
  /** Whether somebody whom the provider knows and we do not gets an account. */
  readonly createsAccounts: boolean;
}

/** Settings as they are made. */
export interface OidcInput extends Omit<OidcSettings, 'hasClientSecret'> {
  /** Missing: stays as it was, as long as issuer and client do; `null`: the client has none. */
  readonly clientSecret?: string | null | undefined;
}

/** The provider with its secret, to speak with it. */
export interface OidcClient extends OidcSettings {
  readonly clientSecret: string | undefined;
}

/** Settings for whoever runs the server; `undefined` when there is no provider. @throws {PlimsollError} `FORBIDDEN`. */
export async function readOidc(
  { store: { db } }: AccessContext,
  { principal }: Caller,
): Promise<OidcSettings | undefined> {
  requireRole(principal, 'admin', undefined);
  return await findOidc(db);
}

/** Settings without the secret; `undefined` when there is no provider. */
export async function findOidc(db: Db): Promise<OidcSettings | undefined> {
  const setting = await readSetting(db);
  return setting === undefined ? undefined : toSettings(setting);
}

/** Settings with the secret. @throws {PlimsollError} `NOT_FOUND` when there is no provider, `CONFIGURATION_INVALID`. */
export async function getOidcClient({ store: { db }, sealer }: AccessContext): Promise<OidcClient> {
  const setting = await readSetting(db);
  if (setting === undefined)
    throw new PlimsollError('NOT_FOUND', 'Cannot sign in by OpenID Connect: no provider is configured');
  const { sealedSecret } = setting;
  const clientSecret =
    sealedSecret === undefined ? undefined : sealer.open(Buffer.from(sealedSecret, 'base64'), purposeOf(setting));
  return { ...toSettings(setting), clientSecret };
}

/**
 * Sets the provider. A secret belongs to its issuer and client: with others it must be given again, so that nobody can have it sent elsewhere.
 * @throws {PlimsollError} `FORBIDDEN`, `REQUEST_INVALID`.
 */
export async function configureOidc(context: AccessContext, caller: Caller, input: OidcInput): Promise<OidcSettings> {
  requireRole(caller.principal, 'admin', undefined);
  const { db } = context.store;
  const { clientSecret, ...rest } = input;
  const checked = {
    ...rest,
    issuer: parseIssuer(input.issuer),
    displayName: parseDisplayName(input.displayName),
    scopes: [...input.scopes],
    groupRoles: [...input.groupRoles],
  };
  return await db.transaction().execute(async trx => {
    const sealedSecret =
      typeof clientSecret === 'string'
        ? Buffer.from(context.sealer.seal(clientSecret, purposeOf(checked))).toString('base64')
        : clientSecret === null
          ? undefined
          : await keepSecret(trx, checked);
    const setting = settingSchema.parse({ ...checked, sealedSecret });
    await putSetting(trx, SETTING, setting);
    const { issuer, clientId, groupsClaim, groupRoles, createsAccounts } = setting;
    const detail = { issuer, clientId, groupsClaim, groupRoles, createsAccounts };
    await recordAudit(trx, { ...entryOf(context, caller, 'oidc.update'), detail });
    return toSettings(setting);
  });
}

/** Forgets the provider: nobody can sign in by it any more; accounts stay. @throws {PlimsollError} `FORBIDDEN`. */
export async function removeOidc(context: AccessContext, caller: Caller): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  await context.store.db.transaction().execute(async trx => {
    await deleteSetting(trx, SETTING);
    await recordAudit(trx, entryOf(context, caller, 'oidc.delete'));
  });
}

/** Whether an address is this machine's: the one place that may be spoken to without TLS. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseIssuer(text: string): string {
  const url = URL.parse(text);
  const isSafe = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  if (!isSafe || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot use the issuer "${printable(text, 200)}": expected the provider's https:// address, without query`,
    );
  }
  return text;
}

async function keepSecret(db: Db, wanted: { issuer: string; clientId: string }): Promise<string | undefined> {
  const former = await readSetting(db);
  if (former?.sealedSecret === undefined || purposeOf(former) === purposeOf(wanted)) return former?.sealedSecret;
  throw new PlimsollError(
    'REQUEST_INVALID',
    'Cannot keep the client secret for another issuer or client: give clientSecret, or null when there is none',
  );
}

async function readSetting(db: Db): Promise<z.infer<typeof settingSchema> | undefined> {
  const value = await findSetting(db, SETTING);
  return value === undefined ? undefined : settingSchema.parse(value);
}

function toSettings({ sealedSecret, ...rest }: z.infer<typeof settingSchema>): OidcSettings {
  return { ...rest, hasClientSecret: sealedSecret !== undefined };
}

function purposeOf({ issuer, clientId }: { issuer: string; clientId: string }): string {
  return `oidc/${clientId}/${issuer}`;
}

function entryOf({ now }: AccessContext, caller: Caller, action: string) {
  return { at: now(), actor: toActor(caller), action, subjectKind: 'setting', subjectId: SETTING };
}
