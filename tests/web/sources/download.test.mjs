// Downloads against a server with faults, in Node: what arrives is right, or a typed error says what is wrong.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sha256, startServer } from '../server/faults.mjs';
import { environment, importForNode, readFrom, someBytes, temporaryFolder } from './support.mjs';

const { models, openSource, toWire } = await importForNode();
const model = someBytes(700_001);
let server;
let cache;
before(async () => (server = await startServer({ files: { 'm.gguf': model, 'folder/config.json': Buffer.from('{}') } })));
after(() => server.close());
beforeEach(async () => {
  await cache?.remove();
  cache = await temporaryFolder();
  process.env.SOTTO_CACHE = cache.path;
  server.reset();
});
after(() => cache?.remove());

/** Loads a model of one file as the worker does; what was told besides. */
async function load(source, options) {
  const env = environment(options);
  const { wire } = await toWire(source);
  const files = await openSource(wire, env);
  try {
    const bytes = await readFrom(files, files.first);
    await files.commit();
    return { bytes, files, ...env.told };
  } finally {
    await files.close();
  }
}
const address = (query = '') => `${server.url}/m.gguf${query && `?${query}`}`;
const ranges = () => server.log.map(({ range }) => range);
async function failure(source, code, options) {
  const error = await load(source, options).then(() => assert.fail(`${source} was loaded`), (error) => error);
  assert.equal(error.code, code, error.message);
  if (code !== 'cancelled' && code !== 'deadline_exceeded') assert.ok(error.message.length > 10 && error.where.length > 0);
  return error;
}
/** As many warnings as there should be: none. */
async function whole(source, options) {
  const loaded = await load(source, options);
  assert.ok(loaded.bytes.equals(model));
  assert.deepEqual(loaded.warnings, []);
  return loaded;
}

test('a file is fetched once, then read from the store', async () => {
  const first = await whole(address());
  assert.equal(first.received, model.length);
  assert.equal(server.log.length, 1);
  const again = await whole(address());
  assert.equal(server.log.length, 1);
  assert.equal(again.received, 0);
  assert.equal(again.hashers, 0, 'what was checked once is not hashed again');
  const files = [{ name: 'm.gguf', bytes: model.length, sha256: sha256(model) }];
  assert.deepEqual(await models.list(), [{ id: address(), files, bytes: model.length, complete: true }]);
  assert.equal(await models.has(address()), true);
  assert.equal(await models.has(address('x=1')), false);
  assert.equal((await models.usage()).bytes > model.length, true);
  assert.equal(await models.delete(address()), true);
  assert.equal(await models.delete(address()), false);
  assert.equal(await models.has(address()), false);
  assert.deepEqual(await models.list(), []);
});

test('storage none touches no store', async () => {
  await whole(address(), { storage: 'none' });
  await whole(address(), { storage: 'none' });
  assert.equal(server.log.length, 2);
  assert.deepEqual(await models.list(), []);
});

test('a break is mended', async () => {
  for (const storage of ['auto', 'none']) {
    server.log.length = 0;
    await whole(address(`fault=short&at=300000&times=1&${storage}`), { storage });
    assert.deepEqual(ranges(), ['bytes=0-', 'bytes=300000-']);
    // A reset takes with it what was on its way.
    await whole(address(`fault=reset&at=300000&times=1&${storage}`), { storage });
    assert.equal(ranges().length, 4);
    assert.ok(/^bytes=(\d+)-$/.exec(ranges()[3])[1] <= 300000);
  }
});

test('breaks are mended as long as something comes between them', async () => {
  const { bytes } = await load(address('fault=short&at=50000'));
  assert.ok(bytes.equals(model));
  assert.equal(server.log.length, 15);
});

test('a connection that breaks five times without a byte is an error, and the next load goes on', async () => {
  server.faults.set('/m.gguf', 'fault=short&at=400000&times=1');
  const url = address('stuck');
  const { stop, env } = await begin(url, 400_000);
  server.faults.set('/m.gguf', 'fault=reset&at=0');
  await assert.rejects(stop(), (error) => error.code === 'io_error' && /broke/.test(error.message));
  assert.equal(server.log.length, 1 + 5);
  assert.ok(env.told.received >= 400_000);
  server.faults.delete('/m.gguf');
  server.log.length = 0;
  await whole(url);
  assert.deepEqual(ranges(), ['bytes=400000-']);
});

/** Reads some bytes; stop() reads the rest and closes. */
async function begin(url, bytes, options) {
  const env = environment(options);
  const files = await openSource((await toWire(url)).wire, env);
  const file = await files.open(files.first, 0);
  const iterator = file.stream[Symbol.asyncIterator]();
  for (let read = 0; read < bytes; ) read += (await iterator.next()).value.length;
  const stop = async () => {
    try {
      while (!(await iterator.next()).done);
      await files.commit();
    } finally {
      await files.close();
    }
  };
  return { env, files, file, iterator, stop };
}

test('a stall is a break', async () => {
  await whole(address('fault=stall&at=300000&times=1'), { stallMs: 100 });
  assert.deepEqual(ranges(), ['bytes=0-', 'bytes=300000-']);
  const error = await failure(address('fault=stall&at=0'), 'io_error', { stallMs: 30 });
  assert.match(error.message, /nothing came .* for 0\.03 s/);
});

test('servers that answer "later" are asked again', async () => {
  await whole(address('fault=status&code=503&times=2'));
  await whole(address('fault=status&code=429&times=1'));
  await failure(address('fault=status&code=500'), 'io_error');
});

test('what servers refuse', async () => {
  await failure(address('fault=missing'), 'not_found');
  await failure(address('fault=forbidden'), 'io_error');
  await failure(address('fault=status&code=418'), 'io_error');
  await failure(address('fault=html'), 'bad_model');
  await failure(address('fault=html-as-bytes'), 'bad_model');
  assert.equal(server.log.length, 5, 'none of these is asked for again');
  await failure('http://127.0.0.1:1/m.gguf', 'io_error');
  assert.deepEqual(await models.list(), [], 'nothing of an error is kept');
});

test('a server without ranges', async () => {
  const url = address('fault=no-range');
  await whole(url);
  await models.delete(url);
  await (await begin(url, 300_000)).files.close();
  await whole(url);
  server.faults.set('/m.gguf', 'fault=short&at=300000&times=1');
  const { stop } = await begin(address('ranged'), 200_000);
  server.faults.set('/m.gguf', 'fault=no-range');
  await stop();
  server.faults.delete('/m.gguf');
  assert.ok((await whole(address('ranged'))).bytes.equals(model));
});

test('wrong ranges are not believed', async () => {
  for (const fault of ['wrong-range', 'no-content-range']) {
    const url = address(`fault=${fault}`);
    await (await begin(url, 300_000)).files.close();
    server.log.length = 0;
    await whole(url);
    assert.match(ranges()[0], /^bytes=[1-9]/);
    assert.deepEqual(ranges().slice(1, 2), [undefined], 'then the whole file is asked for');
  }
});

test('a file that changed between two loads is fetched anew', async () => {
  for (const fault of ['changing', 'no-tag']) {
    const url = address(`fault=${fault}`);
    await (await begin(url, 300_000)).files.close();
    server.log.length = 0;
    await whole(url);
    assert.match(ranges()[0], /^bytes=[1-9]/);
    assert.equal(ranges()[1], 'bytes=0-');
    assert.equal(ranges().length, 2);
  }
});

test('a file that changes while it is read is an error, and nothing of it is kept', async () => {
  for (const fault of ['changing', 'no-tag']) {
    server.faults.set('/m.gguf', 'fault=short&at=300000&times=1');
    const url = address(`moved-${fault}`);
    const { stop } = await begin(url, 200_000);
    server.faults.set('/m.gguf', `fault=${fault}`);
    await assert.rejects(stop(), (error) => error.code === 'io_error' && /load it again/.test(error.message));
    assert.deepEqual((await models.list()).filter(({ id, bytes }) => id === url && bytes > 0), []);
    server.faults.delete('/m.gguf');
    await whole(url);
  }
});

test('a known hash lets go on where the server gives no tag', async () => {
  const url = address('fault=no-tag');
  const hash = { sha256: sha256(model) };
  await (await begin(url, 300_000, hash)).files.close();
  server.log.length = 0;
  await whole(url, hash);
  assert.equal(ranges().length, 1);
  assert.match(ranges()[0], /^bytes=[1-9]/);
});

test('a flipped byte is found before the last piece is handed out', async () => {
  const hash = { sha256: sha256(model) };
  for (const storage of ['auto', 'none']) {
    const env = environment({ ...hash, storage });
    const files = await openSource((await toWire(address('fault=flip&at=12345'))).wire, env);
    let read = 0;
    await assert.rejects(
      async () => {
        for await (const piece of (await files.open('m.gguf', 0)).stream) read += piece.length;
      },
      (error) => error.code === 'integrity_error' && error.message.includes(hash.sha256),
    );
    assert.ok(read < model.length);
    await files.close();
    assert.deepEqual(await models.list(), []);
  }
  await whole(address('fault=flip&at=12345&times=0'), hash);
});

test('a stored file is compared with a hash that the user gives', async () => {
  await whole(address());
  await whole(address(), { sha256: sha256(model) });
  await failure(address(), 'integrity_error', { sha256: '0'.repeat(64) });
  assert.equal(await models.has(address()), false);
});

test('lengths that are wrong', async () => {
  await whole(address('fault=short&at=300000'));
  assert.match((await failure(address('fault=short&at=0'), 'io_error')).message, /broke/);
  await failure(address('fault=empty&once'), 'integrity_error', { sha256: sha256(model) });
});

test('what comes compressed or without a length is refused', async () => {
  for (const fault of ['gzip', 'no-length']) {
    const error = await failure(address(`fault=${fault}`), 'io_error');
    assert.match(error.message, /how long/);
  }
  assert.deepEqual(await models.list(), []);
});

test('cancelling ends everything at once', async () => {
  for (const query of ['fault=stall&at=300000', 'rate=200000', 'fault=status&code=503']) {
    const controller = new AbortController();
    const loading = load(address(query), { signal: controller.signal, stallMs: 60_000, retryMs: 60_000 });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(loading, (error) => error.code === 'cancelled');
  }
  await failure(address(), 'cancelled', { signal: AbortSignal.abort() });
  await failure(address('rate=100000'), 'deadline_exceeded', { signal: AbortSignal.timeout(50) });
});

test('offsets: forwards, backwards, and across the end of what is kept', async () => {
  for (const storage of ['auto', 'none']) {
    for (const hash of [{}, { sha256: sha256(model) }]) {
      const env = environment({ storage, ...hash });
      const files = await openSource((await toWire(address(`offsets-${storage}${Object.keys(hash)}`))).wire, env);
      const upTo = async (offset, bytes) => {
        const file = await files.open('m.gguf', offset);
        const read = [];
        for await (const piece of file.stream) {
          read.push(Buffer.from(piece));
          if (Buffer.concat(read).length >= bytes) break;
        }
        await file.close();
        return Buffer.concat(read).subarray(0, bytes).equals(model.subarray(offset, offset + bytes));
      };
      assert.ok(await upTo(0, 1000));
      assert.ok(await upTo(250_000, 1000));
      assert.ok(await upTo(100_000, 200_000));
      assert.ok(await upTo(10, 10));
      assert.ok(await upTo(model.length - 5, 5));
      assert.ok((await readFrom(files, 'm.gguf', 3)).equals(model.subarray(3)));
      assert.ok((await readFrom(files, 'm.gguf', model.length)).equals(Buffer.alloc(0)));
      await assert.rejects(readFrom(files, 'm.gguf', model.length + 1), (error) => error.code === 'invalid_argument');
      await files.commit();
      await files.close();
      assert.equal(await models.has(address(`offsets-${storage}${Object.keys(hash)}`)), storage === 'auto');
    }
  }
});

test('commit fetches what was not read, and finds what is wrong with it', async () => {
  const read = async (query, options) => {
    const files = await openSource((await toWire(address(query))).wire, environment(options));
    try {
      const file = await files.open('m.gguf', 0);
      for await (const _ of file.stream) break;
      await file.close();
      await files.commit();
    } finally {
      await files.close();
    }
  };
  await read('unread');
  assert.equal(await models.has(address('unread')), true);
  server.log.length = 0;
  await whole(address('unread'));
  assert.equal(server.log.length, 0);
  await assert.rejects(read('unread-2', { sha256: '0'.repeat(64) }), (error) => error.code === 'integrity_error');
  assert.equal(await models.has(address('unread-2')), false);
});

test('peeking stores nothing, and reads what is stored', async () => {
  const peek = async (url) => {
    const files = await openSource((await toWire(url)).wire, environment({ peek: true, sha256: sha256(model) }));
    const bytes = await files.downloadBytes(files.first);
    const file = await files.open(files.first, 0);
    for await (const _ of file.stream) break;
    await file.close();
    await files.close();
    return bytes;
  };
  assert.equal(await peek(address()), model.length);
  assert.equal(server.log.length, 1, 'asking for the size opens the connection that is read');
  assert.deepEqual(await models.list(), []);
  const { file, stop, files } = await begin(address(), 300_000);
  await file.close();
  await files.close();
  const rest = await peek(address());
  assert.ok(rest <= model.length - 300_000 && rest > 0);
  await whole(address());
  assert.equal(await peek(address()), 0);
  assert.equal(typeof stop, 'function');
});

test('a second load of the same file waits, then reads the stored one', async () => {
  const url = address('rate=2000000');
  const [a, b] = await Promise.all([whole(url), whole(url)]);
  assert.equal(server.log.length, 1);
  assert.equal(a.bytes.length, b.bytes.length);
  const first = await begin(address('waiting'), 1000);
  const controller = new AbortController();
  const second = load(address('waiting'), { signal: controller.signal });
  await assert.rejects(models.delete(address('waiting')), (error) => error.code === 'concurrent_use');
  setTimeout(() => controller.abort(), 30);
  await assert.rejects(second, (error) => error.code === 'cancelled');
  await first.stop();
});

test('files beside a URL', async () => {
  const files = await openSource((await toWire(`${server.url}/folder/`)).wire, environment());
  assert.equal(files.first, 'config.json');
  assert.equal(String(await readFrom(files, 'config.json')), '{}');
  assert.equal(await readFrom(files, 'tokenizer.json'), undefined);
  server.faults.set('/folder/model.safetensors', 'fault=html');
  assert.equal(await readFrom(files, 'model.safetensors'), undefined, 'hosts that answer with their page have no such file');
  for (const bad of ['../m.gguf', '/m.gguf', 'a/../../m.gguf', 'http://127.0.0.1:1/x', '.'])
    await assert.rejects(files.open(bad, 0), (error) => error.code === 'invalid_argument', bad);
  await files.commit();
  await files.close();
  server.log.length = 0;
  const again = await openSource((await toWire(`${server.url}/folder/`)).wire, environment());
  assert.equal(String(await readFrom(again, 'config.json')), '{}');
  assert.equal(await readFrom(again, 'tokenizer.json'), undefined);
  assert.equal(server.log.length, 0, 'what is not there is remembered');
  await again.close();
});

test('a disk that refuses is told, and the model comes all the same', async () => {
  const { writeFile } = await import('node:fs/promises');
  process.env.SOTTO_CACHE = `${cache.path}/file`;
  await writeFile(process.env.SOTTO_CACHE, 'a file where the cache should be');
  const { bytes, warnings } = await load(address());
  assert.ok(bytes.equals(model));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /m\.gguf is not stored: /);
});
