/** The head of a page: its title, in the window too, where it is, and what can be done here. */
import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

/** A page above this one. */
export interface Crumb {
  readonly title: string;
  readonly to: string;
}

export function PageHeader({
  title,
  crumbs = [],
  children,
  labels,
  actions,
}: {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  /** A sentence below the title. */
  readonly children?: ReactNode;
  /** Beside the title: states. */
  readonly labels?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <PageSection>
      <title>{`${[title, ...crumbs.map(crumb => crumb.title).reverse()].join(' · ')} · Plimsoll`}</title>
      {crumbs.length > 0 && (
        <Breadcrumb>
          {crumbs.map(crumb => (
            <BreadcrumbItem key={crumb.to}>
              <Link to={crumb.to}>{crumb.title}</Link>
            </BreadcrumbItem>
          ))}
          <BreadcrumbItem isActive>{title}</BreadcrumbItem>
        </Breadcrumb>
      )}
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }} alignItems={{ default: 'alignItemsCenter' }}>
        <Flex alignItems={{ default: 'alignItemsCenter' }}>
          <Title headingLevel="h1" className="plimsoll-title">
            {title}
          </Title>
          {labels}
        </Flex>
        {actions !== undefined && <FlexItem>{actions}</FlexItem>}
      </Flex>
      {children !== undefined && <Content>{children}</Content>}
    </PageSection>
  );
}
