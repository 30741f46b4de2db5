/** HasProhibitedContainerName: the repository is not called by somebody else's trademark. */
import type { Check } from '../check.ts';
import { judgeTrademark } from '../trademark.ts';

export const hasProhibitedContainerName: Check = {
  name: 'HasProhibitedContainerName',
  level: 'good',
  description: 'The last part of the repository’s name does not use the trademark of another',
  why: 'A name that begins with a trademark makes people believe that its owner publishes the image',
  fix: 'Publish it under another name, such as agent-for-red-hat',
  judge({ name: { repository }, settings: { trademark } }) {
    if (trademark === undefined)
      return { outcome: 'not-applicable', summary: 'No trademark is set to look for', found: [] };
    if (repository === undefined) {
      return {
        outcome: 'not-applicable',
        summary: 'The image is in no registry and was given no name',
        found: [],
        fix: 'Say under which name it will be published: --name REGISTRY/REPOSITORY:TAG',
      };
    }
    const last = repository.slice(repository.lastIndexOf('/') + 1);
    const { isViolated, isViolatedForPreflight } = judgeTrademark(last, trademark);
    return {
      outcome: isViolated ? 'failed' : 'passed',
      summary: isViolated ? `The name "${last}" uses "${trademark.name}"` : `The name "${last}" is nobody else’s`,
      found: isViolated ? [{ kind: 'name', subject: last }] : [],
      ...(isViolated === isViolatedForPreflight
        ? {}
        : { differsFromPreflight: `Preflight finds "${trademark.name}" inside longer words, as in "shared-hat"` }),
    };
  },
};
