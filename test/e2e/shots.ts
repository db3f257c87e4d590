/** Takes pictures of the page's states for a person to look at: `node test/e2e/shots.ts [folder]`. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DESKTOP, launch, openWatched, PHONE, type View } from './browser.ts';
import { buildPage } from './build.ts';
import { fakeChain } from './fakeChain.ts';
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
// The owner's view: connected, both dialogs, tables, cursor, a narrow phone.
for (const [view, size] of views) {
  fixture.world = ordinary();
  fixture.rpc = fakeChain(() => fixture.world).rpc;
  const { context, page } = await openWatched(browser, size);
  const shot = (name: string): Promise<Buffer> => page.screenshot({ path: join(out, `${name}-${view}.png`) });
  await page.goto(fixture.url);
  await page.getByTestId('check-row').first().waitFor();
  await page.getByTestId('wallet').click();
  await page.getByRole('button', { name: /Local test wallet/ }).waitFor();
  await shot('connect');
  await page.getByRole('button', { name: /Local test wallet/ }).click();
  await page.getByTestId('connect-dialog').waitFor({ state: 'detached' });
  await page.getByRole('group', { name: /Drift over time/ }).hover({ position: { x: 200, y: 60 } });
  await shot('connected');
  await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
  await page.getByTestId('coin').first().waitFor();
  await shot('withdraw');
  await page.getByRole('button', { name: 'Withdraw 4 coins' }).click();
  await page.getByRole('button', { name: 'Done' }).waitFor();
  await shot('withdrawn');
  await page.getByRole('button', { name: 'Done' }).click();
  for (const panel of ['allocation', 'drift'])
    await page.getByTestId(panel).getByRole('button', { name: 'Show as table' }).click();
  await shot('tables');
  await context.close();
}
await browser.close();
await fixture.close();
await built.remove();
process.stdout.write(`${out}\n`);
