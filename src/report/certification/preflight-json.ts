/**
 * Results in the form of preflight's results.json, for pipelines that read that file.
 *
 * Source: preflight 1.21, "results.json". Its `passed` is of the checks alone; what is not applicable stands under `warning`, which does not
 * block. Its fields have no place for what was found, so `help` says it. No time was measured: `elapsed_time` is 0.
 */
import type { Certificate } from '#certification/certificate.ts';
import type { CheckOutcome, CheckResult } from '#certification/check.ts';
import { isPassed } from '#certification/run-checks.ts';
import { toJsonText } from '../json-text.ts';
import type { ReportOptions } from '../report-options.ts';

/** The document, or a list of them for several platforms. */
export function renderPreflightJson(certificates: readonly Certificate[], { toolVersion }: ReportOptions): string {
  const documents = certificates.map(certificate => toPreflightJson(certificate, toolVersion));
  return toJsonText(documents.length === 1 ? documents[0] : documents);
}

/** One certificate as plain JSON. */
export function toPreflightJson({ name, results }: Certificate, toolVersion: string) {
  const of = (outcome: CheckOutcome) => results.filter(result => result.outcome === outcome);
  const warning = of('not-applicable');
  return {
    image: name,
    passed: isPassed(results),
    test_library: { name: 'plimsoll', version: toolVersion, commit: '' },
    results: {
      passed: of('passed').map(toItem),
      failed: of('failed').map(toFailedItem),
      errors: of('error').map(result => ({ ...toItem(result), help: `${result.summary}. ${result.fix}` })),
      ...(warning.length === 0 ? {} : { warning: warning.map(toFailedItem) }),
    },
  };
}

function toItem({ name, description }: CheckResult) {
  return { name, elapsed_time: 0, description };
}

function toFailedItem(result: CheckResult) {
  const page = `docs/checks.md#${result.name.toLowerCase()}`;
  return { ...toItem(result), help: result.summary, suggestion: result.fix, knowledgebase_url: page, check_url: page };
}
