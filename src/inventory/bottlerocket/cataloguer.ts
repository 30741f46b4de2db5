/**
 * Packages of Bottlerocket: the inventory of what its image was built from, written by its build out of rpm packages.
 *
 * Versions are `[epoch:]version-release`; the file always has an epoch, and one of 0 is left out. Property `application-type`, when it
 * is not `Unspecified`.
 *
 * Source: bottlerocket-os/twoliter, rpm2img; the file also stands in the sys-root of each architecture while it is built.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { asRecord, parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { hasPathSuffix } from '../path-suffix.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const INVENTORY = 'usr/share/bottlerocket/application-inventory.json';

const application = z.object({
  Name: z.string().min(1),
  Version: z.string().min(1),
  Release: z.string().optional(),
  Epoch: z.union([z.string(), z.number()]).optional(),
  Architecture: z.string().optional(),
  Publisher: z.string().optional(),
  ApplicationType: z.string().optional(),
});

export const bottlerocketCataloguer: Cataloguer = {
  id: 'bottlerocket',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name === 'application-inventory.json' && hasPathSuffix(path, INVENTORY),
  read(file) {
    const limits = new FactLimits();
    const { Content } = asRecord(parseJsonFile(file.body, MAX_BYTES));
    if (!Array.isArray(Content)) throw new PlimsollError('FILE_INVALID', 'It has no list "Content"');
    const packages = Content.flatMap(entry => {
      const { success, data } = application.safeParse(entry);
      if (!success) limits.lose('package(s) without name or version');
      return data === undefined || !limits.admitsPackage() ? [] : [toPackage(data)];
    });
    return { packages, gaps: limits.gaps() };
  },
};

function toPackage(entry: z.infer<typeof application>): FoundPackage {
  const { Name, Version, Release, Epoch, Architecture, Publisher, ApplicationType } = entry;
  const epoch = Number(Epoch ?? 0) > 0 ? `${Epoch}:` : '';
  const hasType = ApplicationType !== undefined && ApplicationType !== 'Unspecified';
  return {
    type: 'bottlerocket',
    name: Name,
    version: `${epoch}${Version}${Release ? `-${Release}` : ''}`,
    ...(Architecture ? { arch: Architecture } : {}),
    ...(Publisher ? { vendor: Publisher } : {}),
    ...(hasType ? { properties: { 'application-type': ApplicationType } } : {}),
  };
}
