/** Reads the engine's trace: what the last answer spent, token by token. */
import type { TraceEvent } from '../../src/types.ts';

/** Parts of a token's time, and the spans of the trace that make them. */
export const parts = [
  { label: 'Attention', spans: ['qkv', 'attention', 'attn_out'] },
  { label: 'Feed-forward', spans: ['gate_up', 'down'] },
  { label: 'Head', spans: ['head'] },
  { label: 'Rest', spans: [] }, // embedding, choosing the token, text
] as const;
const rest = parts.length - 1;
const partOf = new Map<string, number>(parts.flatMap(({ spans }, i) => spans.map((span): [string, number] => [span, i])));

export interface Cost {
  ms: number;
  /** Milliseconds of each of `parts`. */
  parts: number[];
  /** The spans inside, outermost first; times in milliseconds from the start of this one. */
  spans: { name: string; index: number | undefined; part: number; start: number; ms: number; depth: number }[];
}

export interface Timeline {
  prefill: Cost;
  /** One for each token. The first was computed by the prefill: it only had to be chosen. */
  tokens: Cost[];
}

/** The last answer in the trace; undefined: there is none in it. */
export function readTimeline(events: readonly TraceEvent[]): Timeline | undefined {
  const spans = events.filter(({ ph }) => ph === 'X').sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const top = spans.filter(({ name }) => name === 'prefill' || name === 'step');
  // A prefill may be cut into slices; one after a step belongs to the next answer.
  const first = top.findLastIndex(({ name }, i) => name === 'prefill' && top[i - 1]?.name !== 'prefill');
  if (first < 0) return undefined;
  const answer = top.slice(first).map((span) => ({ span, cost: cost(span, spans) }));
  const costs = (name: string) => answer.filter(({ span }) => span.name === name).map(({ cost: of }) => of);
  return { prefill: sum(costs('prefill')), tokens: costs('step') };
}

function cost(outer: TraceEvent, sorted: readonly TraceEvent[]): Cost {
  const end = outer.ts + outer.dur;
  const open: TraceEvent[] = [];
  const result: Cost = { ms: outer.dur / 1000, parts: parts.map(() => 0), spans: [] };
  for (let i = firstFrom(sorted, outer.ts); i < sorted.length && sorted[i]!.ts < end; ++i) {
    const span = sorted[i]!;
    if (span === outer || span.tid !== outer.tid || span.ts + span.dur > end) continue;
    while (open.length && span.ts >= open.at(-1)!.ts + open.at(-1)!.dur) open.pop();
    const part = partOf.get(span.name);
    if (part !== undefined) result.parts[part]! += span.dur / 1000;
    result.spans.push({
      name: span.name,
      index: span.args?.index,
      part: part ?? rest,
      start: (span.ts - outer.ts) / 1000,
      ms: span.dur / 1000,
      depth: open.length,
    });
    open.push(span);
  }
  const known = result.parts.reduce((total, ms) => total + ms, 0);
  result.parts[rest] = Math.max(0, result.ms - known);
  return result;
}

/** Index of the first span that starts at `ts` or later. */
function firstFrom(sorted: readonly TraceEvent[], ts: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sum(costs: readonly Cost[]): Cost {
  let start = 0;
  const result: Cost = { ms: 0, parts: parts.map(() => 0), spans: [] };
  for (const one of costs) {
    result.spans.push(...one.spans.map((span) => ({ ...span, start: span.start + start })));
    one.parts.forEach((ms, i) => (result.parts[i]! += ms));
    start += one.ms;
  }
  result.ms = start;
  return result;
}
