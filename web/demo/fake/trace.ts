/** A trace with the spans of the engine. */
import type { TraceEvent } from '../../src/types.ts';

const nLayers = 30;
// Microseconds of each span in a layer.
const layer = [
  ['qkv', 42],
  ['attention', 18],
  ['attn_out', 24],
  ['gate_up', 92],
  ['down', 58],
] as const;

export function traceOf(nTokens: number, promptTokens: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  let now = 1000;
  const add = (name: string, ts: number, dur: number, index?: number) =>
    events.push({ name, ph: 'X', ts, dur, pid: 1, tid: 0, ...(index !== undefined && { args: { index } }) });
  const pass = (scale: number, tokens: number) => {
    add('embed', now, 6);
    now += 6;
    for (let l = 0; l < nLayers; ++l) {
      const began = now;
      for (const [name, us] of layer) {
        // Attention grows with what has been said before.
        const dur = us * scale * (name === 'attention' ? 1 + tokens / 60 : 1);
        add(name, now, dur, l);
        now += dur + 1;
      }
      add('layer', began, now - began, l);
    }
    add('head', now, 900);
    now += 900;
  };
  const began = now;
  add('tokenize', now, 240);
  now += 240;
  const prefill = now;
  pass(promptTokens / 3, 0);
  add('prefill', prefill, now - prefill);
  for (let i = 0; i < nTokens; ++i) {
    const step = now;
    const wobble = 1 + 0.12 * Math.sin(i * 1.7) + (i % 23 === 11 ? 0.9 : 0);
    if (i > 0) pass(wobble, promptTokens + i);
    now += 60 * wobble;
    add('step', step, now - step, i);
  }
  add('request', began, now - began);
  return events;
}
