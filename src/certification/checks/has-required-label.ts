/** HasRequiredLabel: the labels by which people and catalogues know the image. */
import { countOf } from '#base/count-of.ts';
import type { Check } from '../check.ts';

export const hasRequiredLabel: Check = {
  name: 'HasRequiredLabel',
  level: 'good',
  description: 'The labels name, vendor, version, release, summary, description and maintainer are there and not empty',
  why: 'Catalogues show them, and whoever has only the image can see what it is and whom to ask',
  fix: 'Set them in the Dockerfile: LABEL name="…" vendor="…" version="…" release="…" summary="…" description="…" maintainer="…"',
  judge({ config, settings: { requiredLabels } }) {
    if (config === undefined) return { outcome: 'not-applicable', summary: 'A root folder has no labels', found: [] };
    const missing = requiredLabels.filter(key => !Object.hasOwn(config.labels, key));
    const empty = requiredLabels.filter(key => Object.hasOwn(config.labels, key) && config.labels[key] === '');
    const blank = requiredLabels.filter(key => config.labels[key] !== '' && config.labels[key]?.trim() === '');
    const wrong = [...missing, ...empty, ...blank];
    if (wrong.length === 0)
      return { outcome: 'passed', summary: `All ${requiredLabels.length} labels are there`, found: [] };
    return {
      outcome: 'failed',
      summary: `${countOf(wrong.length, 'label')} missing or empty: ${wrong.join(', ')}`,
      found: wrong.map(key => ({
        kind: 'label',
        subject: key,
        detail: missing.includes(key) ? 'missing' : empty.includes(key) ? 'empty' : 'only blanks',
      })),
      fix: `Set them in the Dockerfile: LABEL ${wrong.map(key => `${key}="…"`).join(' ')}`,
      ...(missing.length + empty.length === 0
        ? { differsFromPreflight: 'Preflight takes a label of blanks for one that says something' }
        : {}),
    };
  },
};
