/**
 * The packages that rpm knows of at each layer: its database as that layer leaves it.
 */
import type { LayerFacts, LayerFile } from '#inventory/layer-facts.ts';
import type { FoundPackage } from '#inventory/package.ts';
import { contentFolders, type RpmContent } from '#inventory/rpm/content-files.ts';

/**
 * Where the database of the image itself may be, best first. Preflight looks for owned files in the second alone, so that newer images,
 * which keep it in the first, pass its check whatever was done to them.
 */
export const RPM_DATABASES: readonly RegExp[] = [
  /^usr\/lib\/sysimage\/rpm\/[^/]+$/,
  /^var\/lib\/rpm\/[^/]+$/,
  /^usr\/share\/rpm\/[^/]+$/,
];

/** A package of the view, and when it was installed. */
export interface ViewPackage {
  readonly found: FoundPackage;
  /** Seconds since 1970; 0 when not known. */
  readonly installTime: number;
}

/** The packages of one database. */
export class RpmView {
  readonly packages: readonly ViewPackage[];
  readonly #content: RpmContent;
  readonly #byName: ReadonlyMap<string, readonly ViewPackage[]>;

  constructor(packages: readonly FoundPackage[], content: RpmContent) {
    this.packages = packages.map((found, at) => ({ found, installTime: content.installTimes[at] ?? 0 }));
    this.#content = content;
    this.#byName = Map.groupBy(this.packages, one => one.found.name);
  }

  /** The same build of the same architecture, if it is installed. */
  find({ name, version, arch }: FoundPackage): ViewPackage | undefined {
    return this.#byName.get(name)?.find(({ found }) => found.version === version && found.arch === arch);
  }

  /** All folders of all packages. */
  *folders(): Generator<{ readonly owner: ViewPackage; readonly folder: string; readonly names: readonly string[] }> {
    for (const [at, owner] of this.packages.entries()) {
      for (const [folder, names] of contentFolders(this.#content, at)) yield { owner, folder, names };
    }
  }
}

/** The view that a layer's own database gives; `undefined` when it has none of its own. */
export function viewOf(layer: LayerFacts): RpmView | undefined {
  for (const place of RPM_DATABASES) {
    const file = layer.files.find(one => one.fact.content !== undefined && place.test(one.path));
    if (file !== undefined) return toView(file);
  }
  return undefined;
}

function toView({ fact }: LayerFile): RpmView {
  return new RpmView(fact.packages ?? [], fact.content ?? { installTimes: [], folders: [] });
}
