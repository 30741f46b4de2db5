/** Which repositories, and for On Demand which tags of them. */
import { ActionList, ActionListItem, Button, FormGroup, Grid, GridItem } from '@patternfly/react-core';
import { PlusCircleIcon } from '@patternfly/react-icons/dist/esm/icons/plus-circle-icon';
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { useState } from 'react';
import type { RegistryProduct } from '../api/model.ts';
import { TextField, Wrong } from '../form/fields.tsx';
import type { Mistakes } from '../form/violations.ts';
import type { JobDraft } from './job-draft.ts';
import { RepositoryPicker } from './repository-picker.tsx';

export function TargetsFields({
  draft,
  product,
  registryId,
  mistakes,
  onChange,
}: {
  readonly draft: JobDraft;
  readonly product: RegistryProduct;
  readonly registryId: string;
  readonly mistakes: Mistakes;
  readonly onChange: (targets: JobDraft['targets']) => void;
}) {
  const [isPicking, setPicking] = useState(false);
  const { targets } = draft;
  const hasTags = draft.scanType === 'OnDemand';
  const change = (place: number, target: Partial<JobDraft['targets'][number]>) =>
    onChange(targets.map((old, index) => (index === place ? { ...old, ...target } : old)));
  const take = (names: readonly string[]) => {
    const tags = product.requiresTags ? '*' : '';
    onChange(names.map(repository => targets.find(target => target.repository === repository) ?? { repository, tags }));
  };
  return (
    <FormGroup role="group" label="Repositories" isRequired>
      <Wrong
        violations={mistakes
          .besides(targets.map((_, place) => `targets.${place}`))
          .filter(({ field }) => field === 'targets')}
      />
      {targets.map((target, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while they are written
        <Grid hasGutter key={place}>
          <GridItem span={hasTags ? 6 : 11}>
            <TextField
              label={place === 0 ? 'Repository, or wildcard' : `Repository ${place + 1}`}
              value={target.repository}
              onChange={repository => change(place, { repository })}
              placeholder="team/app/backend"
              wrong={mistakes.of(`targets.${place}.repository`)}
              {...(place === targets.length - 1
                ? {
                    help: `The full path, or a wildcard: ${product.everything} is everything, team/* what starts with team/, *app what ends with app.`,
                  }
                : {})}
            />
          </GridItem>
          {hasTags && (
            <GridItem span={5}>
              <TextField
                label={place === 0 ? 'Tags' : `Tags of ${target.repository || `repository ${place + 1}`}`}
                value={target.tags}
                onChange={tags => change(place, { tags })}
                placeholder={product.requiresTags ? 'Needed; * for all' : 'All'}
                isRequired={product.requiresTags}
                wrong={mistakes.of(`targets.${place}.tags`)}
                {...(place === targets.length - 1 ? { help: 'Several by commas, wildcards too; all when empty.' } : {})}
              />
            </GridItem>
          )}
          <GridItem span={1} className="plimsoll-beside-field">
            {targets.length > 1 && (
              <Button
                variant="plain"
                icon={<TimesIcon />}
                aria-label={`Leave out ${target.repository || `repository ${place + 1}`}`}
                onClick={() => onChange(targets.filter((_, index) => index !== place))}
              />
            )}
          </GridItem>
        </Grid>
      ))}
      <ActionList>
        <ActionListItem>
          <Button
            variant="link"
            isInline
            icon={<PlusCircleIcon />}
            onClick={() => onChange([...targets, { repository: '', tags: product.requiresTags ? '*' : '' }])}
          >
            Another repository
          </Button>
        </ActionListItem>
        {product.capabilities.catalog && (
          <ActionListItem>
            <Button variant="link" isInline onClick={() => setPicking(true)}>
              Choose from the registry’s list
            </Button>
          </ActionListItem>
        )}
      </ActionList>
      {isPicking && (
        <RepositoryPicker
          registryId={registryId}
          product={product}
          chosen={targets.map(({ repository }) => repository).filter(name => name !== '' && !/[*]/.test(name))}
          onClose={names => {
            setPicking(false);
            if (names !== undefined) take(names);
          }}
        />
      )}
    </FormGroup>
  );
}
