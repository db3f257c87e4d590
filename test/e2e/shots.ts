/** Takes pictures of the page's states for a person to look at: `node test/e2e/shots.ts [folder]`. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DESKTOP, launch, openWatched, PHONE, type View } from './browser.ts';
import { buildPage } from './build.ts';
import { startFixture } from './fixture.ts';
import { beforeFirstCheck, crowded, keeperSilent, ordinary, paused, unpriced, type World } from './fixtureData.ts';

const out = resolve(process.argv[2] ?? 'dist/shots');
await mkdir(out, { recursive: true });
const built = await buildPage();
const fixture = await startFixture(built.dir, ordinary());
const browser = await launch();

const views: readonly (readonly [string, View])[] = [
  ['desk-light', DESKTOP],
  ['desk-dark', { ...DESKTOP, theme: 'dark' }],
  ['mob-light', PHONE],
  ['mob-dark', { ...PHONE, theme: 'dark' }],
];
const worlds: readonly (readonly [string, () => World, string])[] = [
  ['overview', ordinary, '#/'],
  ['decisions', ordinary, '#/decisions'],
  ['why-traded', ordinary, '#/decisions/166'],
  ['why-held', ordinary, '#/decisions/167'],
  ['crowded', crowded, '#/'],
  ['first', beforeFirstCheck, '#/'],
  ['paused', paused, '#/'],
  ['silent', keeperSilent, '#/'],
  ['unpriced', unpriced, '#/'],
];
for (const [view, size] of views)
  for (const [name, world, hash] of worlds) {
    if (name !== 'overview' && (view === 'mob-dark' || view === 'desk-dark') && name !== 'why-held') continue;
    fixture.world = world();
    const { context, page, faults } = await openWatched(browser, size);
    await page.goto(fixture.url + hash);
    await page
      .locator('[data-testid=overview], [data-testid=decisions] table, [data-testid=weights]')
      .first()
      .waitFor();
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: join(out, `${name}-${view}.png`), fullPage: view.startsWith('desk') });
    if (view.startsWith('mob')) {
      // Fixed bars would land in the middle of a full-page picture, so the whole column is shown in a tall window.
      const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
      await page.setViewportSize({ width: size.width, height });
      await page.screenshot({ path: join(out, `${name}-${view}-long.png`) });
    }
    for (const fault of faults) process.stderr.write(`${name} ${view}: ${fault}\n`);
    await context.close();
  }
await browser.close();
await fixture.close();
await built.remove();
process.stdout.write(`${out}\n`);
