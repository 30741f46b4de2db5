/** A project at a glance: the pre-certification checklist with a way to each thing that is missing, and what it is set to. */
import { Card, CardBody, CardTitle, DescriptionList, Grid, GridItem, Icon } from '@patternfly/react-core';
import { CheckCircleIcon } from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { InProgressIcon } from '@patternfly/react-icons/dist/esm/icons/in-progress-icon';
import { InfoCircleIcon } from '@patternfly/react-icons/dist/esm/icons/info-circle-icon';
import { MinusCircleIcon } from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import { OutlinedCircleIcon } from '@patternfly/react-icons/dist/esm/icons/outlined-circle-icon';
import { useQuery } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { Link } from 'react-router';
import type { ChecklistItem, Project } from '../api/model.ts';
import { cataloguePath } from '../display/addresses.ts';
import { formatCount } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Answer } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { DISTRIBUTION_METHODS, detailsOf } from './project-choices.ts';
import { checklistQuery } from './project-queries.ts';
import './project.css';
import { Fact } from '../display/fact.tsx';

type State = ChecklistItem['state'];

const STATES: Readonly<
  Record<
    State,
    readonly [text: string, icon: ComponentType, status: 'success' | 'warning' | 'info' | 'custom' | 'none']
  >
> = {
  done: ['Done', CheckCircleIcon, 'success'],
  open: ['To do', OutlinedCircleIcon, 'warning'],
  advised: ['Advised', InfoCircleIcon, 'info'],
  running: ['Running', InProgressIcon, 'info'],
  'not-needed': ['Not needed', MinusCircleIcon, 'none'],
};

/** What a line is called, and which tab it is done in. */
const ITEMS: Readonly<Record<ChecklistItem['item'], readonly [title: string, tab: 'settings' | 'images']>> = {
  description: ['Description', 'settings'],
  contacts: ['Contacts', 'settings'],
  location: ['Place in the catalogue', 'settings'],
  'pull-secret': ['Pull secret', 'settings'],
  image: ['Image', 'images'],
  checks: ['Checks', 'images'],
  grade: ['Health grade', 'images'],
  published: ['Published', 'images'],
};

export function ProjectOverview({ project }: { readonly project: Project }) {
  return (
    <Grid hasGutter>
      <GridItem lg={7}>
        <Card isFullHeight>
          <CardTitle component="h2">Before it can be published</CardTitle>
          <CardBody>
            <Checklist project={project} />
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={5}>
        <Card isFullHeight>
          <CardTitle component="h2">Project</CardTitle>
          <CardBody>
            <Facts project={project} />
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

function Checklist({ project }: { readonly project: Project }) {
  const checklist = useQuery(checklistQuery(project.id));
  const mayChange = useRole('operator', project.namespaceId);
  return (
    <Answer of={checklist} what="the checklist">
      {items => {
        const open = items.filter(({ state }) => state === 'open').length;
        return (
          <>
            <p className="plimsoll-figure">
              {open === 0 ? 'Nothing is missing.' : <strong>{formatCount(open)} still to do</strong>}
            </p>
            <ol className="plimsoll-checklist">
              {items.map(({ item, state, message }) => {
                const [text, Shape, status] = STATES[state];
                const [title, tab] = ITEMS[item];
                const isLink = state !== 'not-needed' && (tab === 'images' || mayChange);
                return (
                  <li key={item}>
                    <Icon {...(status === 'none' ? {} : { status })} aria-hidden="true">
                      <Shape />
                    </Icon>
                    <div className="plimsoll-name">
                      {isLink ? <Link to={`/projects/${project.id}/${tab}`}>{title}</Link> : <strong>{title}</strong>}{' '}
                      <span className="plimsoll-quiet">{text}</span>
                      <div>{message}.</div>
                    </div>
                  </li>
                );
              })}
            </ol>
          </>
        );
      }}
    </Answer>
  );
}

function Facts({ project }: { readonly project: Project }) {
  const { registry, repository, pushTo, distributionMethod, osContentType, isPrivileged, autoPublish } = project;
  const { shortDescription, contacts } = detailsOf(project);
  const isPublished = project.certificationStatus === 'Published' && registry !== null && repository !== null;
  return (
    <DescriptionList isCompact isHorizontal>
      {shortDescription !== '' && <Fact term="Description">{shortDescription}</Fact>}
      <Fact term="Distribution">
        {DISTRIBUTION_METHODS.find(({ value }) => value === distributionMethod)?.label ?? distributionMethod}
      </Fact>
      <Fact term="Catalogued at">
        {registry === null ? (
          'Not said'
        ) : isPublished ? (
          <Link to={cataloguePath(registry, repository)}>
            {registry}/{repository}
          </Link>
        ) : (
          `${registry}/${repository ?? ''}`
        )}
      </Fact>
      {pushTo !== null && <Fact term="Pushed to">{pushTo}</Fact>}
      <Fact term="Content">{osContentType ?? 'Not said'}</Fact>
      <Fact term="May run as root">{isPrivileged ? 'Yes' : 'No'}</Fact>
      <Fact term="Published by itself">{autoPublish ? 'Yes, when nothing stands against it' : 'No'}</Fact>
      <Fact term="Contacts">{contacts.length === 0 ? 'None' : contacts.map(({ email }) => email).join(', ')}</Fact>
      <Fact term="Id">
        <code>{project.id}</code>
      </Fact>
      <Fact term="Made">
        <Time at={project.createdAt} />
      </Fact>
    </DescriptionList>
  );
}
