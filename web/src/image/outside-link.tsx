/** A reference of an advisory: a link if it is one to the web, else text. The page that it leads to is not told where it was followed. */
export function OutsideLink({ url, children = url }: { readonly url: string; readonly children?: string }) {
  const parsed = URL.parse(url);
  const isWeb = parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
  if (!isWeb) return <>{children}</>;
  return (
    <a href={parsed.href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
