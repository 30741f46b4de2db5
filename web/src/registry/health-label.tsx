/** How a registry was when it was last asked. */
import { Label, type LabelProps, Tooltip } from '@patternfly/react-core';
import type { Registry } from '../api/model.ts';

const HEALTH: Readonly<
  Record<Registry['health'], { readonly text: string; readonly status: NonNullable<LabelProps['status']> }>
> = {
  connected: { text: 'Connected', status: 'success' },
  'auth-error': { text: 'Log-in refused', status: 'danger' },
  unreachable: { text: 'Unreachable', status: 'danger' },
  'tls-error': { text: 'Certificate not trusted', status: 'danger' },
  'rate-limited': { text: 'Rate limited', status: 'warning' },
  'not-tested': { text: 'Not tested', status: 'info' },
};

export function HealthLabel({
  health,
  detail,
}: {
  readonly health: Registry['health'];
  readonly detail?: string | null;
}) {
  const { text, status } = HEALTH[health];
  const label = (
    <Label status={status} variant="outline">
      {text}
    </Label>
  );
  return detail == null ? label : <Tooltip content={detail}>{<span>{label}</span>}</Tooltip>;
}
