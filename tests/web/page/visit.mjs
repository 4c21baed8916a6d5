// The whole visit with the scripted package: pick, plan, load, chat, come back.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { answered, load, send, shown } from './support.mjs';

const name = 'SmolLM2 135M Instruct';
const question = 'What is the capital of France?';

const button = (page, label) => page.getByRole('button', { name: label, exact: true });
const dialog = (page) => page.getByRole('dialog', { name });
const turns = (page) => page.locator('.turn');
const figure = (page, label) => page.locator('.figures div', { hasText: label }).locator('dd').innerText();

/** @param newVisit () => {page, faults, ...}, opened at the page's address */
export function visitTests(newVisit) {
  test('a plan comes before anything is downloaded', async () => {
    const { page } = await newVisit();
    await button(page, `Choose ${name}`).click();
    await button(page, 'Download and load').waitFor();
    const text = await dialog(page).innerText();
    assert.match(text, /Download\s+98\.4 MB/);
    assert.match(text, /Memory\s+213 MB/);
    assert.match(text, /Weights 102 MB\s+Tokenizer 2\.4 MB\s+Cache 94\.4 MB\s+Working space 14\.2 MB/);
    assert.match(text, /It fits/);
    await button(page, 'Cancel').click();
    await dialog(page).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => localStorage.getItem('fake.models')), null, 'nothing was loaded');
    assert.equal(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      `Choose ${name}`,
      'the focus is back',
    );
  });

  test('options change the plan, and what is wrong is told at the field', async () => {
    const { page } = await newVisit();
    await button(page, `Choose ${name}`).click();
    await dialog(page).getByText('Options').click();
    const context = page.getByRole('textbox', { name: 'Context' });
    await context.fill('512');
    await shown(page, 'Cache 11.8 MB').waitFor();
    assert.equal(await context.evaluate((element) => element === document.activeElement), true, 'the focus stays in the field');
    await context.fill('half');
    await shown(page, 'Write a whole number from 1 to 2,147,483,647.').waitFor();
    assert.equal(await context.getAttribute('aria-invalid'), 'true');
    await context.fill('200000');
    await shown(page, 'context is 200000, wanted 1 to 100000').waitFor();
    const described = await context.evaluate((element) =>
      element
        .getAttribute('aria-describedby')
        .split(' ')
        .map((id) => document.getElementById(id).textContent),
    );
    assert.ok(described.includes('context is 200000, wanted 1 to 100000'));
  });

  test('what does not fit, or is not there, says so', async () => {
    const { page } = await newVisit();
    const field = page.getByRole('textbox', { name: 'Address or hub name' });
    await field.fill('owner/repo');
    await button(page, 'See what it needs').click();
    await shown(page, 'For a model of the hub, write hf:owner/repo').waitFor();
    await field.fill('hf:fake/too-big');
    await page.keyboard.press('Enter');
    await shown(page, 'It does not fit').waitFor();
    assert.equal(await button(page, 'Download and load').isDisabled(), true);
    await page.keyboard.press('Escape');
    await field.fill('hf:fake/missing');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'Hf:fake/missing answers with 404. Check the spelling' }).waitFor();
    await button(page, 'Try again').click();
    await shown(page, 'answers with 404').waitFor();
  });

  test('a load shows phase, speed and time, can be left, and goes on', async () => {
    const { page } = await newVisit();
    await page.getByRole('textbox', { name: 'Address or hub name' }).fill('hf:fake/slow');
    await page.keyboard.press('Enter');
    await button(page, 'Download and load').click({ timeout: 10_000 });
    const bar = page.getByRole('progressbar', { name: /^Downloading slow/ });
    await bar.waitFor();
    await page.waitForFunction(() => document.querySelector('progress').value > 0.02);
    assert.match(await page.locator('.pace').innerText(), /\d MB of 98\.4 MB[\s\S]*24\.6 MB\/s, about \d seconds left/);
    await button(page, 'Cancel').click();
    const row = page.locator('.saved li', { hasText: 'slow' });
    await row.getByText('not complete yet').waitFor();
    await button(page, 'Go on with slow').click();
    await button(page, 'Download and load').waitFor();
    const download = await page.locator('.sizes dd').first().innerText();
    assert.ok(Number.parseFloat(download) < 98, `${download} are left`);
  });

  test('a load that breaks tells why, and can be tried again', async () => {
    const { page } = await newVisit();
    await page.getByRole('textbox', { name: 'Address or hub name' }).fill('hf:fake/breaks');
    await page.keyboard.press('Enter');
    await button(page, 'Download and load').click();
    await shown(page, 'The connection broke. Check the network and try again: what has arrived is kept.').waitFor();
    await button(page, 'Try again').click();
    await page.getByRole('heading', { level: 1, name: 'breaks' }).waitFor();
  });

  test('chat: stream, figures, timeline', async () => {
    const { page } = await newVisit();
    await load(page);
    assert.equal(await page.title(), `${name} - Sotto`);
    await send(page, question);
    const text = await answered(page);
    assert.match(text, /^The capital of France is Paris\./);
    const html = await page.locator('.turn .markdown').innerHTML();
    for (const part of [
      '<strong>Paris</strong>',
      '<em>Seine</em>',
      '<li>the Eiffel Tower, built in 1889</li>',
      '<code>retry</code>',
      '<a href="https://www.paris.fr" target="_blank" rel="noopener noreferrer">its site</a>',
      'print(len(bridges))</code></pre>',
    ]) {
      assert.ok(html.includes(part), `${part} in ${html}`);
    }
    assert.equal(await figure(page, 'Tokens a second'), '93.4');
    assert.equal(await figure(page, 'First token'), '104 ms');
    assert.equal(await figure(page, 'Memory'), '220 MB');
    assert.match(await page.locator('.facts-list').innerText(), /2 threads, relaxed SIMD/);

    const slider = page.getByRole('slider', { name: 'Token' });
    await slider.waitFor();
    assert.match(
      await slider.getAttribute('aria-valuetext'),
      /^Token 2, capital, [\d.]+ ms: attention [\d.]+ ms, feed-forward [\d.]+ ms, head [\d.]+ ms, rest [\d.]+ ms$/,
    );
    await slider.press('End');
    assert.equal(await slider.getAttribute('aria-valuenow'), await slider.getAttribute('aria-valuemax'));
    await slider.press('Home');
    assert.equal(await slider.getAttribute('aria-valuenow'), '1');
    assert.equal(await page.locator('.timeline .columns path').count(), 4);
    await shown(page, 'As a table').click();
    assert.match(await page.locator('.timeline .sheet').innerText(), /Attention[\s\S]*Feed-forward[\s\S]*Head[\s\S]*Together/);
    const saved = page.waitForEvent('download');
    await button(page, 'Save trace').click();
    const trace = JSON.parse(await readFile(await (await saved).path(), 'utf8'));
    assert.ok(trace.traceEvents.some((event) => event.name === 'prefill'));
    await send(page, 'untraced');
    await answered(page);
    await shown(page, 'The trace is full, this answer is not in it.').waitFor();
    assert.equal(await slider.isVisible(), false, 'no picture of another answer');
  });

  test('chat: stop, edit, retry, clear, bring back', async () => {
    const { page } = await newVisit();
    await load(page);
    await send(page, 'A long one');
    await page.waitForFunction(() => document.querySelector('.markdown')?.textContent.length > 200);
    await button(page, 'Stop').click();
    const stopped = await answered(page);
    assert.ok(stopped.length < 5000, 'it stopped early');
    await shown(page, /tokens, 93.4 tokens\/s, stopped$/).waitFor();

    await button(page, 'Edit').click();
    const edit = page.getByRole('textbox', { name: 'Edit your message' });
    await edit.fill('never mind');
    await edit.press('Escape');
    assert.equal(await turns(page).first().locator('.content').innerText(), 'A long one');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Edit');
    await button(page, 'Edit').click();
    await edit.fill(question);
    await edit.press('Enter');
    assert.match(await answered(page), /Paris/);
    assert.equal(await turns(page).count(), 2);

    await send(page, 'And again?');
    await answered(page);
    assert.equal(await turns(page).count(), 4);
    await button(page, 'Retry').first().click();
    await answered(page);
    assert.equal(await turns(page).count(), 2, 'what followed the retried message is gone');
    assert.equal(await turns(page).first().locator('.content').innerText(), question);

    await button(page, 'Clear').click();
    assert.equal(await turns(page).count(), 0);
    await button(page, 'Bring it back').click();
    assert.equal(await turns(page).count(), 2);
  });

  test('chat: copy, save as Markdown and JSON', async () => {
    const { page, context } = await newVisit();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await load(page);
    await send(page, question);
    await answered(page);
    await turns(page).last().getByRole('button', { name: 'Copy' }).click();
    await shown(page, 'Copied').waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^The capital of France is \*\*Paris\*\*/);
    const file = async (label) => {
      const saved = page.waitForEvent('download');
      await button(page, label).click();
      return readFile(await (await saved).path(), 'utf8');
    };
    const markdown = await file('Save as Markdown');
    assert.ok(
      markdown.startsWith(`# Conversation with ${name}\n\n**You**\n\n${question}\n\n**${name}**\n\nThe capital`),
      markdown,
    );
    const json = JSON.parse(await file('Save as JSON'));
    assert.deepEqual(
      json.messages.map(({ role }) => role),
      ['user', 'assistant'],
    );
    assert.equal(json.settings.numbers.temperature, 0.7);
  });

  test('a wrong setting is told beside its field, by the page and by the package', async () => {
    const { page } = await newVisit();
    await load(page);
    const temperature = page.getByRole('textbox', { name: 'Temperature' });
    await temperature.fill('-1');
    await shown(page, 'Write a number from 0 to 100.').waitFor();
    await send(page, question);
    assert.equal(await turns(page).count(), 0, 'nothing was sent');
    assert.equal(await temperature.evaluate((element) => element === document.activeElement), true);
    assert.equal(await page.getByRole('textbox', { name: 'Write a message' }).inputValue(), question, 'what was written stays');
    await temperature.fill('42');
    await button(page, 'Send').click();
    await shown(page, 'temperature is 42, and the stand-in does not like it').waitFor();
    await shown(page, 'A setting was refused: see the field.').waitFor();
    await page.getByRole('radio', { name: 'Exact' }).check();
    assert.equal(await temperature.inputValue(), '0');
    await button(page, 'Retry').click();
    assert.match(await answered(page), /Paris/);
    await page.reload();
    await load(page);
    assert.equal(await page.getByRole('radio', { name: 'Exact' }).isChecked(), true, 'settings are kept');
  });

  test('errors while answering say what to do', async () => {
    const { page } = await newVisit();
    await load(page);
    await send(page, 'fail');
    await shown(page, 'The conversation has 4200 tokens, and the context holds 4096. Clear the conversation').waitFor();
    await send(page, 'get lost');
    await shown(page, 'The worker of this model ended. Load the model again to go on.').waitFor();
    await button(page, 'Load the model again').last().click();
    await button(page, 'Load').click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    assert.equal(await turns(page).count(), 4, 'the conversation is still there');
  });

  test('what a model writes stays text', async () => {
    const { page } = await newVisit();
    await load(page);
    await send(page, 'markup');
    const text = await answered(page);
    assert.equal(text, 'A tag <img src=x onerror="document.title=1"> and a [link](javascript:alert(1)) stay text.');
    assert.equal(await page.locator('.markdown img, .markdown a').count(), 0);
  });

  test('a model without a chat template continues a text', async () => {
    const { page } = await newVisit();
    await load(page, 'Gemma 3 270M');
    await page.getByRole('heading', { name: 'Begin a text' }).waitFor();
    await shown(page, 'has no chat template').waitFor();
    await send(page, 'Once upon a time');
    assert.match(await answered(page), /Paris/);
  });

  test('files: opened, wrong, a folder, dropped', async () => {
    const { page } = await newVisit();
    const file = (fileName) => ({ name: fileName, mimeType: '', buffer: Buffer.from('GGUF') });
    await page.getByLabel('Model file').setInputFiles(file('notes.txt'));
    await page.getByRole('alert').filter({ hasText: 'This is no model' }).waitFor();
    await page.getByLabel('Model file').setInputFiles(file('tiny.gguf'));
    await page.getByRole('dialog', { name: 'tiny' }).getByText('tiny.gguf, 4 bytes, from your disk').waitFor();
    await page.getByText('Nothing', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      for (const fileName of ['config.json', 'model.safetensors']) data.items.add(new File(['{}'], fileName));
      return data;
    });
    await page.dispatchEvent('main', 'dragenter', { dataTransfer: transfer });
    await page.locator('.drop').waitFor();
    await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
    await shown(page, '2 files, 4 bytes, from your disk').waitFor();
    await button(page, 'Load').click();
    await page.getByRole('textbox', { name: 'Write a message' }).waitFor();
  });

  test('saved models: sizes, total, reload, delete', async () => {
    const { page } = await newVisit();
    await load(page);
    await button(page, 'Models').click();
    await page.locator('.card', { hasText: name }).getByText('Saved').waitFor();
    await shown(page, '98.4 MB in all of 11.4 GB that this browser allows. Kept until you delete it.').waitFor();
    await page.reload();
    await button(page, `Open ${name}`).first().waitFor();
    await button(page, `Open ${name}`).first().click();
    await dialog(page).locator('.sizes dd').first().getByText('Nothing').waitFor();
    await button(page, 'Cancel').click();
    await button(page, `Delete ${name}`).click();
    await button(page, 'Keep').click();
    await button(page, `Delete ${name}`).click();
    await button(page, `Delete 98.4 MB? ${name}`).click();
    await button(page, `Choose ${name}`).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Saved in this browser' }).isVisible(), false);
  });
}
