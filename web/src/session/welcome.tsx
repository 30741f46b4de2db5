/** The frame of the pages before the sign-in. */
import { LoginPage } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function Welcome({
  title,
  subtitle,
  children,
}: {
  readonly title: string;
  readonly subtitle?: string;
  readonly children: ReactNode;
}) {
  return (
    <>
      <title>{`${title} · Plimsoll`}</title>
      <LoginPage
        className="plimsoll-welcome"
        brandImgSrc="/load-line.svg"
        brandImgAlt="Plimsoll"
        textContent="Plimsoll scans, certifies and publishes container images across every registry a team uses."
        loginTitle={title}
        {...(subtitle === undefined ? {} : { loginSubtitle: subtitle })}
      >
        {children}
      </LoginPage>
    </>
  );
}
