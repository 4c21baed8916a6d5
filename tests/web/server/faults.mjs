// A web server with faults, and a model hub that redirects to another port, for tests. `node faults.mjs FOLDER` serves a folder
// and prints its address.
//
// Faults are asked for in the query of an address, or set for a path by `server.faults.set(path, query)`:
//   fault=NAME  which; `times=N` only in the first N requests of that address; `at=N` bytes before it happens
//     missing, forbidden, status (code=503), html, html-as-bytes, empty   what is sent instead of the file
//     wrong-range, no-range, no-content-range                             answers to Range
//     changing, no-tag                                                    ETag of each request; neither ETag nor Last-Modified
//     stall, reset, short, flip                                           from byte `at` of the answer on
//     gzip, no-length                                                     how it comes
//   rate=N      bytes per second;  no-cors=1  no CORS headers;  hide=1  pages of other origins see no ETag and no Content-Range
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  wasm: 'application/wasm',
  svg: 'image/svg+xml',
};
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Serves `folder`, or the entries of `files` (path: Buffer), which come first. `isolated: false`: without isolation headers. */
export async function startServer({ folder, files = {}, isolated = true, port = 0 } = {}) {
  const seen = new Map();
  const server = {
    files: new Map(Object.entries(files)),
    faults: new Map(),
    /** One entry per request: path, query, range, authorization, sent (bytes of the body given to the socket). */
    log: [],
    repositories: new Map(), // "owner/repo": {files: {path: Buffer}, token?, commit, cdn: another server}
    url: '',
    /** Forgets requests and faults. */
    reset() {
      server.log.length = 0;
      server.faults.clear();
      seen.clear();
    },
    close: () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve))),
  };

  async function bytesOf(path) {
    const own = server.files.get(path.slice(1));
    if (own || !folder) return own;
    const file = join(folder, normalize(path).replace(/\/$/, '/index.html'));
    const found = await stat(file).catch(() => undefined);
    return found?.isFile() ? { file, length: found.size, tag: `${found.size}-${found.mtimeMs}` } : undefined;
  }

  const http = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const path = decodeURIComponent(url.pathname);
    const fault = new URLSearchParams(server.faults.get(path) ?? url.search);
    const turn = (seen.get(request.url) ?? 0) + 1;
    seen.set(request.url, turn);
    if (turn > Number(fault.get('times') ?? Infinity)) fault.delete('fault');
    const { range, authorization } = request.headers;
    const entry = { path, query: url.search, range, authorization, sent: 0 };
    server.log.push(entry);
    const headers = isolated ? { ...isolation } : {};
    if (!fault.get('no-cors')) {
      headers['Access-Control-Allow-Origin'] = '*';
      headers['Access-Control-Allow-Headers'] = 'Authorization';
      if (!fault.get('hide')) headers['Access-Control-Expose-Headers'] = 'ETag, Content-Range, X-Linked-ETag';
    }
    const say = (status, body = '', more = {}) => {
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers, ...more });
      response.end(body);
    };
    if (request.method === 'OPTIONS') return say(204);
    const repository = hubRequest(server, path, request, headers, say);
    if (repository) return;
    const body = await bytesOf(path);
    if (body === undefined) return say(404, '<html>no such page</html>', { 'Content-Type': types.html });
    await sendFile({ request, response, path, body, fault, turn, headers, entry, say });
  });
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  server.port = http.address().port;
  server.url = `http://127.0.0.1:${server.port}`;
  return server;
}

/** `GET /api/models/owner/repo/revision/REV` and `GET /owner/repo/resolve/REV/path`. True: answered. */
function hubRequest(server, path, { headers: asked }, headers, say) {
  const [, listed, revision] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(path) ?? [];
  const [, resolved, commit, file] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const name = listed ?? resolved;
  if (!name) return false;
  const repository = server.repositories.get(name);
  const isKnown = [repository?.commit, 'main'].includes(revision ?? commit);
  if (repository?.token && asked.authorization !== `Bearer ${repository.token}`) say(401, 'Invalid credentials');
  else if (!repository || !isKnown) say(404, 'Repository not found');
  else if (listed) {
    const siblings = Object.entries(repository.files).map(([rfilename, bytes]) => {
      const isLarge = /\.(gguf|safetensors)$/.test(rfilename);
      return { rfilename, size: bytes.length, ...(isLarge && { lfs: { sha256: sha256(bytes), size: bytes.length } }) };
    });
    say(200, JSON.stringify({ sha: repository.commit, siblings }), { 'Content-Type': 'application/json' });
  } else if (!repository.files[file]) say(404, 'Entry not found');
  else {
    const Location = `${repository.cdn.url}/${name}/${encodeURIComponent(file)}`;
    say(302, 'moved', { Location, 'X-Linked-ETag': `"${sha256(repository.files[file])}"` });
  }
  return true;
}

/** Adds a repository whose files lie on another server, as the hub's do. */
export function addRepository(hub, cdn, name, files, { token, commit = 'c0ffee' } = {}) {
  hub.repositories.set(name, { files, token, commit, cdn });
  for (const [path, bytes] of Object.entries(files)) cdn.files.set(`${name}/${path}`, bytes);
}

async function sendFile({ request, response, path, body, fault, turn, headers, entry, say }) {
  const kind = fault.get('fault');
  const at = Number(fault.get('at') ?? 0);
  switch (kind) {
    case 'missing':
      return say(404, '<html>no such page</html>', { 'Content-Type': types.html });
    case 'forbidden':
      return say(403, 'no');
    case 'status':
      return say(Number(fault.get('code')), 'oh');
    case 'html':
      return say(200, '<html>please log in</html>', { 'Content-Type': types.html });
    case 'html-as-bytes':
      return say(200, '\n <!DOCTYPE html><html>x</html>', { 'Content-Type': 'application/octet-stream' });
    case 'empty':
      return say(200, '');
  }
  const total = body.length;
  headers['Content-Type'] = types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  if (kind !== 'no-tag') headers['ETag'] = kind === 'changing' ? `"version ${turn}"` : `"${body.tag ?? sha256(body)}"`;
  if (kind !== 'no-tag' && kind !== 'changing') headers['Last-Modified'] = 'Wed, 01 Jan 2025 00:00:00 GMT';
  if (kind === 'gzip') {
    const packed = gzipSync(body);
    return say(200, packed, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length });
  }
  const range = kind === 'no-range' || kind === 'no-length' ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  let first = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(total, Number(range[2]) + 1) : total;
  if (range && first >= total) return say(416, '', { 'Content-Range': `bytes */${total}` });
  if (range && kind === 'wrong-range' && first > 0) first += 1;
  if (range && !(kind === 'no-content-range' && first > 0)) headers['Content-Range'] = `bytes ${first}-${end - 1}/${total}`;
  if (kind !== 'no-length') headers['Content-Length'] = end - first;
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD') return response.end();
  response.flushHeaders();
  const piecesFrom = body.file
    ? createReadStream(body.file, { start: first, end: end - 1, highWaterMark: 65536 })
    : slices(body.subarray(first, end), 65536);
  const rate = Number(fault.get('rate') ?? 0);
  for await (let piece of piecesFrom) {
    if (response.destroyed) return;
    if (kind === 'flip' && entry.sent <= at && at < entry.sent + piece.length) {
      piece = Buffer.from(piece);
      piece[at - entry.sent] ^= 1;
    }
    const isLast = ['stall', 'reset', 'short'].includes(kind) && entry.sent + piece.length > at;
    if (isLast) piece = piece.subarray(0, at - entry.sent);
    entry.sent += piece.length;
    if (piece.length > 0 && !response.write(piece)) await drained(response);
    if (rate) await new Promise((resolve) => setTimeout(resolve, (piece.length / rate) * 1000));
    if (!isLast) continue;
    // What was written arrives before the connection goes.
    if (kind !== 'stall') setTimeout(() => (kind === 'reset' ? response.socket?.resetAndDestroy() : response.socket?.end()), 50);
    return;
  }
  response.end();
}

function drained(response) {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

function* slices(bytes, length) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startServer({ folder: process.argv[2] ?? '.', port: Number(process.env.PORT ?? 0) });
  console.log(server.url);
}
