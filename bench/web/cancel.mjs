// How soon an abort is obeyed: SmolLM2, aborts at random moments of loading, of reading a prompt of 1500 tokens and of decoding, in
// Node and in an isolated page. After each, the next answer must be that of a fresh model.
//   node bench/web/cancel.mjs [--where node,chromium] [--threads 2] [--load 50] [--prefill 75] [--decode 75]
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cancelRounds } from './cancel-rounds.mjs';
import { dist, models, openSite, quantile } from './site.mjs';

const { values } = parseArgs({
  options: {
    where: { type: 'string', default: 'node,chromium' },
    threads: { type: 'string', default: '2' },
    load: { type: 'string', default: '50' },
    prefill: { type: 'string', default: '75' },
    decode: { type: 'string', default: '75' },
  },
});
const [model] = models;
const counts = Object.fromEntries(['load', 'prefill', 'decode'].map((phase) => [phase, Number(values[phase])]));
const options = { threads: Number(values.threads), variant: 'simd128', storage: 'none' };

const runs = {
  async node() {
    const sotto = await import(join(dist, 'node.js'));
    return cancelRounds(sotto, model, options, counts);
  },
  async chromium() {
    const site = await openSite();
    try {
      return await site.visit((page) =>
        page.evaluate(
          async ([url, options, counts]) => {
            const { cancelRounds } = await import('/bench/cancel-rounds.mjs');
            return cancelRounds(globalThis.sotto, url, options, counts);
          },
          [site.urlOf(model), options, counts],
        ),
      );
    } finally {
      site.close();
    }
  },
};

const told = (numbers) =>
  numbers.length === 0 ? '' : [0.5, 0.99, 1].map((share) => quantile(numbers, share).toFixed(1).padStart(8)).join('');

for (const where of values.where.split(',')) {
  const { tiny, ...phases } = await runs[where]();
  console.log(`${`${where}, load average ${loadavg()[0].toFixed(1)}`.padEnd(29)} p50 ms  p99 ms  max ms`);
  for (const [phase, rounds] of Object.entries(phases)) {
    const cancelled = rounds.filter(({ outcome }) => outcome === 'cancelled');
    console.log(`  ${`${phase}: ${cancelled.length} aborts, settled`.padEnd(27)}${told(cancelled.map(({ settled }) => settled))}`);
    for (const [what, label] of [['stopped', 'the engine has stopped'], ['idle', 'and has made one token']]) {
      const numbers = cancelled.flatMap((round) => round[what] ?? []);
      if (numbers.length > 0) console.log(`  ${label.padEnd(27)}${told(numbers)}`);
    }
  }
  console.log(`  ${'one token alone'.padEnd(27)}${told(tiny)}`);
}
