/**
 * Extras topics of Amazon Linux 2: repositories of their own, whose advisories concern only the packages that come from them.
 *
 * Source: Amazon Linux Security Center; ids are `ALAS2-2018-939` for the core, `ALASDOCKER-2021-001` and `ALAS2KERNEL-5.10-2022-007` for
 * topics.
 */

const ID = /^ALAS(?:20[0-9]{2}|2)?([A-Z][A-Z0-9._-]*?)?-[0-9]{4}-[0-9]+$/;

/** The repository of an advisory by its id: `core`, or the topic in small letters, `kernel-5.10`; `undefined` when it is no id of Amazon's. */
export function topicOf(id: string): string | undefined {
  const match = id.length <= 100 ? ID.exec(id) : null;
  return match === null ? undefined : (match[1]?.toLowerCase() ?? 'core');
}
