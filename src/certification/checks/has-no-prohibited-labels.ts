/** HasNoProhibitedLabels: nobody is told that the image is somebody else's. */
import { countOf } from '#base/count-of.ts';
import type { Check, CheckFact } from '../check.ts';
import { judgeTrademark } from '../trademark.ts';

const LABELS = ['name', 'vendor', 'maintainer'];
const MAX_SHOWN = 200;

export const hasNoProhibitedLabels: Check = {
  name: 'HasNoProhibitedLabels',
  level: 'good',
  description: 'The labels name, vendor and maintainer do not use the trademark of another',
  why: 'A base image’s labels are inherited: without labels of its own the image says that Red Hat made it and answers for it',
  fix: 'Set the labels to your own names; "… for Red Hat …" once in a name is fine',
  judge({ config, settings: { trademark } }) {
    if (config === undefined) return { outcome: 'not-applicable', summary: 'A root folder has no labels', found: [] };
    if (trademark === undefined)
      return { outcome: 'not-applicable', summary: 'No trademark is set to look for', found: [] };
    const judged = LABELS.flatMap(key => {
      const value = config.labels[key];
      return value === undefined ? [] : [{ key, value, verdict: judgeTrademark(value, trademark) }];
    });
    const wrong = judged.filter(({ verdict }) => verdict.isViolated);
    const isWrongForPreflight = judged.some(({ verdict }) => verdict.isViolatedForPreflight);
    const differs =
      isWrongForPreflight === wrong.length > 0
        ? {}
        : { differsFromPreflight: `Preflight finds "${trademark.name}" inside longer words, as in "shared hat"` };
    if (wrong.length === 0)
      return { outcome: 'passed', summary: `No label uses "${trademark.name}" as a name`, found: [], ...differs };
    return {
      outcome: 'failed',
      summary: `${countOf(wrong.length, 'label uses', 'labels use')} "${trademark.name}": ${wrong.map(({ key }) => key).join(', ')}`,
      found: wrong.map(
        ({ key, value }): CheckFact => ({ kind: 'label', subject: key, detail: `is "${value.slice(0, MAX_SHOWN)}"` }),
      ),
      fix: `Set ${wrong.map(({ key }) => `LABEL ${key}="…"`).join(' and ')} to your own names in the Dockerfile`,
      ...differs,
    };
  },
};
