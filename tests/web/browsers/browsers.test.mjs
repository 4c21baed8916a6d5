// Firefox and WebKitGTK give the tokens that Node gives. SOTTO_TEST_MODEL as for the other tests of the real core.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { before, describe, test } from 'node:test';

import { html, isolation } from '../engine/site.mjs';
import { dist, realModel, skipReal, sotto } from '../engine/support.mjs';
import { browsers, visit } from './browsers.mjs';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** The package, the model and the page; `told`: what the page posts. */
async function startServer(t, headers) {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  const own = { '/index.html': () => html('/page.js'), '/page.js': () => readFileSync(new URL('page.js', import.meta.url)) };
  const server = createServer(async (request, response) => {
    const path = request.url === '/' ? '/index.html' : request.url;
    if (request.method === 'POST') {
      tell(JSON.parse((await request.toArray()).join('')));
      return response.writeHead(204).end();
    }
    try {
      const body = own[path]?.() ?? readFileSync(path === '/model.gguf' ? realModel : join(dist, path));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': body.length }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, told };
}

describe('other browsers', { skip: skipReal }, () => {
  let tokens;
  let bytes;
  before(async () => {
    bytes = readFileSync(realModel).length;
    const model = await sotto.load(realModel, { threads: 1 });
    ({ tokens } = await model.generate('Once upon a time', { maxTokens: 24 }).result);
    await model.close();
  });

  for (const browser of browsers) {
    for (const isIsolated of [true, false]) {
      test(`${browser.name}, ${isIsolated ? 'isolated' : 'not isolated'}`, { skip: browser.missing, timeout: 300_000 }, async (t) => {
        const { url, told } = await startServer(t, isIsolated ? isolation : {});
        const { error, ...seen } = await visit(browser, url, told);
        assert.equal(error, undefined);
        t.diagnostic(JSON.stringify({ ...seen, loads: seen.loads.map(({ tokens, again, ...load }) => load) }));
        assert.equal(seen.isolated, isIsolated);
        for (const load of seen.loads) assert.deepEqual([load.tokens, load.again], [tokens, tokens]);
        const [first, second, single] = seen.loads;
        // WebKitGTK does not share memory on isolated pages either.
        assert.equal(first.threads, seen.shares ? 2 : 1);
        assert.equal(first.threadsReason === undefined, seen.shares, first.threadsReason);
        assert.deepEqual([single.threads, single.variant], [1, 'simd128']);
        // What is kept is used; where nothing can be kept, the model says so.
        assert.equal(second.fromStore, seen.keeps);
        if (seen.keeps) assert.deepEqual(seen.stored, [{ bytes, complete: true }]);
        else assert.match(`${seen.noStore}, ${first.warnings}`, /^io_error: there is no store.*not stored: /);
      });
    }
  }
});
