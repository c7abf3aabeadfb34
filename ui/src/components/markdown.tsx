import { lexer, type Token, type Tokens } from 'marked';
import { Fragment, memo, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './copy-button';

/**
 * Text that models and people wrote, as elements. It is read into tokens and each token becomes an element of ours: HTML in
 * it stays text, addresses are links only with a scheme that is known to be harmless, and pictures from elsewhere are links,
 * so that reading an answer tells nobody.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, breaks: true }), [text]);
  return <div className="prose-crawdad grid min-w-0 gap-2.5 break-words">{blocks(tokens)}</div>;
});

/** The address, where a link may lead there: elsewhere on the web, or a letter. */
export function safeAddress(given: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers leave them out before they read the scheme
  const address = given.replace(/[\u0000-\u0020]/g, '');
  return /^(https?:|mailto:)/i.test(address) ? address : undefined;
}

function blocks(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, place) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end
    return <Fragment key={place}>{block(token)}</Fragment>;
  });
}

const headings = ['text-xl', 'text-lg', 'text-base', 'text-base', 'text-sm', 'text-sm'];

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      // Not a heading of the page: the outline is that of the console.
      const { depth, tokens } = token as Tokens.Heading;
      return <p className={`mt-1 font-semibold ${headings[depth - 1] ?? ''}`}>{inlines(tokens)}</p>;
    }
    case 'paragraph':
      return <p>{inlines((token as Tokens.Paragraph).tokens)}</p>;
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock text={text} language={lang} />;
    }
    case 'blockquote':
      return (
        <blockquote className="grid gap-2 border-line-strong border-l-2 pl-3 text-ink-soft">
          {blocks((token as Tokens.Blockquote).tokens)}
        </blockquote>
      );
    case 'list':
      return list(token as Tokens.List);
    case 'table':
      return table(token as Tokens.Table);
    case 'hr':
      return <hr className="border-line" />;
    case 'text': {
      const inner = (token as Tokens.Text).tokens;
      return inner ? <span>{inlines(inner)}</span> : (token as Tokens.Text).raw;
    }
    default:
      return <p className="whitespace-pre-wrap">{token.raw}</p>;
  }
}

function list({ ordered, start, items }: Tokens.List): ReactNode {
  const Name = ordered ? 'ol' : 'ul';
  return (
    <Name
      start={ordered && start !== '' ? start : undefined}
      className={`grid gap-1 pl-5 ${ordered ? 'list-decimal' : 'list-disc'}`}
    >
      {items.map((item, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end
        <li key={place}>
          {item.task && (
            <input
              type="checkbox"
              checked={item.checked ?? false}
              readOnly
              aria-hidden
              tabIndex={-1}
              className="mr-1.5"
            />
          )}
          {blocks(item.tokens)}
        </li>
      ))}
    </Name>
  );
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <div className="overflow-x-auto">
      <table className="border-collapse text-sm">
        <thead>
          <tr>
            {header.map((cell, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name
              <th key={place} className="border border-line bg-sunken px-2 py-1 text-left font-medium">
                {inlines(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, number) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
            <tr key={number}>
              {row.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name
                <td key={place} className="border border-line px-2 py-1">
                  {inlines(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: readonly Token[] = []): ReactNode {
  return tokens.map((token, place) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end
    return <Fragment key={place}>{inline(token)}</Fragment>;
  });
}

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

function inline(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong className="font-semibold">{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return <code className="rounded bg-sunken px-1 py-px font-mono text-[0.9em]">{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <Outward href={token.href}>{inlines(token.tokens)}</Outward>;
    case 'image':
      return <Outward href={token.href}>{token.text || token.href}</Outward>;
    case 'escape':
      return token.text;
    case 'text':
      return token.tokens
        ? inlines(token.tokens)
        : String(token.text).replace(/&(?:amp|lt|gt|quot|#39);/g, (found) => entities[found] ?? found);
    default:
      return token.raw;
  }
}

function Outward({ href, children }: { href: string; children: ReactNode }) {
  const address = safeAddress(href);
  if (!address) return <span>{children}</span>;
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="text-accent underline underline-offset-2"
    >
      {children}
    </a>
  );
}

export function CodeBlock({ text, language }: { text: string; language?: string }) {
  const { t } = useTranslation('common');
  return (
    <div className="min-w-0 overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex h-7 items-center justify-between border-line border-b pr-0.5 pl-3 text-ink-faint text-xs">
        <span className="truncate">{language?.split(/\s/)[0]}</span>
        <CopyButton text={text} label={t('copyCode')} className="size-6" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0} className="max-h-[32rem] overflow-auto px-3 py-2 font-mono text-xs leading-5">
        {text}
      </pre>
    </div>
  );
}
