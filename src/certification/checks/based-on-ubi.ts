/** BasedOnUbi: the image is built on an approved base image. */
import { countOf } from '#base/count-of.ts';
import { findBase } from '../base-image.ts';
import type { Check, CheckVerdict } from '../check.ts';
import type { CertificationSubject } from '../subject.ts';

export const basedOnUbi: Check = {
  name: 'BasedOnUbi',
  level: 'best',
  description: 'The image is built on an approved base image, such as Red Hat’s Universal Base Image',
  why: 'Somebody must answer for what lies below the application, and go on fixing it',
  fix: 'Build FROM an approved base image, and do not squash its layers with your own',
  judge(subject) {
    const { config, bases, inventory } = subject;
    if (config === undefined)
      return { outcome: 'not-applicable', summary: 'A root folder has no layers to compare', found: [] };
    const claimed = inventory.redHat?.image;
    if (bases.length === 0) {
      const hint = claimed === undefined ? 'REGISTRY/REPOSITORY:TAG' : `registry.access.redhat.com/${claimed}:TAG`;
      return {
        outcome: 'error',
        summary: 'No approved base images are known to compare with',
        found: [],
        fix: `Name the base that it is built on, or a file of approved ones: --base ${hint}`,
        differsFromPreflight:
          'Preflight asks Red Hat’s catalogue; Plimsoll compares with a catalogue of your own and asks nobody',
      };
    }
    const match = findBase(config.diffIds, bases);
    switch (match.kind) {
      case 'based': {
        const { base, ownLayers } = match;
        return {
          outcome: 'passed',
          summary: `It is ${base.name} and ${countOf(ownLayers, 'layer')} of its own`,
          found: [{ kind: 'base', subject: base.name, ...(base.digest === undefined ? {} : { detail: base.digest }) }],
        };
      }
      case 'not-approved': {
        const note = match.base.note === undefined ? '' : `: ${match.base.note}`;
        return {
          outcome: 'failed',
          summary: `It is built on ${match.base.name}, which is not approved${note}`,
          found: [{ kind: 'base', subject: match.base.name, detail: 'not approved' }],
        };
      }
      case 'near': {
        const { base, sharedLayers, isTopFound } = match;
        const total = base.layers.length;
        if (isTopFound && base.isApproved) {
          return {
            outcome: 'failed',
            summary: `It holds the last layer of ${base.name}, and not the ones below it`,
            found: [{ kind: 'base', subject: base.name, detail: 'last layer found out of its place' }],
            differsFromPreflight: 'Preflight passes when the last layer of a base image is anywhere among the layers',
          };
        }
        return {
          outcome: 'failed',
          summary: `It shares ${sharedLayers} of the ${total} layers of ${base.name}, the nearest of ${bases.length}: it may be built on another version of it`,
          found: [{ kind: 'base', subject: base.name, detail: `${sharedLayers} of ${total} layers` }],
          fix: 'Add the version that it is built on to the approved base images, or build it anew on one of them',
        };
      }
      case 'none':
        return none(subject, claimed);
      default:
        return match satisfies never;
    }
  },
};

/** An image that says what it was built on while no layer of a base is left was squashed, or lies. */
function none({ config, bases, layerCount = 0 }: CertificationSubject, claimed: string | undefined): CheckVerdict {
  const label = config?.labels['com.redhat.component'];
  const origin = claimed ?? label;
  const found =
    origin === undefined
      ? []
      : [{ kind: 'base', subject: origin, detail: 'named in the image, and none of its layers found' } as const];
  const compared = `${bases.length} base image${bases.length === 1 ? '' : 's'}`;
  if (origin === undefined)
    return { outcome: 'failed', summary: `Its layers are not those of any of ${compared}`, found };
  if (layerCount === 1) {
    return {
      outcome: 'failed',
      summary: `It says that it comes from ${origin}, and is a single layer: it was squashed`,
      found,
      fix: 'Build it without --squash-all; --squash of podman and buildah puts your own layers into one and keeps those of the base',
    };
  }
  return {
    outcome: 'failed',
    summary: `It says that it comes from ${origin}, of which no layer was found among ${compared}: it was squashed, or that version is not known`,
    found,
    fix: 'Add the version of the base that it is built on to the approved base images; when it was squashed, build it without that',
  };
}
