// The page on hosts: with and without isolation headers, without a network, with models of the command line.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answered, load, pageServer, send, shown } from './support.mjs';

const name = 'SmolLM2 135M Instruct';

/** @param newVisit as for the others, but with {url} */
export function hostTests(root, newVisit) {
  const serverFor = async (context, options) => {
    const server = await pageServer({ root: root(), ...options });
    context.after(() => server.close());
    return server;
  };
  const workerReady = (page) =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      return registration.active.state;
    });

  test('opens and chats without a network after the first visit', async (context) => {
    const server = await serverFor(context, {});
    const { page, faults } = await newVisit({ url: server.url });
    await load(page);
    await workerReady(page);
    await server.close();
    await page.reload();
    await page.getByRole('heading', { name: 'A language model, on your own machine' }).waitFor();
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), true);
    await load(page);
    await send(page, 'Are you there?');
    assert.match(await answered(page), /Paris/);
    // The list of local models is asked for in vain, which a browser logs.
    for (const fault of faults.splice(0)) assert.equal(fault, 'Failed to load resource: net::ERR_CONNECTION_REFUSED');
  });

  test('without isolation headers: one thread and a note, then threads, and no reload by itself', async (context) => {
    const server = await serverFor(context, { isolation: false });
    const { page } = await newVisit({ url: server.url });
    let navigations = 0;
    page.on('framenavigated', () => ++navigations);
    await shown(page, 'Models run on one thread here').waitFor();
    assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), false);
    await load(page);
    assert.match(await page.locator('.facts-list').innerText(), /1 thread, relaxed SIMD[\s\S]*this page is not isolated/);
    await page.getByRole('button', { name: 'Models' }).click();
    await workerReady(page);
    await page.getByRole('button', { name: 'Reload for more threads' }).waitFor();
    assert.equal(navigations, 0);
    await page.getByRole('button', { name: 'Reload for more threads' }).click();
    await page.waitForFunction(() => globalThis.crossOriginIsolated);
    await load(page);
    assert.match(await page.locator('.facts-list').innerText(), /2 threads/);
    assert.equal(await shown(page, 'Models run on one thread here').count(), 0);
    assert.equal(navigations, 1);
  });

  test('offers what the command line has fetched', async (context) => {
    const server = await serverFor(context, {});
    mkdirSync(join(server.scratch, 'models/hf/owner/repo'), { recursive: true });
    writeFileSync(join(server.scratch, 'models/SmolLM2-135M-Instruct.Q4_1.gguf'), 'GGUF');
    writeFileSync(join(server.scratch, 'models/hf/owner/repo/own model.gguf'), 'GGUF');
    const { page } = await newVisit({ url: server.url });
    await page.locator('.card', { hasText: name }).getByText('On this computer').waitFor();
    await page.getByRole('button', { name: 'Open own model' }).click();
    await shown(page, 'own model.gguf, on this computer').waitFor();
    await page.getByRole('button', { name: 'Download and load' }).click();
    await page.getByRole('heading', { level: 1, name: 'own model' }).waitFor();
    const [stored] = await page.evaluate(() => JSON.parse(localStorage.getItem('fake.models')));
    assert.equal(stored.id, `${server.url}models/hf/owner/repo/own%20model.gguf`);
  });
}
