/** Packages of rpm distributions that hold debug information: built beside every package, and never vulnerable by themselves. */

/** Whether the rpm is one: `kernel-debuginfo-common-x86_64`, `rsyslog-debugsource`. */
export function isDebugInformation(name: string): boolean {
  return /-debug(?:info|source)(?:$|-)/.test(name);
}
