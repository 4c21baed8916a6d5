// The page with the real package and a real model: SOTTO_TEST_MODEL=file.gguf. Needs web/dist with the core in it.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { answered, build, launch, noBrowser, pageServer, path, send, shown, visit } from './support.mjs';

const model = process.env.SOTTO_TEST_MODEL;
const missing = ['core.mjs', 'sotto.wasm'].filter((name) => !existsSync(path(`web/dist/${name}`)));
const skip =
  noBrowser ||
  (missing.length && `web/dist has no ${missing.join(', ')}`) ||
  (!model && 'SOTTO_TEST_MODEL names no model file') ||
  (!existsSync(model) && `no ${model}`) ||
  false;

const patience = { timeout: 300_000 }; // of a load or an answer on a busy machine
const button = (page, label) => page.getByRole('button', { name: label, exact: true });

describe('the page with the real package', { skip }, () => {
  let root;
  let server;
  let browser;
  let text; // the greedy answer, from the first test on
  before(async () => {
    root = await build('production');
    server = await pageServer({ root });
    provide(server);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Puts the model into the server's cache folder. */
  function provide({ scratch }) {
    mkdirSync(join(scratch, 'models'));
    const target = join(scratch, 'models', basename(model));
    try {
      linkSync(model, target);
    } catch {
      copyFileSync(model, target); // on another disk
    }
  }

  async function load(page, card) {
    await card.getByRole('button').click();
    await page.getByRole('button', { name: /^(Download and load|Load)$/ }).click(patience);
    await page.getByRole('textbox', { name: /^(Write a message|Begin a text)$/ }).waitFor(patience);
  }

  async function ask(page) {
    await page.getByRole('radio', { name: 'Exact' }).check();
    await page.getByRole('textbox', { name: 'Longest answer' }).fill('24');
    await send(page, 'What is the capital of France?');
    await button(page, 'Send').waitFor(patience);
    return answered(page);
  }

  /** The model of these tests ends a long answer within 60 ms, before a click from here arrives: the page clicks at the first piece. */
  async function stopsEarly(page) {
    await button(page, 'Clear').click();
    await page.evaluate(() => {
      const observer = new MutationObserver(() => {
        const stop = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Stop' && one.checkVisibility());
        if (!stop || !document.querySelector('.turn[data-role=assistant] .content')?.textContent) return;
        observer.disconnect();
        stop.click();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await send(page, 'Tell me a very long story.');
    await answered(page);
    return shown(page, /stopped$/).isVisible();
  }

  const local = (page) => page.locator('.card', { hasText: 'On this computer' });

  test('pick, plan, load, chat, stop, checks, reload, offline, delete', async (t) => {
    const { page, context, faults } = await visit(browser);
    const host = await pageServer({ root });
    t.after(() => host.close().catch(() => undefined)); // it is closed below, unless something fails
    provide(host);
    await page.goto(host.url);
    await local(page).getByRole('button').click();
    await button(page, 'Download and load').waitFor(patience);
    assert.match(await page.locator('.sizes').innerText(), /Download\s+[\d.]+ [MG]B\s+Memory\s+[\d.]+ [MG]B/);
    await button(page, 'Cancel').click();
    await load(page, local(page));
    text = await ask(page);
    assert.ok(text.length > 0);
    assert.match(await page.locator('.facts-list').innerText(), /thread/);
    assert.match(await page.locator('.figures').innerText(), /Tokens a second\s+[\d.]+/);
    await page.getByRole('slider', { name: 'Token' }).waitFor(patience);
    assert.equal(
      await page.getByRole('slider').getAttribute('aria-valuemax'),
      await page.evaluate(() => document.querySelector('.told').textContent.match(/\d+/)[0]),
    );

    await page.getByRole('textbox', { name: 'Longest answer' }).fill('2000');
    let tries = 0;
    while (!(await stopsEarly(page))) assert.ok(++tries < 10, 'never stopped');

    await page.locator('summary', { hasText: 'Checks' }).click();
    await button(page, 'Self-test').click();
    await page.locator('.checks li').nth(4).waitFor(patience);
    assert.equal(await page.locator('.checks [data-outcome=fail]').count(), 0, await page.locator('.checks').innerText());

    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await host.close();
    await page.reload();
    const saved = page.locator('.saved li').first();
    await saved.waitFor();
    await saved.getByRole('button', { name: /^Open/ }).click();
    await button(page, 'Load').click(patience);
    await page.getByRole('textbox', { name: /^(Write a message|Begin a text)$/ }).waitFor(patience);
    await button(page, 'Clear').click();
    assert.equal(await ask(page), text, 'the same answer without a network');
    await button(page, 'Models').click();
    await page
      .locator('.saved li')
      .first()
      .getByRole('button', { name: /^Delete/ })
      .click();
    await page
      .locator('.saved li')
      .first()
      .getByRole('button', { name: /^Delete .*\?/ })
      .click();
    await page.getByRole('heading', { name: 'Saved in this browser' }).waitFor({ state: 'hidden' });
    assert.deepEqual(
      faults.filter((fault) => !fault.includes('ERR_CONNECTION_REFUSED')),
      [],
    );
    await context.close();
  });

  test('a file from the disk, on a host without isolation: one thread, the same text', async (t) => {
    const host = await pageServer({ root, isolation: false });
    t.after(() => host.close());
    const { page, context, faults } = await visit(browser);
    await page.goto(host.url);
    await page.getByLabel('Model file').setInputFiles(model);
    await button(page, 'Load').click(patience);
    await page.getByRole('textbox', { name: /^(Write a message|Begin a text)$/ }).waitFor(patience);
    assert.match(await page.locator('.facts-list').innerText(), /1 thread,[\s\S]*One thread/);
    assert.equal(await ask(page), text);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('a file that is cut off is refused with advice', async () => {
    const { page, context, faults } = await visit(browser);
    await page.goto(server.url);
    await page
      .getByLabel('Model file')
      .setInputFiles({ name: 'broken.gguf', mimeType: '', buffer: Buffer.from('GGUF\x03\0\0\0\x01') });
    await page.getByRole('alert').filter({ hasText: 'The file may be cut off or damaged.' }).waitFor(patience);
    await page.keyboard.press('Escape');
    assert.deepEqual(faults, []);
    await context.close();
  });
});
