/**
 * Module streams of rpm errata in OSV records: the record has no field for them.
 *
 * Only the release of a build tells that it is modular (modular-version.ts), and only the summary which stream it is of
 * (`Moderate: virt:rhel and virt-devel:rhel security update`). A colon in the summary alone is not enough:
 * ALSA-2024:10244 is about `pam:1.5.1`, which is a version.
 */

const STREAM = /(?<![\w.+-])([A-Za-z0-9][\w.+-]{0,60}):([A-Za-z0-9](?:[\w.]{0,40}\w)?)/g;
const ERRATUM_ID = /^[A-Z]{4}-[0-9]{4}$/;
const SEVERITY = /^(?:critical|important|moderate|low|none)$/i;
const MAX_SUMMARY_LENGTH = 300;

/**
 * The streams that a summary names, as `name:stream`. Without any, the first word says at least which module it is, and the stream
 * is `*`: `Moderate: ruby security update` is `ruby:*`.
 */
export function streamsOf(summary: string): readonly string[] {
  const streams: string[] = [];
  for (const [, name = '', stream = ''] of summary.slice(0, MAX_SUMMARY_LENGTH).matchAll(STREAM)) {
    if (!ERRATUM_ID.test(name) && !SEVERITY.test(name)) streams.push(`${name}:${stream}`);
  }
  if (streams.length > 0) return [...new Set(streams)];
  const words = summary
    .slice(0, MAX_SUMMARY_LENGTH)
    .split(/\s+/)
    .filter(word => word !== '' && !word.endsWith(':'));
  return [`${words[0] ?? ''}:*`];
}
