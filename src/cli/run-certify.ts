/** What `plimsoll certify` does: read the images once, run the checks, judge the findings, write the certificates. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { BaseImage } from '#certification/base-image.ts';
import { type Certificate, toCertificate } from '#certification/certificate.ts';
import { type Gate, parseGate } from '#certification/gate.ts';
import type { GradeScope } from '#certification/graded-errata.ts';
import { type Grade, isAtLeast } from '#certification/health-grade.ts';
import type { PolicyName } from '#certification/policies.ts';
import type { ImageName, TagFacts } from '#certification/subject.ts';
import type { Image } from '#image/image.ts';
import { evaluatePolicy, type Policy, parsePolicy } from '#matching/policy.ts';
import type { VexDocument } from '#matching/vex/statement.ts';
import { formatPlatform } from '#oci/platform.ts';
import { parseReference, type Reference } from '#oci/reference.ts';
import { CERTIFICATE_FORMATS, type CertificateFormatName } from '#report/certification/formats.ts';
import { CERTIFIED_ARCHITECTURES, certify, toSubject } from '#scan/certify-image.ts';
import { describeDatabase, judgeImage, type WaiverFile } from '#scan/judge-image.ts';
import type { ScannedImage } from '#scan/scan-image.ts';
import { freshnessOf } from '#vulndb/freshness.ts';
import { openDatabase, type VulnerabilityDatabase } from '#vulndb/vulnerability-database.ts';
import { readBases } from './base-images.ts';
import { type CliContext, hasColors } from './context.ts';
import { type DatabaseOptions, databasePath, type MaxAgeOptions, maxAgeOf } from './db-options.ts';
import { warningsOf } from './db-status.ts';
import { documentName, type InventoryOptions, openInventoryReader, warnOfGaps } from './image-inventories.ts';
import { registryOptions } from './image-options.ts';
import { readVexFiles, readWaivers } from './triage-files.ts';
import { writeDocuments } from './write-output.ts';

/** As commander hands them over. */
export interface CertifyCommandOptions extends InventoryOptions, DatabaseOptions, MaxAgeOptions {
  readonly policy: PolicyName | 'auto' | 'scratch';
  readonly base: readonly string[];
  readonly name?: string;
  readonly format: CertificateFormatName;
  readonly output?: string;
  readonly gate: string;
  readonly minGrade?: Grade;
  readonly failOn?: string;
  readonly gradeScope: GradeScope;
  readonly vex: readonly string[];
  readonly ignoreFile?: string;
}

/** How findings are judged; missing parts were not asked for. */
interface Judging {
  readonly database: VulnerabilityDatabase;
  readonly now: Date;
  readonly gate: Gate | undefined;
  readonly failOn: Policy | undefined;
  readonly vex: readonly VexDocument[];
  readonly waivers: WaiverFile | undefined;
}

/** Runs the command. @returns whether every image passes. */
export async function runCertify(
  references: readonly string[],
  options: CertifyCommandOptions,
  context: CliContext,
): Promise<boolean> {
  const { signal } = context;
  const gate = options.gate === 'none' ? undefined : parseGate(options.gate);
  const failOn = options.failOn === undefined ? undefined : parsePolicy(options.failOn);
  const needsDatabase = gate !== undefined || failOn !== undefined || options.minGrade !== undefined;
  // Before anything is pulled: without a database all of it would be in vain.
  using database = needsDatabase ? openDatabase(databasePath(options, context)) : undefined;
  const vex = await readVexFiles(options.vex, signal);
  const waivers = await readWaivers(options.ignoreFile, signal);
  const judging = database && { database, now: context.now(), gate, failOn, vex, waivers };
  const bases = await readBases(options.base, options, context);
  const certificates: Certificate[] = [];
  const scans: ScannedImage[] = [];
  const told = new Set(judging === undefined ? [] : stalenessOf(judging, options));
  {
    // All platforms unless one was named.
    await using reader = await openInventoryReader(
      { ...options, allPlatforms: options.platform === undefined },
      context,
    );
    for (const [at, text] of references.entries()) {
      const isLast = at === references.length - 1;
      const reference = parseReference(text);
      const choose = (images: readonly Image[]) => chooseCertified(images, text, options);
      for await (const { image, scanned } of reader.readImages(text, { isLast, choose })) {
        const name = nameOf(image, reference, options);
        const tags = options.name === undefined ? await tagsOf(reference, image, options, context) : NO_REGISTRY;
        const subject = toSubject(image, scanned, { name, tags, bases: basesFor(image, bases) });
        certificates.push(judge(subject, judging, options, told));
        scans.push(scanned);
      }
    }
  }
  if (!options.quiet) {
    for (const warning of told) context.stderr.write(`plimsoll: ${printable(warning, 2000)}\n`);
    warnOfGaps(
      scans.map(({ inventory }) => inventory),
      context,
    );
  }
  await write(certificates, scans, options, context);
  return certificates.every(({ isPassed }) => isPassed);
}

/** Images of architectures that are certified; the general policy is about all of them. @throws `MANIFEST_UNSUPPORTED` without any. */
function chooseCertified(
  images: readonly Image[],
  text: string,
  { policy, platform }: CertifyCommandOptions,
): readonly Image[] {
  if (policy === 'general' || platform !== undefined) return images;
  const chosen = images.filter(
    image => image.platform === undefined || CERTIFIED_ARCHITECTURES.has(image.platform.architecture),
  );
  if (chosen.length > 0) return chosen;
  const found = images.map(image => (image.platform === undefined ? 'unknown' : formatPlatform(image.platform)));
  throw new PlimsollError(
    'MANIFEST_UNSUPPORTED',
    `Cannot certify "${printable(text)}": it is for ${printable(found.join(', '), 300)}, and ${[...CERTIFIED_ARCHITECTURES].join(', ')} are certified; --policy general takes others too`,
  );
}

const NO_REGISTRY: TagFacts = { kind: 'no-registry' };

/** The name that `--name` gives, else the image's own. */
function nameOf(image: Image, reference: Reference, { name }: CertifyCommandOptions): ImageName {
  const published = name === undefined ? reference : parseReference(name);
  const text = name ?? image.reference;
  if (published.transport === 'docker') {
    const { repository, tag } = published;
    return { text, repository, ...(tag === undefined ? {} : { tag }) };
  }
  if (name !== undefined) {
    throw new PlimsollError('USAGE', `Cannot publish as "${printable(name)}": it is no name in a registry`);
  }
  // An archive may call its image by a full name, as `podman save` does, or by a tag alone.
  return { text, ...partsOfName(published.name) };
}

function partsOfName(name: string | undefined): Pick<ImageName, 'repository' | 'tag'> {
  if (name === undefined || name.startsWith('sha256:')) return {};
  if (!/[/:]/.test(name)) return { tag: name };
  try {
    const inner = parseReference(name);
    if (inner.transport !== 'docker') return {};
    return { repository: inner.repository, ...(inner.tag === undefined ? {} : { tag: inner.tag }) };
  } catch {
    return {};
  }
}

async function tagsOf(
  reference: Reference,
  image: Image,
  options: CertifyCommandOptions,
  context: CliContext,
): Promise<TagFacts> {
  if (reference.transport !== 'docker') return NO_REGISTRY;
  const { RegistryClient } = await import('#image/registry/client.ts');
  const { findTagFacts } = await import('#scan/tag-facts.ts');
  await using client = new RegistryClient(registryOptions(options, context));
  return await findTagFacts(client, reference, { manifest: image.digest, signal: context.signal });
}

/** Those for the platform of the image, and those of files, whose diff IDs say enough. */
function basesFor(image: Image, bases: readonly (BaseImage & { readonly platform?: string })[]): readonly BaseImage[] {
  const platform = image.platform === undefined ? undefined : formatPlatform(image.platform);
  return bases.filter(base => base.platform === undefined || platform === undefined || base.platform === platform);
}

function judge(
  subject: Parameters<typeof certify>[0],
  judging: Judging | undefined,
  options: CertifyCommandOptions,
  told: Set<string>,
): Certificate {
  const policy = options.policy === 'scratch' ? 'scratch-nonroot' : options.policy;
  if (judging === undefined) return certify(subject, { policy });
  const { database, now, gate, failOn, vex, waivers } = judging;
  const about = describeDatabase(database.status());
  const { report, warnings } = judgeImage(subject.inventory, {
    lookup: database,
    database: about,
    today: now,
    vex,
    waivers,
  });
  for (const warning of warnings) told.add(warning);
  const { findings, undetermined } = report;
  const certificate = certify(subject, {
    policy,
    weaknesses: { findings, undetermined, lookup: database, now, gate, scope: options.gradeScope },
  });
  const objections = [
    ...(failOn === undefined ? [] : objectionsTo(evaluatePolicy(report, failOn), options.failOn ?? '')),
    ...gradeObjections(certificate, options.minGrade),
  ];
  return toCertificate({ ...certificate, objections });
}

function objectionsTo({ failing, undetermined }: ReturnType<typeof evaluatePolicy>, text: string): string[] {
  const names = [...new Set(failing.map(({ id, package: one }) => `${id} in ${one.name}`))];
  const rest = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const [unknown] = undetermined;
  const reasons = [
    ...(names.length === 0 ? [] : [`${names.slice(0, 5).join(', ')}${rest}`]),
    ...(unknown === undefined ? [] : [`not determined: ${unknown.why}`]),
  ];
  return reasons.length === 0 ? [] : [`It does not meet "${text}": ${reasons.join('; ')}`];
}

function gradeObjections({ grade }: Certificate, minimum: Grade | undefined): string[] {
  if (minimum === undefined || grade === undefined || isAtLeast(grade.grade, minimum)) return [];
  return [`Its health grade is ${grade.grade}, and ${minimum} or better was asked for`];
}

/** Only the database as a whole, as for scans. */
function stalenessOf({ database, now }: Judging, options: CertifyCommandOptions): readonly string[] {
  const maxAgeDays = maxAgeOf(options);
  return warningsOf({ ...freshnessOf(database.status(), now, maxAgeDays), staleParts: [] }, maxAgeDays);
}

async function write(
  certificates: readonly Certificate[],
  scans: readonly ScannedImage[],
  options: CertifyCommandOptions,
  context: CliContext,
): Promise<void> {
  const { format, output } = options;
  const { load, extension } = CERTIFICATE_FORMATS[format];
  const render = await load();
  const isTerminal = output === undefined && context.stdout.isTTY === true;
  const rendering = {
    createdAt: context.now(),
    toolVersion: context.version,
    hasColors: output === undefined && hasColors(context),
    ...(isTerminal && context.stdout.columns !== undefined ? { columns: context.stdout.columns } : {}),
  };
  await writeDocuments(
    certificates.map((certificate, at) => {
      const scanned = scans[at];
      return {
        name: scanned === undefined ? String(at) : documentName(scanned.inventory),
        text: () => render([certificate], rendering),
      };
    }),
    { join: () => render(certificates, rendering), extension, output, stdout: context.stdout },
  );
}
