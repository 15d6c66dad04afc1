import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import Turndown from 'turndown';

const MOST_ELEMENTS = 20_000;

/** The main content of a page as Markdown; all of it where there is no article. */
export function article(html: string): { title: string; text: string } {
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<!doctype html><html><body>${html}</body></html>`);
  const title = document.querySelector('title')?.textContent?.trim() ?? '';
  const found = readable(document as unknown as Document);
  const content = found?.content ?? document.body?.innerHTML ?? '';
  const turndown = new Turndown({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' });
  turndown.remove(['script', 'style', 'noscript', 'iframe', 'form', 'button', 'input']);
  turndown.addRule('no pictures', { filter: 'img', replacement: (_content, node) => ('alt' in node ? String(node.alt ?? '') : '') });
  return {
    title: (found?.title || title).slice(0, 500),
    text: turndown
      .turndown(content)
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
  };
}

/** Undefined where it finds no article, or too much of one. */
function readable(document: Document) {
  try {
    return new Readability(document, { maxElemsToParse: MOST_ELEMENTS, charThreshold: 200 }).parse() ?? undefined;
  } catch {
    return undefined;
  }
}
