/**
 * Under what the vulnerability database may be asked about a package, whatever it covers today: when one of these changes, and only then,
 * another verdict is possible.
 */
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import type { AdvisoryLookup } from '#matching/finding.ts';
import { Router } from '#matching/route.ts';
import type { Surroundings } from '#matching/surroundings.ts';
import { type PackageQuestion, questionName } from '#store/package.ts';
import { type PackageFacts, toJudgedPackage } from './package-facts.ts';

/** Which streams of Red Hat an image follows: the database that it is judged by says so. */
export type RedHatMaps = Pick<AdvisoryLookup, 'redHatEcosystems' | 'redHatRepositories'>;

/** Finds the questions about packages with the same surroundings, under the maps that they are judged by. */
export class QuestionFinder {
  readonly #surroundings: Surroundings;
  readonly #maps: Required<RedHatMaps>;
  readonly #router: Router;
  readonly #ecosystems = new Map<string, ReadonlySet<string>>();

  /** `maps` is missing while there is no database. */
  constructor(surroundings: Surroundings, maps: RedHatMaps | undefined) {
    this.#surroundings = surroundings;
    this.#maps = {
      redHatEcosystems: repository => maps?.redHatEcosystems?.(repository) ?? [],
      redHatRepositories: image => maps?.redHatRepositories?.(image) ?? [],
    };
    this.#router = new Router(surroundings, { covers: () => true, ...this.#maps }, {});
  }

  /** The questions; an ecosystem of which only the coverage matters has an empty name. */
  questionsOf(facts: PackageFacts): readonly PackageQuestion[] {
    const one = toJudgedPackage(facts);
    const route = this.#router.routeOf(one);
    if (route.kind === 'skip') return [];
    const asked = route.kind === 'ask' ? route.questions : [];
    const questions = asked.map(({ feed, name }) => ({ ecosystem: feed.ecosystem, name: questionName(name) }));
    const isAsked = new Set(questions.map(({ ecosystem }) => ecosystem));
    const others = [...this.#ecosystemsOf(one)].filter(ecosystem => !isAsked.has(ecosystem));
    return [...questions, ...others.map(ecosystem => ({ ecosystem, name: '' }))];
  }

  /** The ecosystems whose coverage decides about the route of a package that is not skipped. */
  #ecosystemsOf(one: ReturnType<typeof toJudgedPackage>): ReadonlySet<string> {
    // A router asks once for each type, and for distributions once for each release, which may be that of a root file system in the image.
    const release = one.root === undefined || !OS_PACKAGE_TYPES.has(one.type) ? '' : one.purl.replace(/^[^?]*/, '');
    const key = `${one.type} ${release}`;
    let known = this.#ecosystems.get(key);
    if (known === undefined) {
      const seen = new Set<string>();
      const covers = (ecosystem: string) => {
        seen.add(ecosystem);
        return true;
      };
      new Router(this.#surroundings, { covers, ...this.#maps }, {}).routeOf(one);
      known = seen;
      this.#ecosystems.set(key, known);
    }
    return known;
  }
}
