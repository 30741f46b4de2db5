/** Labels of sensors: short words by which registries choose who works on them. */
import { z } from 'zod';

const word = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/,
    'letters, digits, dots, dashes, underscores and slashes; at most 63',
  );

/** Labels by name. */
export const sensorLabels = z
  .record(word, z.union([z.literal(''), word]))
  .refine(labels => Object.keys(labels).length <= 32, 'at most 32 labels');

export type SensorLabels = Readonly<Record<string, string>>;

/** Whether a sensor with these labels may work for a selector: it has each of the labels, with that value. */
export function matchesSelector(labels: SensorLabels, selector: SensorLabels): boolean {
  return Object.entries(selector).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
}
