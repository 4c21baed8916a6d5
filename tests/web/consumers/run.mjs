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

const names = process.argv.slice(2);
const isAll = names.length === 1 && names[0] === 'all';
const unknown = isAll ? [] : names.filter((name) => !Object.hasOwn(consumers, name));
if (names.length === 0 || unknown.length > 0 || skip) {
  console.error(skip || `${unknown.length > 0 ? `no ${unknown.join(', ')}; ` : ''}there are: all, ${Object.keys(consumers).join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const name of isAll ? Object.keys(consumers) : names) {
  const begun = performance.now();
  const { title, mode = '' } = consumers[name];
  const row = { name, title, mode };
  try {
    Object.assign(row, await tryConsumer(name), { result: 'same tokens as in Node' });
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
  ...rows.map((row) => [
    row.title, row.version ?? '', row.mode, row.threads ? `${row.threads}${row.threadsReason ? ` (${row.threadsReason})` : ''}` : '',
    row.variant ?? '', row.result, `\`${row.name}\``,
  ]),
].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
if (isAll) {
  const text = `# Who can use the package

Each sample of this folder (\`vite\`, \`webpack\`, \`next\`, \`static-html\`, \`esbuild\`, \`node\`) was installed from the packed package,
opened in headless Chromium where it is a page, and asked for 64 tokens, greedy, of a small model. They have to be the tokens that the
same package gives in Node. Nothing is configured but the headers that let pages share memory.

${table}

To repeat this, and to write this page anew (it installs the bundlers, Deno and Bun below \`build/consumers\`):

\`\`\`sh
node web/build.mjs
node tests/web/consumers/run.mjs all
\`\`\`

Not tried: Firefox, Safari, Parcel.
`;
  writeFileSync(fileURLToPath(new URL('../../../web/samples/CONSUMERS.md', import.meta.url)), text);
} else {
  console.log(table);
}
