/** Columns of lists of images. */
import { Link } from 'react-router';
import type { Image } from '../api/model.ts';
import { manifestPath } from '../display/addresses.ts';
import { shortDigest } from '../display/digest.tsx';
import { formatBytes } from '../display/format-number.ts';
import { platformText } from '../display/platform.ts';
import { Time } from '../display/time.tsx';
import type { Column } from '../table/data-table.tsx';
import { SecuritySummary } from './security-summary.tsx';

/** Where it is and what it is called, then its digest. */
export function ImageName({ image }: { readonly image: Image }) {
  const [place, ...others] = image.places;
  const tag = place?.tags[0];
  const name =
    place === undefined ? shortDigest(image.digest) : `${place.repository}${tag === undefined ? '' : `:${tag}`}`;
  return (
    <div className="plimsoll-name">
      <Link to={addressOf(image)}>{name}</Link>
      <div className="plimsoll-quiet">
        {place?.registryName} · {platformText(image.platform)} · <code>{shortDigest(image.digest)}</code>
        {others.length > 0 && ` · and in ${others.length} more`}
      </div>
    </div>
  );
}

/** Its report, as it lies in the first of its places. */
function addressOf({ digest, places: [place] }: Image): string {
  return manifestPath(
    digest,
    place === undefined
      ? undefined
      : { registryId: place.registryId, repository: place.repository, tag: place.tags[0] },
  );
}

export const IMAGE_COLUMNS: readonly Column<Image>[] = [
  { title: 'Image', width: 40, render: image => <ImageName image={image} /> },
  {
    title: 'Security',
    width: 35,
    render: image => (
      <SecuritySummary
        scan={image.scan}
        to={addressOf(image)}
        of={`${image.places[0]?.repository ?? ''} ${shortDigest(image.digest)}`}
      />
    ),
  },
  {
    title: 'Size',
    sort: 'size',
    render: ({ sizeBytes }) => (
      <span className="plimsoll-numbers">{sizeBytes === null ? '–' : formatBytes(sizeBytes)}</span>
    ),
  },
  { title: 'Scanned', sort: 'scanned', render: ({ scan }) => <Time at={scan.scannedAt} isRelative missing="Never" /> },
];
