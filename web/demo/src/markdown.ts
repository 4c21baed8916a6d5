/** The part of Markdown that models write, as DOM nodes: no markup is ever parsed by the browser, so text cannot become code.
 * Blocks: paragraphs, headings, fenced code, lists, quotes. Inline: code, bold, italics, links to http, https and mailto. */
import { h } from './dom.ts';

const fence = /^\s*(```|~~~)\s*([\w+#.-]*)/;
const bullet = /^(\s*)([-*+]|\d{1,9}[.)])\s+/;
const heading = /^#{1,6}\s+/;
// In order of precedence: code, link, bold, italics with stars, italics with underscores.
const inline = new RegExp(
  [
    /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/,
    /\[([^[\]\n]*)\]\(([^()\s]+)\)/,
    /\*\*(?=\S)([\s\S]*?\S)\*\*/,
    /\*(?=[^\s*])([^*\n]*[^\s*])\*/,
    /(?<!\w)_(?=\S)([^_\n]*\S)_(?!\w)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);
const maxDepth = 3; // of bold in italics in ...
const maxInline = 8000; // characters; what an answer in a loop writes without a break stays plain: drawing must stay quick

function inlineNodes(text: string, depth = 0): (Node | string)[] {
  if (depth > maxDepth || text.length > maxInline) return [text];
  const nodes: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(inline)) {
    nodes.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [all, , code, label, address, bold, starred, underlined] = match;
    if (code !== undefined) nodes.push(h('code', {}, code.replace(/^ (.*) $/, '$1')));
    else if (address !== undefined) nodes.push(link(label ?? '', address, all));
    else if (bold !== undefined) nodes.push(h('strong', {}, ...inlineNodes(bold, depth + 1)));
    else nodes.push(h('em', {}, ...inlineNodes(starred ?? underlined ?? '', depth + 1)));
  }
  nodes.push(text.slice(end));
  return nodes;
}

function link(label: string, address: string, source: string): Node | string {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return source;
  return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, label || address);
}

/** Cuts a text into the sources of its blocks. Joined by newlines they are the text, so that blocks can be compared. */
export function blocksOf(text: string): string[] {
  const blocks: string[][] = [];
  let open: string | undefined; // the mark of the code block that is open
  let fresh = true;
  for (const line of text.split('\n')) {
    const mark = fence.exec(line)?.[1];
    const last = blocks.at(-1);
    if (open) {
      last!.push(line);
      if (mark === open && line.trim() === open) [open, fresh] = [undefined, true];
      continue;
    }
    // A blank line ends a paragraph; a list goes on after it with the next item.
    const goesOn = !fresh || (last !== undefined && bullet.test(last[0]!) && (bullet.test(line) || /^\s{2,}\S/.test(line)));
    const startsList = bullet.test(line) && last !== undefined && !bullet.test(last[0]!);
    if (line.trim() === '') fresh = true;
    else if (mark || heading.test(line) || startsList || !goesOn) {
      blocks.push([line]);
      open = mark;
      fresh = heading.test(line);
    } else {
      last!.push(line);
      fresh = false;
    }
  }
  return blocks.map((lines) => lines.join('\n'));
}

function listNode(lines: string[]): HTMLElement {
  const items: string[][] = [];
  const indent = bullet.exec(lines[0]!)![1]!.length;
  for (const line of lines) {
    const match = bullet.exec(line);
    if (match && match[1]!.length <= indent + 1) items.push([line.slice(match[0].length)]);
    else items.at(-1)!.push(line);
  }
  return listElement(lines[0]!, items.map(itemNode));
}

function listElement(firstLine: string, items: HTMLElement[]): HTMLElement {
  const start = /^\s*(\d+)/.exec(firstLine)?.[1];
  return start === undefined ? h('ul', {}, ...items) : h('ol', { start: start === '1' ? undefined : start }, ...items);
}

function itemNode(lines: string[]): HTMLElement {
  const nested = lines.findIndex((line, i) => i > 0 && bullet.test(line));
  const text = (nested < 0 ? lines : lines.slice(0, nested)).map((line) => line.trim()).join('\n');
  return h('li', {}, ...inlineNodes(text), nested > 0 && nestedList(lines.slice(nested)));
}

// Deeper lists are read as one more level; what is deeper still stays text, so that nothing recurses on input.
function nestedList(lines: string[]): HTMLElement {
  return listElement(
    lines[0]!,
    lines.map((line) => h('li', {}, ...inlineNodes(line.replace(bullet, '').trim()))),
  );
}

function blockNode(source: string): HTMLElement {
  const lines = source.split('\n');
  const mark = fence.exec(lines[0]!);
  if (mark) {
    const closed = lines.length > 1 && lines.at(-1)!.trim() === mark[1];
    const code = lines.slice(1, closed ? -1 : undefined).join('\n');
    return h('pre', { tabindex: 0, role: 'group', 'aria-label': mark[2] ? `Code: ${mark[2]}` : 'Code' }, h('code', {}, code));
  }
  if (heading.test(source)) {
    const level = Math.min(heading.exec(source)![0].trim().length + 2, 5) as 3 | 4 | 5;
    return h(`h${level}`, {}, ...inlineNodes(source.replace(heading, '')));
  }
  if (bullet.test(source)) return listNode(lines);
  if (lines.every((line) => line.startsWith('>'))) {
    return h('blockquote', {}, ...inlineNodes(lines.map((line) => line.replace(/^>\s?/, '')).join('\n')));
  }
  return h('p', {}, ...inlineNodes(source));
}

/** Makes `element` show `text`. Blocks that are as they were keep their nodes: a stream touches only its last block, and what a
 * visitor has selected above it stays selected. */
export function renderMarkdown(element: HTMLElement, text: string): void {
  const sources = blocksOf(text);
  const shown = (element as { shown?: string[] }).shown ?? [];
  let same = 0;
  while (same < sources.length && sources[same] === shown[same]) ++same;
  while (element.childElementCount > same) element.lastElementChild!.remove();
  element.append(...sources.slice(same).map(blockNode));
  Object.assign(element, { shown: sources });
}
