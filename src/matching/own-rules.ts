/**
 * Rules of our own that set findings aside for every image: packages whose code does not run in a container.
 *
 * One image gets hundreds of findings from a package of header files (trivy#1596; grype#942, #1326). They stay visible as set aside.
 */
import type { Package } from '#inventory/inventory.ts';

/** A rule, by the names of packages it is about. */
interface Rule {
  readonly types: readonly Package['type'][];
  /** Source packages; without, any. */
  readonly source?: RegExp;
  readonly name: RegExp;
  readonly reason: string;
  /** Whether it is about the kernel, which an image may be meant to boot. */
  readonly isKernel: boolean;
}

const LINUX_SOURCE = /^(?:linux|kernel)(?:$|-)/;
const HEADERS = 'it installs headers of the kernel, which run nothing';
const KERNEL = 'a container runs the kernel of its host, never its own';

const RULES: readonly Rule[] = [
  {
    types: ['deb'],
    source: LINUX_SOURCE,
    name: /^linux-(?:libc-dev|.{0,40}headers-|headers|source|kbuild|doc)/,
    reason: HEADERS,
    isKernel: true,
  },
  { types: ['rpm'], name: /^kernel(?:-[a-z0-9]{1,20})?-(?:headers|devel)(?:$|-)/, reason: HEADERS, isKernel: true },
  { types: ['apk', 'alpm'], name: /^linux(?:-[a-z0-9]{1,20})?-headers$/, reason: HEADERS, isKernel: true },
  {
    types: ['deb'],
    source: LINUX_SOURCE,
    name: /^linux-(?:image|modules|signed)/,
    reason: KERNEL,
    isKernel: true,
  },
  {
    types: ['rpm'],
    name: /^kernel(?:-(?:core|modules|default|debug|uek|rt|64k|lt|ml|azure|hwe|kvmsmall|virt|firmware)(?:$|-)|$)/,
    reason: KERNEL,
    isKernel: true,
  },
  { types: ['apk'], name: /^linux-(?:lts|virt|edge|rpi\d?)$/, reason: KERNEL, isKernel: true },
  {
    types: ['rpm'],
    name: /-debug(?:info|source)$/,
    reason: 'it holds what debuggers need, which does not run',
    isKernel: false,
  },
  { types: ['deb'], name: /-dbgsym$/, reason: 'it holds what debuggers need, which does not run', isKernel: false },
];

/** Why findings of this package are set aside; `undefined` when they count. `bootsKernel`: the image is that of a machine. */
export function findOwnRule(
  one: Package,
  { bootsKernel = false }: { readonly bootsKernel?: boolean | undefined } = {},
) {
  const source = one.source?.name ?? one.name;
  const rule = RULES.find(
    ({ types, source: wanted, name, isKernel }) =>
      types.includes(one.type) && !(isKernel && bootsKernel) && (wanted?.test(source) ?? true) && name.test(one.name),
  );
  return rule?.reason;
}
