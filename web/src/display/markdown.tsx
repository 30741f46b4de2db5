/** Markdown from elsewhere, as safe elements: no HTML of its own, no pictures, links that tell nobody where they were followed. */
import Markdown from 'react-markdown';

const ALLOWED = [
  'p',
  'strong',
  'em',
  'code',
  'pre',
  'ul',
  'ol',
  'li',
  'a',
  'br',
  'h1',
  'h2',
  'h3',
  'h4',
  'blockquote',
  'hr',
];

/** `text` as elements of PatternFly's `Content`. In a chunk of its own: import it with `lazy`. */
export default function SafeMarkdown({ text }: { readonly text: string }) {
  return (
    <Markdown
      allowedElements={ALLOWED}
      unwrapDisallowed
      skipHtml
      components={{
        a: ({ href, children }) => (
          <a href={href} target="_blank" rel="noreferrer noopener">
            {children}
          </a>
        ),
        // Headings of the text are below those of the page.
        h1: ({ children }) => <h4>{children}</h4>,
        h2: ({ children }) => <h4>{children}</h4>,
        h3: ({ children }) => <h4>{children}</h4>,
      }}
    >
      {text}
    </Markdown>
  );
}
