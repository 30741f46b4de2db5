/** Builds of rpm modules, told by their release: `.module_el8.6.0+2741+…` at AlmaLinux, `.module+el8.8.0+…` everywhere else. */

/** Whether the build of that version was made for a module. */
export function isModularVersion(version: string): boolean {
  return version.includes('.module_el') || version.includes('.module+');
}
