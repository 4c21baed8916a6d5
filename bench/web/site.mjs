// An isolated page that has the package, the engine's own harness and the models; a browser of its own for every visit, so that
// nothing of a round before is left, no compiled code either.
import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const repository = resolve(here, '../..');
const cache = process.env.SOTTO_CACHE ?? join(homedir(), '.cache/sotto');
const { chromium } = createRequire(join(repository, 'web/package.json'))('playwright-core');

export const dist = join(repository, 'web/dist');
export const harness = join(repository, 'build/wasm/bin');
export const models = ['SmolLM2-135M-Instruct.Q4_1.gguf', 'gemma-3-270m-q4_k_m.gguf']
  .map((name) => join(cache, 'models', name))
  .filter((path) => existsSync(path));

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-store',
};
const folders = { dist, harness, bench: here };
const page = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import * as sotto from '/dist/index.js';
globalThis.sotto = sotto;
</script>`;

function fileOf(pathname) {
  const [, root, ...rest] = pathname.split('/');
  if (root === 'models') return models.find((path) => basename(path) === rest.join('/'));
  const folder = folders[root];
  const file = folder && resolve(folder, ...rest);
  return file?.startsWith(resolve(folder) + sep) ? file : undefined;
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') return response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end(page);
  const file = fileOf(pathname);
  const size = file && (await stat(file).then((found) => found.size, () => undefined));
  if (size === undefined) return response.writeHead(404, headers).end();
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': size - from,
    'Accept-Ranges': 'bytes',
    ...(from > 0 && { 'Content-Range': `bytes ${from}-${size - 1}/${size}` }),
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(file, { start: from }).pipe(response);
}

/** `visit(use)` calls use(page, browser) in a new browser; `urlOf(model)` is its address there. */
export async function openSite() {
  const server = createServer((request, response) => answer(request, response).catch((error) => response.destroy(error)));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    urlOf: (model) => `/models/${basename(model)}`,
    async visit(use) {
      const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
      const browser = await chromium.launch({ executablePath: process.env.SOTTO_CHROMIUM ?? '/usr/bin/chromium', args });
      try {
        const opened = await browser.newPage();
        await opened.goto(`http://127.0.0.1:${server.address().port}/`);
        await opened.waitForFunction(() => globalThis.sotto && globalThis.crossOriginIsolated);
        return await use(opened, browser);
      } finally {
        await browser.close();
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Of any numbers: the smallest one that has this share of them below or equal. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
export const median = (numbers) => quantile(numbers, 0.5);
