#!/usr/bin/env node
// Packs the package, installs it into the samples, and lets each generate text.
//   node tests/web/consumers/run.mjs NAME...   some of them; without a name: which there are
//   node tests/web/consumers/run.mjs all       all of them; then web/samples/CONSUMERS.md is written anew
// SOTTO_TEST_MODEL: a small .gguf file. Bundlers, Deno and Bun are installed by npm below build/consumers, once.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { consumers } from './consumers.mjs';
import { Missing } from './project.mjs';
import { skip, tryConsumer } from './trying.mjs';
import { browserVersion } from './visit.mjs';

const names = process.argv.slice(2);
const isAll = names.length === 1 && names[0] === 'all';
const isKnown = names.length > 0 && (isAll || names.every((name) => Object.hasOwn(consumers, name)));
if (skip || !isKnown) {
  console.error(skip || `names are: all, ${Object.keys(consumers).join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const name of isAll ? Object.keys(consumers) : names) {
  const begun = performance.now();
  const { title, mode = '' } = consumers[name];
  const row = { name, title, mode };
  try {
    Object.assign(row, await tryConsumer(name), { result: 'same tokens' });
  } catch (error) {
    row.result = error instanceof Missing ? `not tried: ${error.message}` : 'FAILED';
    if (row.result === 'FAILED') process.exitCode = 1;
    console.error(`${name}: ${error.stack}`);
  }
  rows.push(row);
  console.log(`${name}: ${row.result} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
}

const table = [
  ['Consumer', 'Version', 'Mode', 'Threads', 'Variant', 'Result', 'Name'],
  Array(7).fill('---'),
  ...rows.map(({ name, title, version = '', mode, threads = '', threadsReason, variant = '', result }) => {
    const shownThreads = threadsReason ? `${threads}: ${threadsReason.replace(/: .*/, '')}` : threads;
    return [title, version, mode, shownThreads, variant, result, `\`${name}\``];
  }),
]
  .map((cells) => `| ${cells.join(' | ')} |`)
  .join('\n');
console.log(table);

const chromium = isAll ? await browserVersion() : '';
const text = `# Who can use the package

Each sample of this folder was installed from the packed package, opened in headless Chromium ${chromium} where it is a page,
and asked for at most 64 tokens, greedy, of a small model. They have to be those that the package gives in Node on one thread.
Nothing is configured but headers. A row's name is the argument that repeats it.

${table}

To repeat all of it and write this page anew (bundlers, Deno and Bun are installed below \`build/consumers\`):

\`\`\`sh
node web/build.mjs
node tests/web/consumers/run.mjs all
\`\`\`

Not tried here: Safari, Parcel; \`tests/web/browsers\` has Firefox and WebKitGTK.
`;
if (isAll) writeFileSync(fileURLToPath(new URL('../../../web/samples/CONSUMERS.md', import.meta.url)), text);
