/**
 * What an operator may set of the checks. The defaults are Red Hat's rules.
 */
import { RED_HAT_TRADEMARK, type TrademarkRule } from './trademark.ts';

/** Settings of the checks. */
export interface CheckSettings {
  /** Layers an image may have. */
  readonly maxLayers: number;
  /** Labels that must be there and not be empty. */
  readonly requiredLabels: readonly string[];
  /** Whose name may not be in names and labels; `undefined`: no such rule. */
  readonly trademark: TrademarkRule | undefined;
  /** Vendors, as rpm spells them, whose packages may not be changed. */
  readonly protectedVendors: readonly string[];
  /** Names of packages that may not be shipped; one that ends in `*` stands for all names that begin so. */
  readonly prohibitedPackages: readonly string[];
}

/** Red Hat's. Source: preflight 1.21 (checks of container policy). */
export const DEFAULT_SETTINGS: CheckSettings = {
  maxLayers: 40,
  requiredLabels: ['name', 'vendor', 'version', 'release', 'summary', 'description', 'maintainer'],
  trademark: RED_HAT_TRADEMARK,
  protectedVendors: ['Red Hat, Inc.'],
  prohibitedPackages: [
    'grub',
    'grub2',
    'kernel',
    'kernel-core',
    'kernel-debug',
    'kernel-debug-core',
    'kernel-debug-modules',
    'kernel-debug-modules-extra',
    'kernel-debug-devel',
    'kernel-devel',
    'kernel-doc',
    'kernel-modules',
    'kernel-modules-extra',
    'kernel-tools',
    'kernel-tools-libs',
    'kmod-kvdo',
    'linux-firmware',
    'kpatch*',
  ],
};
