// How the page behaves for keyboards, screen readers, narrow windows, and those who test it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, load, send, shown } from './support.mjs';

const name = 'SmolLM2 135M Instruct';
const button = (page, label) => page.getByRole('button', { name: label, exact: true });
const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);

export function habitTests(newVisit) {
  test('a whole visit with the keyboard alone', async () => {
    const { page } = await newVisit();
    const tabTo = async (label) => {
      for (let presses = 0; presses < 40; ++presses) {
        if ((await focused(page)).trim() === label) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`${label} cannot be reached`);
    };
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to content');
    await tabTo(`Choose ${name}`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.textContent === 'Download and load');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Write a message');
    await page.keyboard.type('One');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two, long');
    await page.keyboard.press('Enter');
    await page.locator('.turn[aria-busy=true]').waitFor();
    assert.equal(await page.locator('.turn[data-role=user] .content').textContent(), 'One\ntwo, long');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Stop');
    await page.keyboard.press('Enter');
    await answered(page);
    assert.equal(await focused(page), 'Write a message', 'the focus is where the next message is written');
    await tabTo('Models');
    await page.keyboard.press('Enter');
    await button(page, `Open ${name}`).first().waitFor();
  });

  test('a screen reader hears sentences, not tokens', async () => {
    const { page } = await newVisit();
    await load(page);
    await page.evaluate(() => {
      globalThis.heard = [];
      const region = document.getElementById('announcer');
      new MutationObserver(() => globalThis.heard.push(region.textContent)).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await send(page, 'A long one');
    await answered(page);
    const heard = await page.evaluate(() => globalThis.heard);
    assert.equal(heard[0], 'Answering');
    assert.ok(heard.length >= 3 && heard.length <= 8, `${heard.length} announcements for a long answer`);
    for (const sentence of heard.slice(1, -1)) assert.match(sentence, /\.$/);
    assert.match(heard.at(-1), /tokens, 93\.4 tokens\/s/);
    const answer = await page.locator('.turn[data-role=assistant] .content').innerText();
    const said = heard.slice(1).join(' ').replace(/\s+/g, ' ');
    assert.ok(said.startsWith(answer.replace(/\s+/g, ' ').trim()), 'all of it is heard, once');
    assert.equal(await page.locator('[aria-live] .turn').count(), 0);
  });

  test('in a narrow window the panel opens over the chat, and gives the focus back', async () => {
    const { page } = await newVisit({ width: 360, height: 740 });
    await load(page);
    assert.equal(await page.getByRole('complementary').isVisible(), false);
    await button(page, 'Settings').click();
    assert.equal(await focused(page), 'Close');
    assert.equal(await page.locator('.talk').evaluate((element) => element.inert), true);
    await page.keyboard.press('Escape');
    assert.equal(await focused(page), 'Settings');
    assert.equal(await page.locator('.talk').evaluate((element) => element.inert), false);
    await send(page, 'Hi');
    await answered(page);
    await button(page, 'Settings').click();
    await page.getByRole('slider', { name: 'Token' }).waitFor();
    await page.getByRole('textbox', { name: 'Top p' }).fill('2');
    await button(page, 'Close').click();
    await send(page, 'Hello');
    await shown(page, 'Write a number from 0 to 1.').waitFor();
    assert.equal(
      await page.getByRole('textbox', { name: 'Top p' }).evaluate((element) => element === document.activeElement),
      true,
      'the panel opens at the fault',
    );
  });

  test('self-test and bench, and a report to copy', async () => {
    const { page, context } = await newVisit();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await load(page);
    await page.locator('summary', { hasText: 'Checks' }).click();
    await button(page, 'Self-test').click();
    await shown(page, 'All 5 checks are right.').first().waitFor();
    assert.equal(await page.locator('.checks [data-outcome=pass]').count(), 5);
    await button(page, 'Bench').click();
    assert.equal(await button(page, 'Self-test').isDisabled(), true);
    await page.getByRole('row', { name: 'Answer of 64 tokens' }).waitFor();
    await button(page, 'Copy report').click();
    await page.waitForFunction(() => navigator.clipboard.readText().then((text) => text.startsWith('## Sotto')));
    const report = await page.evaluate(() => navigator.clipboard.readText());
    for (const line of [
      '| Model | SmolLM2 135M Instruct |',
      '| Same text twice | pass |',
      '| Answer of 64 tokens | 93.4 tokens/s |',
      '| Browser | Mozilla',
    ]) {
      assert.ok(report.includes(line), `${line} in ${report}`);
    }
  });

  test('the theme is kept, and there before the first paint', async () => {
    const { page } = await newVisit({ colorScheme: 'light' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await button(page, 'Theme: as the system').click();
    assert.equal(await ground(), light);
    await button(page, 'Theme: light').click();
    const dark = await ground();
    assert.notEqual(dark, light);
    // From now on the page's script never comes.
    await page.route('**/*', (route) => (/\/assets\/.*\.js$/.test(route.request().url()) ? undefined : route.continue()));
    await page.reload({ waitUntil: 'commit' });
    await page.waitForFunction(() => document.styleSheets.length > 0);
    assert.equal(await ground(), dark);
  });

  test('nothing moves for those who asked for less motion', async () => {
    const { page } = await newVisit();
    await load(page);
    await send(page, 'A long one');
    await page.waitForFunction(() => document.querySelector('.markdown')?.textContent.length > 100);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    assert.notEqual(await page.evaluate(() => document.getAnimations().length), 0, 'others see the cursor breathe');
  });
}
