#!/usr/bin/env node
// Serves the built page, and below /models/ the models that the command line has fetched.
//   node server.mjs [--port 8080] [--host localhost] [--root DIR] [--cache DIR] [--no-isolation]
// Prints its address on stdout. --no-isolation leaves out the headers that let pages share memory, as plain hosts do.
import { createReadStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};
const isolationHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};
const modelFile = /\.gguf$/i;
const laterPart = /-\d{5}-of-\d{5}\.gguf$/i; // of a split model: only the first part is offered, the others are found by name
const firstPart = /-00001-of-\d{5}\.gguf$/i;

/**
 * @param {{root?: string, cache?: string, port?: number, host?: string, isolation?: boolean}} options port 0: any free one
 * @returns {Promise<{url: string, close(): Promise<void>}>}
 */
export async function serve({
  root = fileURLToPath(new URL('../../build/page', import.meta.url)),
  cache = process.env.SOTTO_CACHE || join(homedir(), '.cache/sotto'),
  port = 0,
  host = 'localhost',
  isolation = true,
} = {}) {
  const common = {
    'content-security-policy': await policyOf(join(root, 'index.html')),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(isolation && isolationHeaders),
  };
  const models = join(cache, 'models');

  async function answer(request, response) {
    for (const [name, value] of Object.entries(common)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, { allow: 'GET, HEAD' });
    const path = pathOf(request.url);
    if (path === undefined) return end(response, 400);
    if (path === '/models/index.json') return sendJson(request, response, { models: await listModels(models) });
    const isModel = path.startsWith('/models/');
    const file = await inside(
      isModel ? models : root,
      isModel ? path.slice('/models'.length) : path.endsWith('/') ? `${path}index.html` : path,
    );
    if (!file || (isModel && !modelFile.test(file.path))) return end(response, 404);
    response.setHeader('content-type', types[extname(file.path)] ?? 'application/octet-stream');
    response.setHeader('cache-control', path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache');
    await sendFile(request, response, file);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      // A visitor who left, or a file that went away while it was read.
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    url: `http://${host}:${server.address().port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** The page's own policy, which as a header holds for its workers too. */
async function policyOf(index) {
  const html = await readFile(index, 'utf8').catch(() => {
    throw new Error(`${index} is not there: build the page first`);
  });
  return /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)[1];
}

function pathOf(url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
    return path.startsWith('/') && !/[\0\\]/.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The file at a path below a folder; undefined where there is none, or a link leads out. */
async function inside(folder, path) {
  try {
    const home = await realpath(folder);
    const real = await realpath(join(home, path));
    const info = await stat(real);
    return real.startsWith(home + sep) && info.isFile() ? { path: real, size: info.size, modified: info.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

async function listModels(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter(({ name }) => modelFile.test(name) && (!laterPart.test(name) || firstPart.test(name)));
  const found = await Promise.all(
    files.map(async (entry) => {
      const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).map(encodeURIComponent).join('/');
      const file = await inside(folder, decodeURIComponent(path));
      return file && { file: entry.name, path, bytes: file.size };
    }),
  );
  return found.filter(Boolean).sort((a, b) => a.path.localeCompare(b.path));
}

function end(response, status, headers = {}) {
  response.writeHead(status, headers).end();
}

function sendJson(request, response, value) {
  response.writeHead(200, { 'content-type': types['.json'], 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(value));
}

async function sendFile(request, response, { path, size, modified }) {
  const etag = `"${size.toString(36)}-${Math.round(modified).toString(36)}"`;
  response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  if (request.headers['if-none-match'] === etag) return end(response, 304);
  const asked = request.headers['if-range'] ?? etag; // another one: the file has changed, all of it is needed
  const range = asked === etag ? rangeOf(request.headers.range, size) : undefined;
  if (range === 'outside') return end(response, 416, { 'content-range': `bytes */${size}` });
  const [first, last] = range ?? [0, size - 1];
  response.writeHead(range ? 206 : 200, {
    'content-length': last - first + 1,
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) return response.end();
  await pipeline(createReadStream(path, { start: first, end: last }), response);
}

/** First and last byte; undefined: none, or a form that may be ignored (several ranges). */
function rangeOf(header, size) {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size || (from === '' && Number(to) === 0)) return 'outside';
  return last < first ? undefined : [first, last];
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      host: { type: 'string' },
      root: { type: 'string' },
      cache: { type: 'string' },
      'no-isolation': { type: 'boolean', default: false },
    },
  });
  const { port, 'no-isolation': plain, ...rest } = values;
  try {
    const { url } = await serve({ ...rest, port: Number(port), isolation: !plain });
    console.log(url);
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
