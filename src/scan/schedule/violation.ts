/**
 * What can be wrong with a scan job, one code each, so that people, programs and tests can name it.
 *
 * The table drives docs/scan-jobs.md (a test keeps the two in step). An error keeps a job from being saved or an action from being done; a
 * warning is shown beside the field.
 */
import { printable } from '#base/text.ts';

interface Row {
  readonly severity: 'error' | 'warning';
  readonly meaning: string;
  readonly remedy: string;
}

/** Every code. Codes are stable: callers branch on them, never on the sentence. */
export const VIOLATIONS = {
  REPOSITORY_REQUIRED: {
    severity: 'error',
    meaning: 'The job names no repository',
    remedy: 'Name at least one repository by its full path, or write a wildcard',
  },
  REPOSITORY_SYNTAX: {
    severity: 'error',
    meaning: 'An entry cannot be the full path of a repository',
    remedy: 'Write the full path after the host, without scheme, tag and trailing slash: team/app/backend',
  },
  TAG_SYNTAX: {
    severity: 'error',
    meaning: 'An entry cannot be a tag',
    remedy: 'Write letters, digits, "_", "." and "-", at most 128 of them, and separate several tags by commas',
  },
  TOO_MANY_PATTERNS: {
    severity: 'error',
    meaning: 'The job has more entries, or more regular expressions, than a launch can hold every name against',
    remedy: 'Split the job, or put entries together with a wildcard',
  },
  TAG_FILTER_NOT_ALLOWED_AUTOMATIC: {
    severity: 'error',
    meaning: 'An Automatic job names tags',
    remedy: 'Leave the tags out, or choose the scan type On Demand',
  },
  DATE_FILTER_NOT_ALLOWED_AUTOMATIC: {
    severity: 'error',
    meaning: 'An Automatic job filters by pushed date',
    remedy: 'Choose All as pushed date, or the scan type On Demand',
  },
  TAG_REQUIRED_JFROG: {
    severity: 'error',
    meaning: 'An On Demand job on a product that selects images by tag (JFrog Artifactory) has a target without tags',
    remedy: 'Name the tags of every target; * means all of them',
  },
  RECURRENCE_NOT_ALLOWED_ON_DEMAND: {
    severity: 'error',
    meaning: 'An On Demand job has an interval, start time or weekday',
    remedy: 'Leave the recurrence out, or choose the scan type Automatic',
  },
  INTERVAL_OUT_OF_RANGE: {
    severity: 'error',
    meaning: 'The interval of an Automatic job is missing, or is no whole number from 1 to 365',
    remedy: 'Write a whole number of days from 1 to 365',
  },
  START_TIME_ONLY_DAILY: {
    severity: 'error',
    meaning: 'A start time is only valid for a daily recurrence',
    remedy: 'Leave the start time out, or choose an interval of 1 day',
  },
  START_TIME_REQUIRED_DAILY: {
    severity: 'error',
    meaning: 'A daily recurrence has no start time',
    remedy: 'Write the start time as HH:MM, for example 02:30',
  },
  START_TIME_INVALID: {
    severity: 'error',
    meaning: 'The start time is no time of the day',
    remedy: 'Write it as HH:MM from 00:00 to 23:59',
  },
  WEEKDAY_ONLY_WEEKLY: {
    severity: 'error',
    meaning: 'A weekday is only valid for an interval of 7 days',
    remedy: 'Leave the weekday out, or choose an interval of 7 days',
  },
  WEEKDAY_REQUIRED_WEEKLY: {
    severity: 'error',
    meaning: 'An interval of 7 days has no weekday, or one that does not exist',
    remedy: 'Write one of MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY',
  },
  TIMEZONE_UNKNOWN: {
    severity: 'error',
    meaning: 'The time zone does not exist',
    remedy: 'Write a name of the IANA time zone database, for example Europe/Madrid or UTC',
  },
  FORCE_NOT_ENABLED: {
    severity: 'error',
    meaning: 'Scan all images is not enabled on this server',
    remedy: 'Leave the box off, or ask an administrator to enable the feature registry.forceScan',
  },
  FORCE_INTERVAL_TOO_SHORT: {
    severity: 'error',
    meaning: 'An Automatic job with Scan all images recurs more often than every 7 days',
    remedy: 'Choose an interval of at least 7 days, or leave Scan all images off',
  },
  LIMIT_REQUIRED: {
    severity: 'error',
    meaning: 'Scan all images has no limit on the number of images, or one without its number',
    remedy: 'Choose images pushed in the last 1 to 365 days, or the latest 1 to 1000 images of each repository',
  },
  LIMIT_OUT_OF_RANGE: {
    severity: 'error',
    meaning: 'The number of a limit is no whole number in its range',
    remedy: 'Write 1 to 365 days, or 1 to 1000 images',
  },
  LIMIT_NOT_ALLOWED: {
    severity: 'error',
    meaning: 'A limit is given without Scan all images',
    remedy: 'Leave the limit out, or choose Scan all images',
  },
  LIMIT_AMBIGUOUS: {
    severity: 'error',
    meaning: 'Both limits are given',
    remedy: 'Keep either the days or the count',
  },
  WILDCARD_NOT_ENABLED: {
    severity: 'error',
    meaning: 'Wildcards are not enabled on this server',
    remedy: 'Name repositories and tags in full, or ask an administrator to enable the feature registry.wildcards',
  },
  WILDCARD_SYNTAX: {
    severity: 'error',
    meaning: 'An entry is none of the wildcards .*, *value and value*',
    remedy: 'Put one star at the start or at the end; for more, choose the extended pattern mode with glob: or re:',
  },
  WILDCARD_JFROG_SYNTAX: {
    severity: 'error',
    meaning: 'The wildcard for everything is written .* on a product that writes it * (JFrog Artifactory)',
    remedy: 'Write *',
  },
  PATTERN_SYNTAX: {
    severity: 'error',
    meaning: 'A glob: or re: pattern cannot be read, or is too large',
    remedy:
      'Write glob: with *, **, ? and [a-z], or re: with RE2 syntax, which has no look-around and no back-references',
  },
  CATALOG_UNSUPPORTED: {
    severity: 'error',
    meaning: 'A wildcard needs the list of repositories, which this registry does not give',
    remedy: 'Name the repositories in full',
  },
  DATE_UNSUPPORTED: {
    severity: 'error',
    meaning: 'A filter or limit goes by pushed date, which this registry does not know',
    remedy: 'Choose All as pushed date or the limit by count, or include images of unknown age',
  },
  CUSTOM_DAYS_REQUIRED: {
    severity: 'error',
    meaning: 'The pushed date filter has no number of days, or one that is no whole number from 1 to 3650',
    remedy: 'Write a whole number of days from 1 to 3650',
  },
  EXTENDED_MODE_REQUIRED: {
    severity: 'error',
    meaning: 'A glob: or re: pattern, or "exactly N days ago", is used in the plain pattern mode',
    remedy: 'Choose the extended pattern mode',
  },
  PLATFORM_INVALID: {
    severity: 'error',
    meaning: 'A platform is not os/architecture[/variant]',
    remedy: 'Write for example linux/amd64',
  },
  SCHEDULE_RUNNING: {
    severity: 'error',
    meaning: 'The job is running',
    remedy: 'Wait until the run has ended, or cancel it first',
  },
  SCHEDULE_IMMUTABLE: {
    severity: 'error',
    meaning: 'An On Demand job cannot be edited; in compatibility mode neither can what an Automatic job selects',
    remedy: 'Create another job with the wanted settings',
  },
  STATE_NOT_ALLOWED: {
    severity: 'error',
    meaning: 'The state of the job does not allow this action',
    remedy: 'See which action is allowed in which state, and try again when the job is there',
  },
  REGISTRY_HAS_RUNNING_SCHEDULE: {
    severity: 'error',
    meaning: 'The registry cannot be removed while one of its jobs is running',
    remedy: 'Cancel the running jobs first',
  },
  CONNECTOR_IN_USE: {
    severity: 'error',
    meaning: 'The connector cannot be removed while a registry uses it',
    remedy: 'Remove these registries, or give them another connector, first',
  },
  UPPER_CASE_REPOSITORY: {
    severity: 'warning',
    meaning: 'A repository is written with upper case, which names of the OCI specification do not have',
    remedy: 'Check the spelling; names are compared with regard to case',
  },
  LOOKS_LIKE_REGULAR_EXPRESSION: {
    severity: 'warning',
    meaning: 'An entry ends with .* after other text: the dot is a dot, not any character',
    remedy: 'Leave the dot out unless the names have it; v1.* is every name that starts with "v1."',
  },
  DATE_ESTIMATED: {
    severity: 'warning',
    meaning: 'The registry does not know pushed dates: the filter goes by estimated dates, or lets unknown ones pass',
    remedy: 'Prefer tags to dates on this registry',
  },
  TARGET_REPEATED: {
    severity: 'warning',
    meaning: 'Two targets name the same repository; their tags are put together',
    remedy: 'Put their tags into one target',
  },
} as const satisfies Record<string, Row>;

/** A stable code, for example `INTERVAL_OUT_OF_RANGE`. */
export type ViolationCode = keyof typeof VIOLATIONS;

/** One thing wrong with a job. */
export interface Violation {
  readonly code: ViolationCode;
  /** Where, as a path in the settings: `targets[2].tags[0]`; empty for the job as a whole. */
  readonly field: string;
  /** What is wrong there, one sentence without full stop. */
  readonly message: string;
  /** What to do, one sentence without full stop. */
  readonly remedy: string;
}

/** A violation whose remedy is that of the table unless `remedy` knows a better one. */
export function violation(code: ViolationCode, field: string, message?: string, remedy?: string): Violation {
  const row = VIOLATIONS[code];
  return { code, field, message: message ?? row.meaning, remedy: remedy ?? row.remedy };
}

/** Whether it only warns. */
export function isWarning({ code }: Violation): boolean {
  return VIOLATIONS[code].severity === 'warning';
}

/** User text in a sentence: in quotes, safe to print, short. */
export function quoted(text: string): string {
  return `"${printable(text, 80)}"`;
}
