/** Roles in menus, with what each may. */
import type { Role } from '../api/model.ts';

export const ROLE_OPTIONS: readonly { readonly value: Role; readonly label: string }[] = [
  { value: 'viewer', label: 'Viewer: reads' },
  { value: 'operator', label: 'Operator: scans and cancels, too' },
  { value: 'admin', label: 'Admin: configures and lets others in, too' },
];
