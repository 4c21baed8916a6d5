// The look: accessibility by axe-core, no sideways scrolling, screenshots.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { answered, load, overflow, path, send, shown, violations } from './support.mjs';

const folder = path('web/demo/screenshots');

export function lookTests(newVisit) {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`${colorScheme}, ${width} px wide`, async () => {
        const { page } = await newVisit({ colorScheme, width, height: width === 360 ? 740 : 860 });
        const check = async (what) => {
          assert.deepEqual(await violations(page), [], what);
          assert.ok((await overflow(page)) <= 0, `${what} scrolls sideways`);
        };
        const shot = async (what) => {
          await page.mouse.move(1, 1);
          await page.screenshot({ path: `${folder}/${colorScheme}-${width}-${what}.png` });
        };
        await shot('pick');
        await check('pick');
        await page.getByRole('textbox', { name: 'Address or hub name' }).fill('what?');
        await page.keyboard.press('Enter');
        await check('a wrong address');
        await page.getByRole('textbox', { name: 'Address or hub name' }).fill('hf:fake/slow-breaks');
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Download and load' }).click({ timeout: 10_000 });
        await page.getByRole('progressbar').waitFor();
        await check('progress');
        await shown(page, 'The connection broke').waitFor();
        await check('a failed load');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Choose SmolLM2 135M Instruct' }).click();
        await page.getByRole('dialog').getByText('Options').click();
        await check('plan');
        await page.keyboard.press('Escape');
        await load(page);
        await check('welcome');
        await send(page, 'What is the capital of France, and what is it known for?');
        await answered(page);
        if (width > 360) await page.getByRole('slider', { name: 'Token' }).waitFor();
        await shot('chat');
        await check('chat');
        if (width === 360) {
          await page.getByRole('button', { name: 'Settings' }).click();
          await check('panel');
        }
        await page.locator('summary', { hasText: 'Checks' }).click();
        await page.getByRole('button', { name: 'Self-test' }).click();
        await shown(page, /checks are right\.$/)
          .first()
          .waitFor();
        await shown(page, 'More settings').click();
        await shown(page, 'As a table').click();
        await page.getByRole('textbox', { name: 'Temperature' }).fill('hot');
        await check('all of the panel');
        await page.getByRole('textbox', { name: 'Temperature' }).fill('0');
        if (width === 360) await page.getByRole('button', { name: 'Close' }).click();
        await page.getByRole('button', { name: 'Edit' }).click();
        await check('edit');
        await page.getByRole('button', { name: 'Models' }).click();
        await page.getByRole('heading', { name: 'Saved in this browser' }).waitFor();
        await check('saved models');
      });
    }
  }
}
