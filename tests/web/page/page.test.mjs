// The page with the scripted package, in one Chromium. Nothing it does may log an error: a refusal by its own policy is one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { habitTests } from './habits.mjs';
import { hostTests } from './hosts.mjs';
import { lookTests } from './look.mjs';
import { build, launch, noBrowser, pageServer, visit } from './support.mjs';
import { visitTests } from './visit.mjs';

const maxPageBytes = 30_000; // of JavaScript without the package, compressed

describe('the demo page', { skip: noBrowser }, () => {
  let root;
  let server;
  let browser;
  const open = [];
  before(async () => {
    root = await build('fake');
    server = await pageServer({ root });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(async () => {
    for (const { context, faults } of open.splice(0)) {
      await context.close();
      assert.deepEqual(faults, [], 'errors that the page logged');
    }
  });
  const newVisit = async ({ url, ...options } = {}) => {
    const made = await visit(browser, options);
    open.push(made);
    await made.page.goto(url ?? server.url);
    await made.page.getByRole('button', { name: 'Open a file' }).waitFor();
    return made;
  };

  visitTests(newVisit);
  habitTests(newVisit);
  hostTests(() => root, newVisit);
  lookTests(newVisit);

  test('is light', () => {
    const manifest = JSON.parse(readFileSync(`${root}/.vite/manifest.json`, 'utf8'));
    const own = Object.values(manifest).filter(({ file, src }) => file.endsWith('.js') && !src?.includes('fake/'));
    const bytes = own.reduce((sum, { file }) => sum + gzipSync(readFileSync(`${root}/${file}`), { level: 9 }).length, 0);
    assert.ok(own.length > 0 && bytes > 0);
    assert.ok(bytes <= maxPageBytes, `${bytes} bytes of JavaScript`);
  });
});
