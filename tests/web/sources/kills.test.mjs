// Processes that are killed while they download: 50 of 50 downloads finish with the right bytes, and little is fetched twice.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startServer } from '../server/faults.mjs';
import { bundleForNode, environment, readFrom, someBytes, temporaryFolder } from './support.mjs';

const maxTwiceBytes = 4 * 2 ** 20;
const trials = 50;
const model = someBytes(12 * 2 ** 20 + 7);
const bytesPerSecond = 60e6;
let server;
let folder;
let sources;
before(async () => {
  folder = await temporaryFolder();
  server = await startServer({ files: { 'm.gguf': model } });
  const bundle = pathToFileURL(await bundleForNode(folder.path)).href;
  sources = await import(bundle);
  await writeFile(
    `${folder.path}/download.mjs`,
    `import { createHash } from 'node:crypto';
    import { openSource, toWire } from ${JSON.stringify(bundle)};
    const makeHasher = () => {
      const hash = createHash('sha256');
      return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex'), free() {} };
    };
    let received = 0;
    const onBytes = (n) => process.stdout.write(\`\${(received += n)} \`);
    const environment = { makeHasher, signal: new AbortController().signal, options: {}, retryMs: 5, onBytes };
    const files = await openSource((await toWire(process.argv[2])).wire, environment);
    const file = await files.open(files.first, 0);
    for await (const piece of file.stream);
    await files.commit();
    await files.close();`,
  );
});
after(() => Promise.all([server.close(), folder.remove()]));

/** Starts a download in a process of its own, and kills it so long after its first piece. Bytes that it received. */
async function downloadAndKill(url, afterMs) {
  const child = spawn(process.execPath, [`${folder.path}/download.mjs`, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'close');
  let told = '';
  child.stdout.on('data', (text) => (told += text));
  await Promise.race([once(child.stdout, 'data'), exit]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await exit;
  return Number(told.trim().split(' ').at(-1));
}

test(`${trials} killed downloads finish`, async (t) => {
  let seed = 20_231;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const twice = [];
  const killed = [];
  for (let trial = 0; trial < trials; ++trial) {
    process.env.SOTTO_CACHE = `${folder.path}/cache-${trial}`;
    server.reset();
    const url = `${server.url}/m.gguf?rate=${bytesPerSecond}&trial=${trial}`;
    const received = await downloadAndKill(url, random() * 300);
    const { told, ...env } = environment();
    const files = await sources.openSource((await sources.toWire(url)).wire, env);
    const bytes = await readFrom(files, files.first);
    await files.commit();
    await files.close();
    assert.ok(bytes.equals(model), `trial ${trial}`);
    assert.equal(await sources.models.has(url), true);
    assert.deepEqual(told.warnings, []);
    killed.push(told.received > 0 ? 1 : 0);
    twice.push(received + told.received - model.length);
    await sources.models.clear();
  }
  const interrupted = killed.reduce((sum, one) => sum + one);
  t.diagnostic(`${interrupted} of ${trials} were interrupted; fetched twice at most ${Math.max(...twice)} bytes`);
  assert.ok(interrupted > trials / 2, 'most kills hit a download');
  assert.ok(Math.max(...twice) <= maxTwiceBytes, String(twice));
});

test('a server that dies and comes back', async () => {
  process.env.SOTTO_CACHE = `${folder.path}/cache-server`;
  const { port } = server;
  const url = `${server.url}/m.gguf?rate=20000000`;
  const env = environment({ retryMs: 50 });
  const files = await sources.openSource((await sources.toWire(url)).wire, env);
  const reading = readFrom(files, files.first);
  for (let death = 0; death < 3; ++death) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    server = await startServer({ files: { 'm.gguf': model }, port });
  }
  assert.ok((await reading).equals(model));
  await files.commit();
  await files.close();
  assert.ok(env.told.received <= model.length + maxTwiceBytes);
});
