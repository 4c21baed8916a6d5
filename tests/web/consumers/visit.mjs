// A person who opens a sample's page, loads a model and asks.
import { startBrowser } from '../engine/site.mjs';

/** What a page said and how it ran: fields of the result and of model.info. Throws with what the page complained about. */
export async function visit(url, source, question) {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(url, { waitUntil: 'networkidle' });
    const told = async () => [...(await page.locator('output').allTextContents()), ...complaints].join('\n');
    const within = (promise) => promise.catch(async (error) => Promise.reject(new Error(`${error.message}\n${await told()}`)));
    await page.fill('[name=source]', source);
    await page.click('text=Load');
    await within(page.waitForSelector('button:enabled:text("Ask")'));
    await page.fill('[name=question]', question);
    await page.click('text=Ask');
    await within(page.waitForFunction(() => document.querySelector('pre').textContent.includes('finishReason')));
    const { info, result } = JSON.parse(await page.textContent('pre'));
    const texts = await page.locator('output').allTextContents();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    if (!texts.includes(result.text)) throw new Error(`the page shows ${JSON.stringify(texts)}, not '${result.text}'`);
    return { ...result, ...info };
  } finally {
    await browser.close();
  }
}

export async function browserVersion() {
  const browser = await startBrowser();
  const version = browser.version();
  await browser.close();
  return version;
}
