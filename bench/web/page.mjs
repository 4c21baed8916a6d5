// The package in headless Chromium.
//   node bench/web/page.mjs speed [--threads 1,2] [--rounds 5] [--prompt 512] [--new 64]
//     beside the engine's own harness in the same browser (cmake --build --preset wasm --target engine_bench_page): rounds alternate,
//     each in a browser of its own, medians are told
//   node bench/web/page.mjs watch [--threads 2] [--new 128]
//     what the main thread does meanwhile, and linear memory beside plan(), in the page and in Node
//   node bench/web/page.mjs load [--threads 2] [--rounds 5]
//     how long loading takes in the page: from the server into the store, from the store, without a store; and in Node
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

import { mainThread } from './main-thread.mjs';
import { dist, harness, median, models, openSite } from './site.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '5' },
    prompt: { type: 'string', default: '512' },
    new: { type: 'string', default: '64' },
  },
});
const threadCounts = values.threads.split(',').map(Number);
const site = await openSite();

/** One of page-rounds.mjs, in that page. */
const round = (page, kind, url, work) =>
  page.evaluate(
    async ([kind, url, work]) => (await import('/bench/page-rounds.mjs'))[kind](globalThis.sotto, url, work),
    [kind, url, work],
  );
const average = () => loadavg()[0].toFixed(1);

function told(numbers) {
  const digits = median(numbers) < 1000 ? 1 : 0;
  const [least, middle, most] = [Math.min(...numbers), median(numbers), Math.max(...numbers)].map((x) => x.toFixed(digits));
  return `${middle} (${least} to ${most})`;
}

async function speed() {
  if (!existsSync(join(harness, 'engine_bench_page.mjs'))) throw new Error('engine_bench_page is not built');
  const url = site.urlOf(models[0]);
  for (const threads of threadCounts) {
    const work = { threads, prompt: Number(values.prompt), new: Number(values.new) };
    const rounds = { package: [], harness: [] };
    for (let i = 0; i < Number(values.rounds); ++i) {
      // Whoever goes first: of a busy machine the second one may get more, or less.
      for (const who of i % 2 ? ['harness', 'package'] : ['package', 'harness'])
        rounds[who].push(await site.visit((page) => round(page, `${who}Round`, url, work)));
    }
    const of = (who, what) => rounds[who].map((figures) => figures[what]);
    console.log(`${basename(models[0])}, threads: ${threads}, load average ${average()}`);
    for (const what of ['prefillTps', 'decodeTps', 'loadMs']) {
      const ratio = median(of('package', what)) / median(of('harness', what));
      console.log(`  ${what.padEnd(15)} package ${told(of('package', what))}, harness ${told(of('harness', what))}: ${ratio.toFixed(3)}`);
    }
    for (const what of ['corePrefillTps', 'coreDecodeTps'])
      console.log(`  ${what.padEnd(15)} package ${told(of('package', what))}`);
  }
}

const mb = (bytes) => (bytes / 1e6).toFixed(1);

async function watch() {
  const sotto = await import(join(dist, 'node.js'));
  const work = { threads: Math.max(...threadCounts), new: Number(values.new) };
  for (const model of models) {
    const { totalBytes } = await sotto.plan(model, { threads: work.threads });
    const node = await sotto.load(model, { threads: work.threads });
    await node.generate('Once upon a time', { maxTokens: 8 }).result;
    const inNode = await node.memory();
    await node.close();
    const { timeline, ...seen } = await site.visit(async (page, browser) => {
      const record = await mainThread(browser, page);
      const figures = await round(page, 'watchedRound', site.urlOf(model), work);
      return { ...figures, timeline: await record() };
    });
    console.log(`${basename(model)}, threads: ${work.threads}, load average ${average()}`);
    for (const [phase, from, to] of [
      ['load', 'sotto load', 'sotto loaded'],
      ['generate', 'sotto generate', 'sotto generated'],
    ]) {
      const { ms, busyMs, longestMs } = timeline(from, to);
      const share = ((100 * busyMs) / ms).toFixed(2);
      console.log(`  ${phase}: ${ms.toFixed(0)} ms, main thread busy ${share} %, longest task ${longestMs.toFixed(1)} ms`);
    }
    for (const [where, { linearBytes }] of [['Node', inNode], ['Chromium', seen]])
      console.log(`  ${where}: ${mb(linearBytes)} MB of linear memory, planned ${mb(totalBytes)}: ${mb(linearBytes - totalBytes)} more`);
  }
}

async function load() {
  const sotto = await import(join(dist, 'node.js'));
  const work = { threads: Math.max(...threadCounts) };
  for (const model of models) {
    const rounds = [];
    for (let i = 0; i < Number(values.rounds); ++i) {
      const begun = performance.now();
      const inNode = await sotto.load(model, work);
      const node = performance.now() - begun;
      await inNode.close();
      rounds.push({ node, ...(await site.visit((page) => round(page, 'loadRound', site.urlOf(model), work))) });
    }
    console.log(`${basename(model)}, threads: ${work.threads}, load average ${average()}, milliseconds`);
    for (const [what, label] of [
      ['kept', 'from the server into the store'],
      ['stored', 'from the store'],
      ['unkept', 'from the server, kept nowhere'],
      ['node', 'in Node, from a file'],
    ])
      console.log(`  ${label.padEnd(31)}${told(rounds.map((times) => times[what]))}`);
  }
}

const commands = { speed, watch, load };
const command = commands[positionals[0]];
try {
  if (!command) throw new Error('usage: node bench/web/page.mjs speed|watch|load [OPTIONS]');
  await command();
} catch (error) {
  console.error(String(error?.message ?? error));
  process.exitCode = 1;
} finally {
  site.close();
}
