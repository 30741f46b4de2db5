/** The report and the SBOM of an image to take away, in every format. */
import { Dropdown, DropdownGroup, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { DownloadIcon } from '@patternfly/react-icons/dist/esm/icons/download-icon';
import { useState } from 'react';
import { DOWNLOADS, downloadPath } from './image-queries.ts';

const GROUPS = [
  ['report', 'Security report'],
  ['sbom', 'SBOM'],
] as const;

export function DownloadsMenu({ digest }: { readonly digest: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={ref => (
        <MenuToggle ref={ref} icon={<DownloadIcon />} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Download
        </MenuToggle>
      )}
    >
      {GROUPS.map(([kind, label]) => (
        <DropdownGroup key={kind} label={label} labelHeadingLevel="h2">
          <DropdownList>
            {DOWNLOADS[kind].map(([format, name]) => (
              <DropdownItem key={format} to={downloadPath(digest, kind, format)} download="">
                {name}
              </DropdownItem>
            ))}
          </DropdownList>
        </DropdownGroup>
      ))}
    </Dropdown>
  );
}
