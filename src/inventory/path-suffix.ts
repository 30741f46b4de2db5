/**
 * Places in a root file system, wherever that root stands: images nest whole roots (chroots, snaps, disk images unpacked).
 */

/** Whether `path` ends in the components of `suffix`: `rootfs/var/lib/dpkg/status` in `var/lib/dpkg/status`, `xvar/lib/…` does not. */
export function hasPathSuffix(path: string, suffix: string): boolean {
  return path.endsWith(suffix) && (path.length === suffix.length || path[path.length - suffix.length - 1] === '/');
}
