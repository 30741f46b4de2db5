/** Options that say what a project is. */
import { type Command, Option } from 'commander';
import { booleanOption } from '../image-options.ts';
import { collected } from '../option-value.ts';

/** As commander hands them over. */
export interface SettingsOptions {
  readonly distribution?: keyof typeof DISTRIBUTIONS;
  readonly registry?: string;
  readonly repository?: string;
  readonly osContent?: keyof typeof OS_CONTENTS;
  readonly type?: keyof typeof TYPES;
  readonly privileged?: boolean;
  readonly autoPublish?: boolean;
  readonly description?: string;
  readonly contact: readonly string[];
}

/** What people write, and what the API calls it. */
const DISTRIBUTIONS = {
  hosted: 'rhcc',
  external: 'external',
  'non-registry': 'non_registry',
  'marketplace-only': 'marketplace_only',
} as const;
const OS_CONTENTS = {
  ubi: 'Red Hat Universal Base Image (UBI)',
  rhel: 'Red Hat Enterprise Linux',
  scratch: 'Scratch Image',
  'operator-bundle': 'Operator Bundle Image',
} as const;
const TYPES = { container: 'container', 'operator-bundle': 'operator bundle image', scratch: 'scratch' } as const;

/** Adds the options to a command. */
export function addSettingsOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--distribution <method>',
        'hosted: images are pushed to the server; external: they are elsewhere',
      ).choices(Object.keys(DISTRIBUTIONS)),
    )
    .option('--registry <host>', 'registry where the image is published; empty: none')
    .option('--repository <path>', 'repository there; empty: none')
    .addOption(new Option('--os-content <kind>', 'what its images are built on').choices(Object.keys(OS_CONTENTS)))
    .addOption(new Option('--type <type>', 'what it is; scratch is given by admins').choices(Object.keys(TYPES)))
    .addOption(booleanOption('--privileged <bool>', 'its images may run as root; set by admins'))
    .addOption(booleanOption('--auto-publish <bool>', 'publish an image as soon as nothing stands against it'))
    .option('--description <text>', 'short description, for the catalogue')
    .addOption(
      new Option('--contact <email>', 'whom to write to, in the place of those there are; may be given again')
        .argParser(collected)
        .default([], 'as they are'),
    );
}

/** What the options ask for, as the API takes it; nothing for what is not named. */
export function readSettings(options: SettingsOptions): Readonly<Record<string, unknown>> {
  const { distribution, registry, repository, osContent, type, privileged, autoPublish, description, contact } =
    options;
  const details = {
    ...(description === undefined ? {} : { container: { short_description: description } }),
    ...(contact.length === 0
      ? {}
      : { contacts: contact.map(email => ({ email_address: email, type: 'Technical contact' })) }),
  };
  return {
    ...(distribution === undefined ? {} : { distributionMethod: DISTRIBUTIONS[distribution] }),
    ...(registry === undefined ? {} : { registry: registry === '' ? null : registry }),
    ...(repository === undefined ? {} : { repository: repository === '' ? null : repository }),
    ...(osContent === undefined ? {} : { osContentType: OS_CONTENTS[osContent] }),
    ...(type === undefined ? {} : { containerType: TYPES[type] }),
    ...(privileged === undefined ? {} : { isPrivileged: privileged }),
    ...(autoPublish === undefined ? {} : { autoPublish }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

/** What people write for a distribution method of the API; the word itself when there is none. */
export function distributionWord(method: string): string {
  return Object.entries(DISTRIBUTIONS).find(([, value]) => value === method)?.[0] ?? method;
}
