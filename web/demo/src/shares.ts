/** A bar that shows the parts of a whole, with its legend. The legend says all of it; screen readers skip the bar. */
import { h, svg } from './dom.ts';

export interface Share {
  label: string;
  value: number;
  /** The value as text. */
  told: string;
}

export function sharesBar(shares: readonly Share[]): SVGSVGElement {
  const total = shares.reduce((sum, { value }) => sum + value, 0) || 1;
  const bar = svg('svg', { class: 'share', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  let x = 0;
  shares.forEach(({ value }, i) => {
    const width = (100 * value) / total;
    bar.append(svg('rect', { class: `part-${i + 1}`, x, y: 0, width, height: 10 }));
    x += width;
  });
  return bar;
}

export function sharesLegend(shares: readonly Share[]): HTMLElement {
  return h(
    'ul',
    { class: 'legend' },
    ...shares.map(({ label, told }, i) =>
      h(
        'li',
        {},
        svg(
          'svg',
          { viewBox: '0 0 10 10', 'aria-hidden': 'true' },
          svg('rect', { class: `part-${i + 1}`, width: 10, height: 10 }),
        ),
        `${label} ${told}`,
      ),
    ),
  );
}
