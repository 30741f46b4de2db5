import { describe, expect, test } from 'vitest';
import type { TagEntry } from '#connector/connector.ts';
import { explainNoMatch, FigureCollector } from './explain-no-match.ts';
import { selectTags } from './select-tags.ts';
import type { ScheduleInput } from './settings.ts';
import { namesOf, planOf, TAGS } from './testing/sample-plan.ts';

describe('a run that matched nothing says why', () => {
  const explain = (input: Partial<ScheduleInput>, registry: Readonly<Record<string, readonly TagEntry[]>>) => {
    const plan = planOf(input);
    const collector = new FigureCollector(plan);
    for (const [name, tags] of Object.entries(registry)) {
      if (collector.addRepository(name)) collector.addTags(selectTags(name, tags, plan), namesOf(tags));
    }
    return explainNoMatch(collector.figures());
  };

  test.each([
    {
      input: { targets: [{ repository: 'tema/app' }, { repository: 'ops/*' }] },
      registry: { 'team/app': TAGS, 'team/web': TAGS },
      sentences: [
        'No image matched: 2 repositories seen, none selected',
        'Repository "tema/app" matched 0 of 2 repositories; did you mean team/app?',
        'Repository "ops/*" matched 0 of 2 repositories',
      ],
      why: 'no repository',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['V1.0', 'x*'] }] },
      registry: { app: TAGS },
      sentences: [
        'No image matched: of 4 tags in 1 repository, 4 not named by any tag entry',
        'Repository "app" matched 1 of 1 repository',
        'Tag "V1.0" matched 0 of 4 tags; did you mean v1.0?',
        'Tag "x*" matched 0 of 4 tags',
      ],
      why: 'no tag',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['v1.0'] }], filters: { pushed: { kind: 'today' } } },
      registry: { app: TAGS },
      sentences: [
        'No image matched: of 4 tags in 1 repository, 3 not named by any tag entry, 1 pushed before the wanted dates',
        'Repository "app" matched 1 of 1 repository',
        'Tag "v1.0" matched 1 of 4 tags, 1 of them left out by date or limit',
      ],
      why: 'no date',
    },
    {
      input: {},
      registry: {},
      sentences: [
        'No image matched: no repository was found with these credentials',
        'Repository "app" matched 0 of 0 repositories',
      ],
      why: 'nothing to see',
    },
    {
      input: {},
      registry: { app: [] },
      sentences: [
        'No image matched: 1 repository selected, without any tags',
        'Repository "app" matched 1 of 1 repository',
        'Tag "(any tag)" matched 0 of 0 tags',
      ],
      why: 'no tags',
    },
    { input: {}, registry: { app: TAGS }, sentences: undefined, why: 'something matched' },
  ] satisfies {
    input: Partial<ScheduleInput>;
    registry: Record<string, readonly TagEntry[]>;
    sentences: string[] | undefined;
    why: string;
  }[])('$why', ({ input, registry, sentences }) => {
    expect(explain(input, registry)).toEqual(sentences);
  });
});
