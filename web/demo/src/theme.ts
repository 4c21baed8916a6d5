/** The theme button: as the system, light, dark. The choice is applied before the first paint by public/theme.js. */
import { button, svg } from './dom.ts';

const themes = ['auto', 'light', 'dark'] as const;
const key = 'sotto.theme'; // a plain word, which theme.js reads as well

export function themeButton(): HTMLButtonElement {
  const root = document.documentElement;
  const element = button(
    '',
    () => {
      const next = themes[(themes.indexOf(current()) + 1) % themes.length]!;
      if (next === 'auto') delete root.dataset['theme'];
      else root.dataset['theme'] = next;
      try {
        localStorage.setItem(key, next);
      } catch {
        // Not kept where storage is forbidden; it holds for this visit.
      }
      label();
    },
    { class: 'quiet' },
  );
  function current(): (typeof themes)[number] {
    const theme = root.dataset['theme'];
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  }
  function label(): void {
    const theme = current();
    const name = `Theme: ${{ auto: 'as the system', light: 'light', dark: 'dark' }[theme]}`;
    element.replaceChildren(icon(theme));
    element.setAttribute('aria-label', name);
    element.title = name;
  }
  label();
  return element;
}

/** Half a disc, a sun, a moon. */
function icon(theme: (typeof themes)[number]): SVGSVGElement {
  const drawing = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  if (theme === 'auto')
    drawing.append(svg('circle', { cx: 12, cy: 12, r: 8 }), svg('path', { class: 'full', d: 'M12 4a8 8 0 0 1 0 16z' }));
  if (theme === 'light')
    drawing.append(
      svg('circle', { cx: 12, cy: 12, r: 4 }),
      svg('path', { d: 'M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6l1.4 1.4M17 17l1.4 1.4M5.6 18.4l1.4-1.4M17 7l1.4-1.4' }),
    );
  if (theme === 'dark')
    drawing.append(svg('path', { d: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z', 'stroke-linejoin': 'round' }));
  return drawing;
}
