/**
 * The pluggable scanner API, for Harbor: register the server's address with `/harbor` behind it as a scanner.
 *
 * Source: goharbor/pluggable-scanner-spec 1.2, and Harbor's client: it compares status codes exactly, gives every call five seconds, never
 * tries again, reads `Refresh-After` alone, and shows a reason only from its own form of error.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Principal } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { FORMATS } from '#report/formats.ts';
import { type AdapterContext, requestAdapterScan } from '#scan/adapter/adapter-scan.ts';
import { inventoryOfImage, reportOfImage } from '#scan/content/report-of-image.ts';
import { type AdapterScan, findAdapterScan } from '#store/adapter-scan.ts';
import { findCurrentVersion } from '#store/database-version.ts';
import { toProblem } from '../problem.ts';
import { signedIn } from '../route-access.ts';
import { tellIssue } from '../violation-words.ts';
import { type HarborScanner, toHarborReport, toHarborSbom } from './report.ts';

const PREFIX = '/harbor/api/v1';
const TYPES = {
  metadata: 'application/vnd.scanner.adapter.metadata+json; version=1.0',
  accepted: 'application/vnd.scanner.adapter.scan.response+json; version=1.0',
  error: 'application/vnd.scanner.adapter.error+json; version=1.0',
  report: 'application/vnd.security.vulnerability.report; version=1.1',
  native: 'application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0',
  sbom: 'application/vnd.security.sbom.report+json; version=1.0',
} as const;
/** Images alone: of an index Harbor then names the images one by one. */
const IMAGES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;
const SBOMS = {
  'application/spdx+json': 'spdx-json',
  'application/vnd.cyclonedx+json': 'cyclonedx-json',
} as const;
/** Seconds until Harbor asks again; it reads one byte of a number. */
const REFRESH_AFTER = '2';

const text = z.string().min(1).max(2048);
const scanRequest = z.object({
  registry: z.object({ url: text, authorization: z.string().max(65_536).nullish(), insecure: z.boolean().nullish() }),
  artifact: z.object({ repository: text, tag: z.string().max(200).nullish(), digest: text, mime_type: text }),
  enabled_capabilities: z.array(z.object({ type: z.string() })).nullish(),
});

/** Adds the routes. */
export function harborRoutes(context: AdapterContext, version: string) {
  const scanner: HarborScanner = { name: 'Plimsoll', vendor: 'Plimsoll', version };
  const { db } = context.store;
  return (instance: FastifyInstance): void => {
    instance.setErrorHandler(async (error, request, reply) => {
      const { status, detail, code } = toProblem(error, request.id);
      if (status >= 500) request.log.error({ err: error, code }, 'request failed');
      return await sendMessage(reply, status, detail);
    });
    // Harbor's types have a version behind them, and earlier ones another.
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', { parseAs: 'string' }, instance.getDefaultJsonParser('error', 'error'));
    const access = { config: { access: 'signed-in' as const }, schema: { hide: true } };

    instance.get(`${PREFIX}/metadata`, access, async (request, reply) => {
      requireOperator(signedIn(request));
      const updatedAt = (await findCurrentVersion(db))?.builtAt;
      return await send(reply, TYPES.metadata, toMetadata(scanner, updatedAt));
    });

    instance.post(`${PREFIX}/scan`, { ...access, bodyLimit: 1024 * 1024 }, async (request, reply) => {
      requireOperator(signedIn(request));
      const { registry, artifact, enabled_capabilities } = readRequest(request.body);
      const unknown = enabled_capabilities?.find(({ type }) => type !== 'vulnerability' && type !== 'sbom');
      if (unknown !== undefined) throw invalid(`"${printable(unknown.type, 60)}" is nothing that Plimsoll scans for`);
      const id = await requestAdapterScan(context, {
        registryUrl: registry.url,
        repository: artifact.repository,
        tag: artifact.tag ?? '',
        digest: artifact.digest,
        mediaType: artifact.mime_type,
        isInsecure: registry.insecure ?? false,
        authorization: registry.authorization || undefined,
      });
      return await send(reply.code(202), TYPES.accepted, { id });
    });

    instance.get(`${PREFIX}/scan/:id/report`, access, async (request, reply) => {
      requireOperator(signedIn(request));
      const { id } = request.params as { id: string };
      const scan = z.uuid().safeParse(id).success ? await findAdapterScan(db, id) : undefined;
      if (scan === undefined) {
        throw new PlimsollError(
          'NOT_FOUND',
          `Cannot find the scan "${printable(id, 60)}": it is older than a day, or never was`,
        );
      }
      if (scan.state === 'queued') {
        return await reply.code(302).header('refresh-after', REFRESH_AFTER).send();
      }
      if (scan.state === 'failed') {
        return await sendMessage(reply, 500, scan.error ?? 'The scan failed');
      }
      const accept = request.headers.accept ?? '';
      const { sbom_media_type: mediaType } = request.query as { sbom_media_type?: string };
      return accept.includes('sbom')
        ? await sendSbom(reply, scan, mediaType)
        : await sendReport(reply, scan, accept.includes('vuln.report.harbor') ? TYPES.native : TYPES.report);
    });

    const referenceOf = (scan: AdapterScan) => `${new URL(scan.registryUrl).host}/${scan.repository}@${scan.digest}`;

    async function sendReport(reply: FastifyReply, scan: AdapterScan, type: string): Promise<FastifyReply> {
      const report = await reportOfImage(db, scan.digest, { reference: referenceOf(scan), today: context.now() });
      if (report === undefined) throw gone(scan);
      return await send(reply, type, toHarborReport(report, { scan, scanner }));
    }

    async function sendSbom(
      reply: FastifyReply,
      scan: AdapterScan,
      mediaType: string | undefined,
    ): Promise<FastifyReply> {
      if (mediaType === undefined || !Object.hasOwn(SBOMS, mediaType)) {
        const asked = mediaType === undefined ? 'none is named' : `"${printable(mediaType, 80)}" is not known`;
        return await sendMessage(
          reply,
          400,
          `Cannot make an SBOM: expected sbom_media_type ${Object.keys(SBOMS).join(' or ')}, and ${asked}`,
        );
      }
      const inventory = await inventoryOfImage(db, scan.digest, { reference: referenceOf(scan) });
      if (inventory === undefined) throw gone(scan);
      const render = await FORMATS[SBOMS[mediaType as keyof typeof SBOMS]].load();
      const createdAt = context.now();
      const sbom: unknown = JSON.parse(render(inventory, { createdAt, toolVersion: version }));
      const about = { scan, scanner, mediaType, at: createdAt.toISOString() };
      return await send(reply, TYPES.sbom, toHarborSbom(sbom, about));
    }
  };
}

function toMetadata(scanner: HarborScanner, updatedAt: string | undefined) {
  return {
    scanner,
    capabilities: [
      { type: 'vulnerability', consumes_mime_types: IMAGES, produces_mime_types: [TYPES.report] },
      {
        type: 'sbom',
        consumes_mime_types: IMAGES,
        produces_mime_types: [TYPES.sbom],
        additional_attributes: { sbom_media_types: Object.keys(SBOMS) },
      },
    ],
    properties: {
      'harbor.scanner-adapter/scanner-type': 'os-package-vulnerability',
      ...(updatedAt === undefined ? {} : { 'harbor.scanner-adapter/vulnerability-database-updated-at': updatedAt }),
      'harbor.scanner-adapter/registry-authorization-type': 'Bearer',
    },
  };
}

function readRequest(body: unknown): z.output<typeof scanRequest> {
  const parsed = scanRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw invalid('its body is malformed');
  const { code, message, path, ...params } = issue;
  throw invalid(`${path.join('.') || 'its body'} ${tellIssue({ keyword: code, message, params }) ?? `(${message})`}`);
}

/** Whoever may scan anywhere: images of another registry belong to no namespace. @throws {PlimsollError} `FORBIDDEN`. */
function requireOperator({ everywhere, namespaces }: Principal): void {
  const roles = [everywhere, ...namespaces.values()];
  if (roles.some(role => role === 'operator' || role === 'admin')) return;
  throw new PlimsollError('FORBIDDEN', 'Cannot scan for another registry: its credential must have the role operator');
}

async function sendMessage(reply: FastifyReply, status: number, message: string): Promise<FastifyReply> {
  return await send(reply.code(status), TYPES.error, { error: { message } });
}

/** As bytes: to a text Fastify would add a character set, and quote the version. */
async function send(reply: FastifyReply, type: string, body: object): Promise<FastifyReply> {
  return await reply.header('content-type', type).send(Buffer.from(JSON.stringify(body)));
}

const gone = ({ digest }: AdapterScan) =>
  new PlimsollError('NOT_FOUND', `Cannot find the report of ${digest}: it was removed`);

function invalid(why: string): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', `Cannot take the scan request: ${why}`);
}
