/** What `plimsoll scan` does: open the database, read the images, judge them, write the report, hold it against the policy. */
import { SEVERITIES, type Severity } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { evaluatePolicy, type Policy, parsePolicy } from '#matching/policy.ts';
import type { VexDocument } from '#matching/vex/statement.ts';
import { parseReference } from '#oci/reference.ts';
import { SCAN_FORMATS, type ScanFormatName } from '#report/scan/formats.ts';
import type { ScanReport } from '#report/scan/scan-report.ts';
import type { Grouping } from '#report/scan/scan-report-options.ts';
import { describeDatabase, judgeImage, type WaiverFile } from '#scan/judge-image.ts';
import { readSbom } from '#scan/read-sbom.ts';
import type { DatabaseStatus } from '#vulndb/database-status.ts';
import { freshnessOf } from '#vulndb/freshness.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';
import { type CliContext, hasColors, hasLinks } from './context.ts';
import { type DatabaseOptions, databasePath, type MaxAgeOptions, maxAgeOf } from './db-options.ts';
import { warningsOf } from './db-status.ts';
import {
  documentName,
  type InventoryOptions,
  type InventoryReader,
  openInventoryReader,
  warnOfGaps,
} from './image-inventories.ts';
import { registryOptions } from './image-options.ts';
import { readInput } from './read-input.ts';
import { readVexFiles, readWaivers } from './triage-files.ts';
import { writeDocuments } from './write-output.ts';

/** As commander hands them over. */
export interface ScanCommandOptions extends InventoryOptions, DatabaseOptions, MaxAgeOptions {
  readonly format: ScanFormatName;
  readonly output?: string;
  readonly severity?: string;
  readonly ignoreUnfixed?: boolean;
  readonly failOn?: string;
  readonly vex: readonly string[];
  readonly vexFromImage?: boolean;
  readonly ignoreFile?: string;
  readonly groupBy: Grouping;
  readonly offline?: boolean;
}

const SBOM_PREFIX = 'sbom:';
/** The SBOM of an image with 50,000 packages is about this large. */
const MAX_SBOM_BYTES = 256 * 1024 * 1024;

/** Runs the command. @returns whether the policy was met. */
export async function runScan(
  references: readonly string[],
  options: ScanCommandOptions,
  context: CliContext,
): Promise<boolean> {
  const policy = options.failOn === undefined ? undefined : parsePolicy(options.failOn);
  const severities = options.severity === undefined ? undefined : parseSeverities(options.severity);
  if (options.offline) for (const reference of references) refuseRegistry(reference);
  // Before anything is pulled: without a database all of it would be in vain.
  using database = openDatabase(databasePath(options, context));
  const status = database.status();
  const now = context.now();
  const vex = await readVexFiles(options.vex, context.signal);
  const waivers: WaiverFile | undefined = await readWaivers(options.ignoreFile, context.signal);
  const judging = { lookup: database, database: describeDatabase(status), today: now, waivers, severities };
  const warnings = stalenessOf(status, now, maxAgeOf(options));
  const reports: ScanReport[] = [];
  const told = new Set(warnings);
  {
    await using reader = await openInventoryReader(options, context);
    for (const [at, reference] of references.entries()) {
      const isLast = at === references.length - 1;
      for await (const inventory of inventoriesOf(reference, isLast, reader, context)) {
        const attached = options.vexFromImage ? await readAttached(inventory, options, context) : [];
        const judged = judgeImage(inventory, {
          ...judging,
          vex: [...attached, ...vex],
          onlyFixable: options.ignoreUnfixed,
        });
        reports.push(judged.report);
        for (const warning of judged.warnings) told.add(warning);
        if (attached.length > 0) {
          const what = attached.length === 1 ? '1 VEX document' : `${attached.length} VEX documents`;
          told.add(`${what} attached to ${inventory.image.reference} counted; no signature of them was checked`);
        }
      }
    }
  }
  if (!options.quiet) warn([...told], reports, options, context);
  await write(reports, options, context);
  return policy === undefined || tellPolicy(reports, policy, options, context);
}

/** Only the database as a whole: some sources publish once a month, and the report says of each how old it is. */
function stalenessOf(status: DatabaseStatus, now: Date, maxAgeDays: number): readonly string[] {
  const freshness = freshnessOf(status, now, maxAgeDays);
  return warningsOf({ ...freshness, staleParts: [] }, maxAgeDays);
}

async function* inventoriesOf(
  reference: string,
  isLast: boolean,
  reader: InventoryReader,
  context: CliContext,
): AsyncGenerator<Inventory> {
  if (!reference.startsWith(SBOM_PREFIX)) return yield* reader.read(reference, { isLast });
  const path = reference.slice(SBOM_PREFIX.length);
  const bytes = await readInput(path, { what: 'SBOM', maxBytes: MAX_SBOM_BYTES, signal: context.signal });
  yield readSbom(bytes, path);
}

/** VEX documents that the registry keeps for the image; none for images from elsewhere. */
async function readAttached(
  { image }: Inventory,
  options: ScanCommandOptions,
  context: CliContext,
): Promise<readonly VexDocument[]> {
  if (image.digest === undefined || image.reference.startsWith(SBOM_PREFIX)) return [];
  const reference = parseReference(image.reference);
  if (reference.transport !== 'docker') return [];
  const { readAttachedVex } = await import('#scan/attached-vex.ts');
  const digests = reference.digest === undefined ? [image.digest] : [image.digest, reference.digest];
  return await readAttachedVex(reference, [...new Set(digests)], {
    registry: registryOptions(options, context),
    signal: context.signal,
  });
}

function refuseRegistry(reference: string): void {
  if (reference.startsWith(SBOM_PREFIX) || parseReference(reference).transport !== 'docker') return;
  throw new PlimsollError(
    'USAGE',
    `Cannot scan "${printable(reference)}" offline: it is in a registry; scan a copy of it, such as oci-archive:FILE`,
  );
}

function parseSeverities(text: string): ReadonlySet<Severity> {
  const words = text.split(',', 16).map(word => word.trim().toUpperCase());
  return new Set(
    words.map(word => {
      const severity = SEVERITIES.find(one => one === word);
      if (severity !== undefined) return severity;
      const known = SEVERITIES.map(one => one.toLowerCase()).join(', ');
      throw new PlimsollError('USAGE', `Cannot show severity "${printable(word.toLowerCase())}": there are ${known}`);
    }),
  );
}

/** Formats that say what could not be read or judged, where people see it. */
const TELLING: ReadonlySet<ScanFormatName> = new Set(['table', 'html', 'markdown']);

function warn(
  warnings: readonly string[],
  reports: readonly ScanReport[],
  { format }: ScanCommandOptions,
  context: CliContext,
): void {
  const say = (text: string) => context.stderr.write(`plimsoll: ${printable(text, 2000)}\n`);
  for (const warning of warnings) say(warning);
  if (TELLING.has(format)) return;
  warnOfGaps(
    reports.map(({ inventory }) => inventory),
    context,
  );
  for (const { inventory, undetermined } of reports) {
    const [first] = undetermined.filter(({ ids }) => ids.length === 0);
    if (first === undefined) continue;
    say(`${first.packages.length} package(s) of ${inventory.image.reference} could not be judged: ${first.why}`);
  }
}

async function write(reports: readonly ScanReport[], options: ScanCommandOptions, context: CliContext): Promise<void> {
  const { format, output, groupBy } = options;
  const { load, extension } = SCAN_FORMATS[format];
  const render = await load();
  const isTerminal = output === undefined && context.stdout.isTTY === true;
  const rendering = {
    createdAt: context.now(),
    toolVersion: context.version,
    groupBy,
    maxAgeDays: maxAgeOf(options),
    hasColors: output === undefined && hasColors(context),
    hasLinks: isTerminal && hasLinks(context),
    ...(isTerminal && context.stdout.columns !== undefined ? { columns: context.stdout.columns } : {}),
  };
  await writeDocuments(
    reports.map(report => ({ name: documentName(report.inventory), text: () => render([report], rendering) })),
    { join: () => render(reports, rendering), extension, output, stdout: context.stdout },
  );
}

const MAX_TOLD = 5;

/** Says on standard error what broke the policy. @returns whether nothing did. */
function tellPolicy(
  reports: readonly ScanReport[],
  policy: Policy,
  { failOn = '', quiet }: ScanCommandOptions,
  context: CliContext,
): boolean {
  let isMet = true;
  for (const report of reports) {
    const { failing, undetermined } = evaluatePolicy(report, policy);
    if (failing.length === 0 && undetermined.length === 0) continue;
    isMet = false;
    if (quiet) continue;
    const names = [...new Set(failing.map(({ id, package: one }) => `${id} in ${one.name}`))];
    const rest = names.length > MAX_TOLD ? ` and ${names.length - MAX_TOLD} more` : '';
    const [unknown] = undetermined;
    const reasons = [
      ...(names.length === 0 ? [] : [`${names.slice(0, MAX_TOLD).join(', ')}${rest}`]),
      ...(unknown === undefined ? [] : [`not determined: ${unknown.why}`]),
    ];
    const what = printable(report.inventory.image.reference);
    context.stderr.write(
      `plimsoll: ${what} does not meet the policy "${printable(failOn)}": ${printable(reasons.join('; '), 1000)}\n`,
    );
  }
  return isMet;
}
