// Sotto in WebAssembly beside wllama (npm @wllama/wllama, as it is published) on the same file in headless Chromium: rounds alternate,
// each in a browser of its own, medians are told.
//   node run.mjs MODEL... [--threads 1,2] [--rounds 3] [--prompt 512] [--new 64] [--engines NAME,...] [--out FILE.json]
// Engines: those of engines.mjs that are built, and wllama. What is missing of Chromium and npm's package is installed.
import {mkdirSync, writeFileSync} from 'node:fs';
import {loadavg} from 'node:os';
import {basename, dirname, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {chromiumVersion} from './browser.mjs';
import {buildCommand, engines} from './engines.mjs';
import {install, wllamaVersion} from './install.mjs';
import {serve} from './server.mjs';

const {values, positionals: models} = parseArgs({
  allowPositionals: true,
  options: {
    threads: {type: 'string', default: '1,2'},
    rounds: {type: 'string', default: '3'},
    prompt: {type: 'string', default: '512'},
    new: {type: 'string', default: '64'},
    engines: {type: 'string', default: Object.keys(engines).join()},
    out: {type: 'string'},
  },
});
const kRates = ['prefill_tps', 'decode_tps'];
const kOtherFigures = ['load_ms', 'first_token_ms'];

function fail(message) {
  console.error(message);
  process.exit(2);
}

function chosenEngines() {
  const names = values.engines.split(',');
  for (const name of names) if (!engines[name]) fail(`no engine '${name}'; there are ${Object.keys(engines).join(', ')}`);
  const built = names.filter((name) => engines[name].built());
  for (const name of names) if (!built.includes(name)) console.error(`${name} is not built: ${buildCommand(name)}`);
  if (built.length === 0) process.exit(2);
  return built;
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return {median, min: sorted[0], max: sorted.at(-1), rounds: numbers};
}

async function measure(server, names, model, work) {
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); ++round) {
    for (const name of names) rounds[name].push(await engines[name].run(server, model, work));
  }
  return Object.fromEntries(names.map((name) => {
    const figures = [...kRates, ...kOtherFigures].map((what) => [what, spread(rounds[name].map((result) => result[what]))]);
    return [name, {...(rounds[name][0].target && {target: rounds[name][0].target}), ...Object.fromEntries(figures)}];
  }));
}

function print(row) {
  for (const [name, figures] of Object.entries(row.engines)) {
    const rates = kRates.map((what) => {
      const ratio = row.ratios[name]?.[what];
      return `  ${what} ${figures[what].median.toFixed(1).padStart(7)}${ratio === undefined ? '' : ` = ${ratio.toFixed(2)} x wllama`}`;
    });
    console.log(`${row.model.padEnd(36)} ${row.threads} threads  ${name.padEnd(13)}${rates.join('')}`);
  }
}

const kUsage = 'usage: node run.mjs MODEL... [--threads 1,2] [--rounds 3] [--prompt 512] [--new 64] [--engines NAME,...] [--out FILE.json]';
if (models.length === 0) fail(kUsage);
install();
const names = chosenEngines();
const report = {
  chromium: chromiumVersion(), wllama: wllamaVersion(), prompt_tokens: Number(values.prompt), new_tokens: Number(values.new),
  load_average_before: loadavg(), rows: [],
};
console.error(`${report.chromium}, wllama ${report.wllama}, load average ${loadavg().map((x) => x.toFixed(1)).join(' ')}`);
const server = await serve(models.map((model) => resolve(model)));
try {
  for (const model of models) {
    for (const threads of values.threads.split(',').map(Number)) {
      const work = {threads, prompt: report.prompt_tokens, new: report.new_tokens};
      const row = {model: basename(model), threads, engines: await measure(server, names, resolve(model), work), ratios: {}};
      const peer = row.engines.wllama;
      for (const name of peer ? names.filter((other) => other !== 'wllama') : []) {
        row.ratios[name] = Object.fromEntries(kRates.map((what) => [what, row.engines[name][what].median / peer[what].median]));
      }
      report.rows.push(row);
      print(row);
    }
  }
} finally {
  server.close();
}
report.load_average_after = loadavg();
if (values.out) {
  mkdirSync(dirname(resolve(values.out)), {recursive: true});
  writeFileSync(values.out, JSON.stringify(report, null, 1) + '\n');
}
