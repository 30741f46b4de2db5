/**
 * An inventory in Clair's form: packages, distributions and repositories by numbers, and in which environment each package is.
 *
 * Source: the JSON of claircore, and the schema by which Quay checks it: texts are never null, a distribution has all nine fields, and every
 * package has an environment that says which layer brought it.
 */
import type { Distro, Inventory, Package } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES, type PackageType } from '#inventory/package.ts';

/** A package; source packages have no source again. */
export interface ClairPackage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly kind: 'binary' | 'source';
  readonly source?: ClairPackage;
  readonly normalized_version: string;
  readonly arch: string;
  readonly module: string;
  readonly cpe: string;
}

/** A distribution. */
export interface ClairDistribution {
  readonly id: string;
  readonly did: string;
  readonly name: string;
  readonly version: string;
  readonly version_code_name: string;
  readonly version_id: string;
  readonly arch: string;
  readonly cpe: string;
  readonly pretty_name: string;
}

/** Where packages of a language come from. */
export interface ClairRepository {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly uri: string;
  readonly cpe: string;
}

/** Where a package is. */
export interface ClairEnvironment {
  readonly package_db: string;
  readonly introduced_in: string;
  readonly distribution_id: string;
  readonly repository_ids: readonly string[];
}

/** The parts that index and vulnerability reports share. */
export interface ClairMaps {
  readonly packages: Readonly<Record<string, ClairPackage>>;
  readonly distributions: Readonly<Record<string, ClairDistribution>>;
  readonly repository: Readonly<Record<string, ClairRepository>>;
  readonly environments: Readonly<Record<string, readonly ClairEnvironment[]>>;
}

/** The maps, and which number a package has in them. */
export interface NumberedPackages {
  readonly maps: ClairMaps;
  idOf(one: Package): string;
}

const DISTRIBUTION_ID = '1';

/** Names and addresses that Clair gives the registries of languages; of others the type is the name. */
const REPOSITORIES: Readonly<Partial<Record<PackageType, readonly [name: string, uri: string]>>> = {
  pypi: ['pypi', 'https://pypi.org/simple'],
  maven: ['maven', 'https://repo1.maven.apache.org/maven2'],
  golang: ['go', 'https://pkg.go.dev/'],
  gem: ['rubygems', 'https://rubygems.org/gems/'],
  npm: ['npm', 'https://www.npmjs.com/'],
};

/** Numbers the packages of an inventory, in its order. */
export function numberPackages({ packages, distro, image }: Inventory): NumberedPackages {
  const ids = new Map(packages.map((one, at) => [one, String(at + 1)]));
  const idOf = (one: Package) => ids.get(one) ?? '';
  const types = [...new Set(packages.filter(one => !OS_PACKAGE_TYPES.has(one.type)).map(({ type }) => type))].sort();
  const repositories = new Map(types.map((type, at) => [type, toClairRepository(type, String(at + 1))]));
  // What no layer is known of is in the image all the same, and Quay asks for a layer.
  const lastLayer = image.layers.at(-1)?.digest ?? '';
  const environmentOf = ({ type, layer, locations }: Package): ClairEnvironment => {
    const isDistributions = OS_PACKAGE_TYPES.has(type) && distro !== undefined;
    const repository = repositories.get(type);
    return {
      package_db: locations[0]?.path ?? '',
      introduced_in: layer ?? lastLayer,
      distribution_id: isDistributions ? DISTRIBUTION_ID : '',
      repository_ids: repository === undefined ? [] : [repository.id],
    };
  };
  const sources = new Map<string, ClairPackage>();
  return {
    idOf,
    maps: {
      packages: Object.fromEntries(packages.map(one => [idOf(one), toPackage(one, idOf(one), sources)])),
      distributions: distro === undefined ? {} : { [DISTRIBUTION_ID]: toClairDistribution(distro) },
      repository: Object.fromEntries(Array.from(repositories.values(), one => [one.id, one])),
      environments: Object.fromEntries(packages.map(one => [idOf(one), [environmentOf(one)]])),
    },
  };
}

/** A distribution; there is one in an image. */
export function toClairDistribution({ id, name, versionId = '', codename = '', cpe = '' }: Distro): ClairDistribution {
  return {
    id: DISTRIBUTION_ID,
    did: id,
    name,
    version: codename === '' ? versionId : `${versionId} (${codename})`.trim(),
    version_code_name: codename,
    version_id: versionId,
    arch: '',
    cpe,
    pretty_name: name,
  };
}

/** The registry of a language. */
export function toClairRepository(type: PackageType, id = ''): ClairRepository {
  const [name, uri] = REPOSITORIES[type] ?? [type, ''];
  return { id, name, key: '', uri, cpe: '' };
}

function toPackage(one: Package, id: string, sources: Map<string, ClairPackage>): ClairPackage {
  const { name, version, arch = '', module = '', source } = one;
  return {
    id,
    name,
    version,
    kind: 'binary',
    ...(source === undefined ? {} : { source: toSource(source, sources) }),
    normalized_version: '',
    arch,
    module,
    cpe: '',
  };
}

/** Numbers of their own: `s1`, `s2`, …, one for each distinct source. */
function toSource({ name, version = '' }: NonNullable<Package['source']>, sources: Map<string, ClairPackage>) {
  const key = `${name} ${version}`;
  const known = sources.get(key);
  if (known !== undefined) return known;
  const fresh: ClairPackage = {
    id: `s${sources.size + 1}`,
    name,
    version,
    kind: 'source',
    normalized_version: '',
    arch: '',
    module: '',
    cpe: '',
  };
  sources.set(key, fresh);
  return fresh;
}
