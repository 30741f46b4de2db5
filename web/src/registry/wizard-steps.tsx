/** Where one is on the way from a registry to its first scan. */
import { ProgressStep, ProgressStepper } from '@patternfly/react-core';

const STEPS = [
  ['product', 'Product'],
  ['connection', 'Connection'],
  ['test', 'Test'],
  ['scan', 'Scan settings'],
] as const;

export function WizardSteps({ now }: { readonly now: (typeof STEPS)[number][0] }) {
  const place = STEPS.findIndex(([step]) => step === now);
  return (
    <ProgressStepper aria-label="Steps to the first scan">
      {STEPS.map(([step, title], index) => (
        <ProgressStep
          key={step}
          id={`step-${step}`}
          titleId={`step-${step}-title`}
          variant={index < place ? 'success' : index === place ? 'info' : 'pending'}
          isCurrent={index === place}
          aria-label={`${title}: ${index < place ? 'done' : index === place ? 'now' : 'later'}`}
        >
          {title}
        </ProgressStep>
      ))}
    </ProgressStepper>
  );
}
