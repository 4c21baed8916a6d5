// A static server for the pages, the builds, wllama's package and the models, with the headers that make a page cross-origin isolated:
// without them there are no threads. A page posts what it measured to /result/ID.
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {createServer} from 'node:http';
import {basename, extname, resolve, sep} from 'node:path';
import {builds, here, wllamaPackage} from './paths.mjs';

const kTypes = {'.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm'};
const kHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};
const kFolders = {
  pages: resolve(here, 'pages'),
  wasm: resolve(builds, 'wasm/bin'),
  wllama: wllamaPackage,
};

function fileOf(pathname, models) {
  const [, root, ...rest] = decodeURIComponent(pathname).split('/');
  if (root === 'models') return models.find((model) => basename(model) === rest.join('/'));
  const folder = kFolders[root], file = folder && resolve(folder, ...rest);
  return file?.startsWith(folder + sep) ? file : undefined;
}

async function text(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

/// `url`: where it listens. `result()`: a new id, and the promise of what the page with this id will post.
export async function serve(models) {
  const waiting = new Map();
  async function answer(request, response) {
    const {pathname} = new URL(request.url, 'http://localhost');
    if (request.method === 'POST') {
      waiting.get(pathname)?.(JSON.parse(await text(request)));
      return response.writeHead(204, kHeaders).end();
    }
    const file = fileOf(pathname, models);
    const length = file && await stat(file).then((found) => found.size, () => undefined);
    if (length === undefined) return response.writeHead(404, kHeaders).end();
    response.writeHead(200, {...kHeaders, 'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream', 'Content-Length': length});
    if (request.method === 'HEAD') return response.end();
    createReadStream(file).pipe(response);
  }
  const server = createServer((request, response) => answer(request, response).catch((error) => response.destroy(error)));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  let last = 0;
  return {
    url: `http://localhost:${server.address().port}`,
    result() {
      const id = `/result/${++last}`;
      return {id, posted: new Promise((settle) => waiting.set(id, settle)).finally(() => waiting.delete(id))};
    },
    close: () => { server.close(); server.closeAllConnections(); },
  };
}
