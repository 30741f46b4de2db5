/** A line of a description list: what it is called, and what it is. */
import { DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';

/** `isNumber`: digits of one width, below each other. Text without blanks is broken rather than cut off. */
export function Fact({
  term,
  isNumber = false,
  children,
}: {
  readonly term: string;
  readonly isNumber?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription className={isNumber ? 'plimsoll-name plimsoll-numbers' : 'plimsoll-name'}>
        {children}
      </DescriptionListDescription>
    </DescriptionListGroup>
  );
}
