/** That the release of an image is past its end: it gets no advisories any more, so what was found may be too little. */
import { Icon } from '@patternfly/react-core';
import { ExclamationTriangleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import type { ImageScan } from '../api/model.ts';

/** Beside counts, or in a list; nothing while it is supported. */
export function EndOfLife({ endOfLife }: Pick<ImageScan, 'endOfLife'>) {
  if (endOfLife === null) return null;
  return (
    <span className="plimsoll-quiet">
      <Icon status="warning" isInline>
        <ExclamationTriangleIcon />
      </Icon>{' '}
      {endOfLife.release} is no longer supported
    </span>
  );
}
