/** LayerCountAcceptable: not so many layers that the image is slow to pull and start. */
import { countOf } from '#base/count-of.ts';
import type { Check } from '../check.ts';

export const layerCountAcceptable: Check = {
  name: 'LayerCountAcceptable',
  level: 'better',
  description: 'The image has no more layers than a runtime can mount without harm: 40, unless set otherwise',
  why: 'Every layer is a request to pull and a step in each look-up of a file; what a later layer deletes still has to be pulled',
  fix: 'Put RUN steps that belong together into one, and copy what a build made from a stage of its own',
  judge({ layerCount, settings: { maxLayers } }) {
    if (layerCount === undefined)
      return { outcome: 'not-applicable', summary: 'A root folder has no layers', found: [] };
    const isFine = layerCount <= maxLayers;
    return {
      outcome: isFine ? 'passed' : 'failed',
      summary: `It has ${countOf(layerCount, 'layer')}, at most ${maxLayers} are allowed`,
      found: isFine
        ? []
        : [{ kind: 'layer', subject: String(layerCount), detail: `${layerCount - maxLayers} too many` }],
    };
  },
};
