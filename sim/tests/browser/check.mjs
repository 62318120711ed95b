// Opens reports in headless Chromium, in light and dark, wide and narrow, and uses them as a reader would.
// Arguments: the browser, the folder for screenshots, a small report with failures and traces, a report of 100,000 events.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [browser, shots, small, large] = process.argv.slice(2).map((path) => resolve(path));
const OPEN_MS = 3000;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const WIDTHS = { wide: 1280, narrow: 400 };

const profile = mkdtempSync(join(tmpdir(), 'litsim-report-'));
const context = await chromium.launchPersistentContext(profile, { executablePath: browser, args: FLAGS, headless: true });

async function open(file, colorScheme, width) {
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) problems.push(message.text()); });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) problems.push(`asks ${request.url()}`); });
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 900 });
  const began = performance.now();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector('#diagram[data-ready="1"]');
  return { page, problems, took: performance.now() - began };
}

const data = (page, name) => page.$eval('#diagram', (box, name) => Number(box.dataset[name]), name);
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function fits(page, what) {
  const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= view, `${what}: the page is ${content} px wide in a window of ${view} px`);
}

// What stays in place would lie over the pictures of parts.
const unpin = (page) => page.addStyleTag({ content: 'nav { position: static !important }' });

async function looks(theme, name, width) {
  const { page, problems } = await open(small, theme, width);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme, 'the theme is the reader\'s');
  await fits(page, `${theme}, ${name}`);
  await page.screenshot({ path: join(shots, `${theme}-${name}.png`), fullPage: true });
  await page.click('details.failure summary');
  await fits(page, `${theme}, ${name}, with a failure open`);
  await unpin(page);
  await page.locator('details.failure').first().screenshot({ path: join(shots, `${theme}-${name}-failure.png`) });
  await page.locator('#diagram').screenshot({ path: join(shots, `${theme}-${name}-diagram.png`) });
  assert.deepEqual(problems, [], `${theme}, ${name}: the console is silent and nothing is fetched`);
  await page.close();
}

async function uses() {
  const { page, problems } = await open(small, 'light', WIDTHS.wide);
  // A failure card shows its line to copy when it is clicked, and not before.
  const line = page.locator('details.failure .line code').first();
  assert.equal(await line.isVisible(), false, 'cards are closed at first');
  await page.click('details.failure summary');
  assert.equal(await line.isVisible(), true, 'a click opens a card');
  assert.match(await line.textContent(), / (replay|run) /);
  await page.locator('details.failure button.copy').first().click();
  await page.waitForFunction(() => /Copied|Selected/.test(document.querySelector('details.failure button.copy').textContent));

  // Zooming in halves what is in view, and the whole run comes back.
  await page.selectOption('#run', { index: 0 });
  await settled(page);
  const [span, messages] = [await data(page, 'span'), await data(page, 'messages')];
  assert.ok(messages > 0, 'messages are drawn');
  await page.click('#in');
  await settled(page);
  assert.ok(Math.abs(await data(page, 'span') - span / 2) < span * 0.01, 'zooming in halves the time in view');
  const less = await data(page, 'messages');
  assert.ok(less < messages, 'fewer messages are in half of the time');
  await page.click('#back');
  await settled(page);
  assert.ok(Math.abs(await data(page, 'span') - span) < span * 0.01, 'zooming out brings back what zooming in took');
  await page.click('#in');
  await page.click('#fit');
  await settled(page);
  assert.equal(await data(page, 'messages'), messages, 'the whole run has all of them again');

  // The filter leaves what fits, and nothing where nothing does.
  await page.fill('#find', 'channel/');
  await settled(page);
  const some = await data(page, 'messages');
  assert.ok(some > 0 && some < messages, `the filter leaves ${some} of ${messages} messages`);
  await page.fill('#find', 'no such label');
  await settled(page);
  assert.equal(await data(page, 'messages'), 0, 'nothing fits what is nowhere');
  await page.fill('#find', '');
  await page.selectOption('#session', { index: 1 });
  await settled(page);
  const ofSession = await data(page, 'messages');
  assert.ok(ofSession > 0 && ofSession < messages, `a session has ${ofSession} of ${messages} messages`);
  await page.selectOption('#session', { index: 0 });
  await page.selectOption('#scale', 'event');
  await page.selectOption('#step', { label: 'keygen' });
  await settled(page);
  assert.ok(await data(page, 'messages') > 0, 'a step is shown event by event');
  await unpin(page);
  await page.locator('#diagram').screenshot({ path: join(shots, 'light-wide-step.png') });

  // The list of runs is filtered, too, and the theme can be switched.
  const rows = () => page.locator('tr[data-find]:visible').count();
  const all = await rows();
  await page.fill('#filter', 'seed 1 no-such-scenario');
  assert.equal(await rows(), 0, `none of ${all} runs has that name`);
  assert.equal(await page.locator('details.failure:visible').count(), 0, 'nor does any failure');
  await page.fill('#filter', '');
  assert.equal(await rows(), all);
  assert.ok(await page.locator('details.failure:visible').count() > 0, 'the failures are there again');

  // What says nothing is seen to say nothing, and a number says how often it was right.
  assert.ok(await page.locator('td.never').first().isVisible() && await page.locator('#never').isVisible());
  assert.match(await page.locator('td.ok').first().getAttribute('title'), /: ok, [0-9,]+ times$/);
  await page.click('#theme');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'the theme is switched');
  assert.deepEqual(problems, [], 'the console stays silent');
  await page.close();
}

async function opensLarge() {
  const { page, problems, took } = await open(large, 'light', WIDTHS.wide);
  const records = await data(page, 'records');
  console.log(`${records} events: open after ${Math.round(took)} ms, ${await data(page, 'messages')} messages in view`);
  assert.ok(records >= 100_000, `the large report has ${records} events`);
  assert.ok(took < OPEN_MS, `opening took ${Math.round(took)} ms`);
  await unpin(page);
  await page.locator('#diagram').screenshot({ path: join(shots, 'large.png') });
  const began = performance.now();
  await page.click('#in');
  await settled(page);
  console.log(`zooming in it: ${Math.round(performance.now() - began)} ms`);
  assert.deepEqual(problems, []);
  await page.close();
}

try {
  await context.pages()[0]?.close().catch(() => {});
  for (const theme of ['light', 'dark']) {
    for (const [name, width] of Object.entries(WIDTHS)) await looks(theme, name, width);
  }
  await uses();
  await opensLarge();
  console.log(`the report looks and works as it should; screenshots: ${shots}`);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
