// What the tests of the page share: the built page, a server, one Chromium.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from '../../../web/demo/server.mjs';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

export const path = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
export const axeFile = require.resolve('axe-core/axe.min.js');
export const browserPath = process.env.SOTTO_CHROMIUM ?? '/usr/bin/chromium';
export const noBrowser = existsSync(browserPath) ? false : `no ${browserPath}`;

/** Builds the page: `fake` with the scripted package, `production` with the real one. */
export async function build(mode) {
  const arguments_ = [
    path('web/node_modules/vite/bin/vite.js'),
    'build',
    '--config',
    path('web/demo/vite.config.ts'),
    '--mode',
    mode,
  ];
  await promisify(execFile)(process.execPath, arguments_, { cwd: path('web/demo') });
  return path(mode === 'fake' ? 'build/page-fake' : 'build/page');
}

/** A server with its own empty cache folder, unless one is named. */
export async function pageServer(options) {
  const scratch = mkdtempSync(join(tmpdir(), 'sotto-page-'));
  const server = await serve({ cache: scratch, ...options });
  return {
    url: server.url,
    scratch,
    close: () => server.close().finally(() => rmSync(scratch, { recursive: true, force: true })),
  };
}

export function launch() {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: browserPath, args: [...args, '--disable-dev-shm-usage'] });
}

/** A visit of its own: nothing of others is stored. What the page logs as an error, refused resources too, is in `faults`. */
export async function visit(browser, { width = 1280, height = 800, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', locale: 'en', ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  return { context, page, faults };
}

/** A text that is shown, as told from one that is only announced. */
export function shown(page, text) {
  return page.locator('main, dialog').getByText(text).and(page.locator(':not([role=status])'));
}

/** From the first view to the chat, through the plan. */
export async function load(page, name = 'SmolLM2 135M Instruct') {
  await page
    .getByRole('button', { name: new RegExp(`^(Choose|Open|Go on) ?(with )?${name}$`) })
    .first()
    .click();
  await page.getByRole('button', { name: /^(Download and load|Load)$/ }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

export async function send(page, text) {
  await page.getByRole('textbox', { name: /^(Write a message|Begin a text)$/ }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** Until the answer is complete; its text. */
export async function answered(page) {
  await page.locator('.turn[data-role=assistant]').last().waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
  return page.locator('.turn[data-role=assistant] .content').last().innerText();
}

/** Violations that axe-core finds, as texts. */
export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(require('node:fs').readFileSync(axeFile, 'utf8'));
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document);
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

/** Pixels by which the page is wider than its window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
