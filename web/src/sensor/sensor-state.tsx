/** How a sensor is, in words, with the reason behind it. */
import { Label, type LabelProps, Tooltip } from '@patternfly/react-core';
import type { Sensor } from '../api/model.ts';

const STATES: Readonly<Record<Sensor['state'], readonly [string, NonNullable<LabelProps['status']> | undefined]>> = {
  registering: ['Registering', 'info'],
  running: ['Running', 'success'],
  degraded: ['Degraded', 'warning'],
  unknown: ['Silent', 'warning'],
  disconnected: ['Disconnected', 'danger'],
  draining: ['Draining', 'info'],
  retired: ['Retired', undefined],
};

export function SensorState({ sensor: { state, reason } }: { readonly sensor: Pick<Sensor, 'state' | 'reason'> }) {
  const [text, status] = STATES[state];
  const label = (
    <Label variant="outline" {...(status === undefined ? {} : { status })}>
      {text}
    </Label>
  );
  return reason === null ? label : <Tooltip content={reason}>{<span>{label}</span>}</Tooltip>;
}
