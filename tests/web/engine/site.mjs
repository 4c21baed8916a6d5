// Pages for the browser tests: a server of files with the headers a test asks for, and the package with the fake core.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

import { fakeFolder } from './support.mjs';

/** Of the packages that the web package is built and tested with. */
export const require = createRequire(new URL('../../../web/package.json', import.meta.url));

const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };
export const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
export const open = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };

/** Nothing but files of this origin: no blob, no eval. */
export const strict = {
  ...isolation,
  'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src data:",
};

/** The package as it is installed. */
export function packageFolder() {
  const folder = fakeFolder(['index.js', 'worker.js'], 'core.mjs');
  return folder;
}

/** A copy of it where bundlers look. */
export function installInto(project) {
  const target = join(project, 'node_modules/sotto');
  const from = packageFolder();
  mkdirSync(join(target, 'dist'), { recursive: true });
  for (const name of ['index.js', 'worker.js', 'core.mjs', 'core64.mjs', 'sotto.wasm', 'sotto-relaxed.bin', 'sotto-memory64.bin'])
    copyFileSync(join(from, name), join(target, 'dist', name));
  copyFileSync(new URL('../../../web/package.json', import.meta.url), join(target, 'package.json'));
}

/** Files of a folder, and texts or bytes by path; `headers` go with every answer. Returns its origin. */
export async function serve(context, folder, { headers = {}, texts = {} } = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    try {
      const body = Buffer.from(texts[path] ?? readFileSync(join(folder, path === '/' ? 'index.html' : path)));
      const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      const sent = body.subarray(Number(from ?? 0));
      const range = from === undefined ? {} : { 'Content-Range': `bytes ${from}-${body.length - 1}/${body.length}` };
      const type = types[extname(path) || '.html'] ?? 'application/octet-stream';
      const about = { 'Content-Type': type, 'Content-Length': sent.length, ETag: `"${body.length}"`, 'Accept-Ranges': 'bytes' };
      response.writeHead(from === undefined ? 200 : 206, { ...about, ...range, ...headers });
      response.end(sent);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

export const startBrowser = () =>
  require('playwright-core').chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });

/** Bytes in memory of the renderer that has most. */
export async function residentBytes(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')[1]));
  return Math.max(...pages) * 4096;
}

/** A page whose script has `sotto`, and what it complained about. */
export async function visitWith(browser, context, url) {
  const page = await browser.newPage();
  context.after(() => page.close());
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on(
    'console',
    (message) => message.type() === 'error' && !message.text().includes('favicon') && complaints.push(message.text()),
  );
  await page.goto(url);
  await page.waitForFunction(() => globalThis.sotto);
  return { page, complaints };
}
export const html = (src) => `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${src}"></script>`;
export const expose = (from) => `import * as sotto from ${JSON.stringify(from)}; globalThis.sotto = sotto;`;
