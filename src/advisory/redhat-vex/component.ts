/**
 * Components of Red Hat's products: what an rpm, a module, a container image is called in a VEX document.
 *
 * Source: package-url/purl-spec, type rpm; Red Hat's documents of 2023 to 2026. Fixed components carry a purl with version and architecture,
 * others often a name alone; packages of modules are `nginx:1.20/nginx`, or have the module in the purl's `rpmmod`.
 */

/** An rpm as a component. */
export interface RpmComponent {
  readonly kind: 'rpm';
  readonly name: string;
  /** `[epoch:]version-release`; missing when every build is meant. */
  readonly version?: string;
  /** `src` for a source package; missing where only a name is given, of a source or of a binary package. */
  readonly arch?: string;
  /** `name:stream`. */
  readonly module?: string;
}

/** A component, or why it is none that packages of an image could be compared with. */
export type Component = RpmComponent | { readonly kind: 'module' | 'container' | 'other' };

const MAX_LENGTH = 512;
const PURL = /^pkg:([a-z]+)\/(?:redhat\/)?([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?/;
/** `name-[epoch:]version-release.arch`, as product ids of fixed builds have it. */
const NEVRA = /^([^/:]+)-(?:([0-9]{1,10}):)?([^-:/]+)-([^-:/]+)\.([a-z0-9_]+)$/;
const IN_MODULE = /^([^:/]+):([^:/]+)(?::[^/]*)?\/([^/]+)$/;
const MODULE = /^([^:/]+):([^:/]+)(?::[^/]*)?$/;

/** What a product of the tree is, by its purl if it has one, else by its id. */
export function readComponent(product: { readonly id: string; readonly purl?: string | undefined }): Component {
  if (product.id.length > MAX_LENGTH || (product.purl?.length ?? 0) > MAX_LENGTH * 2) return { kind: 'other' };
  return (product.purl === undefined ? undefined : fromPurl(product.purl, product.id)) ?? fromName(product.id);
}

/** `name:stream` of a module's own id, `nodejs:18:8080020231012144542:63b34585`. */
export function findModule(id: string): string | undefined {
  const [, name, stream] = MODULE.exec(id) ?? [];
  return name === undefined ? undefined : `${name}:${stream}`;
}

function fromPurl(purl: string, id: string): Component | undefined {
  const [, type, path = '', version, query = ''] = PURL.exec(purl) ?? [];
  if (type === undefined) return undefined;
  if (type === 'oci') return { kind: 'container' };
  if (type === 'rpmmod') return IN_MODULE.test(id) ? fromName(id) : { kind: 'module' };
  if (type !== 'rpm') return { kind: 'other' };
  const name = decoded(path);
  const label = /(?:^|&)rpmmod=([^&]*)/.exec(query)?.[1];
  const module = label === undefined ? moduleBefore(id) : (findModule(decoded(label)) ?? '*:*');
  const arch = decoded(/(?:^|&)arch=([^&]*)/.exec(query)?.[1] ?? '');
  const epoch = /(?:^|&)epoch=([0-9]{1,10})(?:&|$)/.exec(query)?.[1];
  // Without a release it is no build: `go-toolset@rhel8?rpmmod=go-toolset:rhel8` has its stream there.
  const [build] = /^[^-]+-.+$/.exec(decoded(version ?? '')) ?? [];
  return {
    kind: 'rpm',
    name,
    ...(build !== undefined && { version: epoch === undefined || epoch === '0' ? build : `${epoch}:${build}` }),
    ...(arch !== '' && { arch }),
    ...(module !== undefined && { module }),
  };
}

function fromName(id: string): Component {
  const [, module, stream, inModule] = IN_MODULE.exec(id) ?? [];
  if (module !== undefined && inModule !== undefined) {
    return { kind: 'rpm', name: inModule, module: `${module}:${stream}` };
  }
  const [, name, epoch, version, release, arch] = NEVRA.exec(id) ?? [];
  if (name !== undefined && arch !== undefined) {
    const build = `${version}-${release}`;
    return { kind: 'rpm', name, version: epoch === undefined || epoch === '0' ? build : `${epoch}:${build}`, arch };
  }
  // `openshift4/ose-console-rhel9`: images are the only things with a slash in their names.
  if (id.includes('/')) return { kind: 'container' };
  if (MODULE.test(id)) return { kind: 'module' };
  return { kind: 'rpm', name: id };
}

function moduleBefore(id: string): string | undefined {
  const [, module, stream] = IN_MODULE.exec(id) ?? [];
  return module === undefined ? undefined : `${module}:${stream}`;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
