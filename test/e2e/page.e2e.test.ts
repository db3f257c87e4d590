import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DESKTOP, PHONE, type View } from './browser.ts';
import { beforeFirstCheck, crowded, keeperSilent, NOW, ordinary, paused, unpriced, type World } from './fixtureData.ts';
import { axe, sidewaysOverflow, smallTargets, smallText, tabStops } from './inPage.ts';
import { eventually, pageSuite, textOf } from './pageSuite.ts';

const suite = pageSuite();

const screens: readonly (readonly [string, () => World, string])[] = [
  ['overview', ordinary, '#/'],
  ['decisions', ordinary, '#/decisions'],
  ['why, traded', ordinary, '#/decisions/166'],
  ['why, held back', ordinary, '#/decisions/167'],
  ['twelve assets, long symbols, huge and tiny numbers', crowded, '#/'],
  ['before the first check', beforeFirstCheck, '#/'],
  ['paused', paused, '#/'],
  ['keeper silent', keeperSilent, '#/'],
  ['a price is missing', unpriced, '#/'],
  ['no such page', ordinary, '#/nowhere'],
];

const ready = '[data-testid=overview], [data-testid=decisions] table, [data-testid=weights], #main .plain > h1';

describe.each(screens)('%s', (_name, world, hash) => {
  it.each(['light', 'dark'] as const)('passes axe in %s', async (theme) => {
    for (const view of [DESKTOP, PHONE]) {
      const { page } = await suite.open({ world: world(), hash, view: { ...view, theme } });
      await page.locator(ready).first().waitFor();
      expect(await axe(page)).toEqual([]);
    }
  });

  it('reflows from 320 to 1440 px without sideways scrolling, small text or small targets', async () => {
    const { page } = await suite.open({ world: world(), hash });
    await page.locator(ready).first().waitFor();
    for (const width of [320, 390, 768, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))');
      expect({ width, overflow: await sidewaysOverflow(page) }).toEqual({ width, overflow: 0 });
      expect(await smallText(page, 12)).toEqual([]);
      expect(await smallTargets(page)).toEqual([]);
      for (const name of ['Overview', 'Decisions'])
        expect(await page.getByRole('navigation').getByRole('link', { name, exact: true }).isVisible()).toBe(true);
    }
  });
});

describe('figures', () => {
  it('add up on the screen, and carry their mode', async () => {
    const { page } = await suite.open();
    await page.getByTestId('overview').waitFor();
    const cents = (text: string): number => Number(text.replace('\u2212', '-').replace(/[^\d.-]/g, '')) * 100;
    const amount = async (id: string): Promise<number> =>
      Math.round(cents((await textOf(page, id)).split(' ')[0] ?? ''));
    expect(await textOf(page, 'nav')).toMatch(/^\$24,816\.40\s*test$/);
    expect(await amount('since-start')).toBe(41_218);
    expect((await amount('since-start')) - (await amount('same-coins'))).toBe(await amount('difference'));
    const parts = await page.getByTestId('cost-part').allInnerTexts();
    const sum = parts.reduce((total, text) => total + Math.round(cents(text.split(' ')[0] ?? '')), 0);
    expect(sum).toBe(await amount('cost-total'));
    expect(await textOf(page, 'mode')).toBe('LOCAL REHEARSAL');
    expect(await page.title()).toBe('Watching \u2013 Evenkeel');
  });

  it('say nothing of "test" when the money is real, and load no rehearsal wallet', async () => {
    const world = ordinary();
    world.status = { ...world.status, mode: 'LIVE' };
    const { page, fixture } = await suite.open({ world });
    await page.getByTestId('overview').waitFor();
    expect(await textOf(page, 'mode')).toBe('LIVE');
    expect(await page.locator('main').textContent()).not.toMatch(/\btest\b/);
    expect(fixture.requests.filter((r) => r.includes('rehearsal'))).toEqual([]);
    const live = await page.locator('#favicon').getAttribute('href');
    fixture.world = ordinary();
    await page.reload();
    await page.getByTestId('overview').waitFor();
    expect(await page.locator('#favicon').getAttribute('href')).not.toBe(live);
  });

  it('can be read as tables', async () => {
    const { page } = await suite.open();
    for (const [panel, heading] of [
      ['allocation', 'Drift, points'],
      ['drift', 'WETH, band 5'],
    ] as const) {
      await page.getByTestId(panel).getByRole('button', { name: 'Show as table' }).click();
      await page.getByTestId(panel).getByRole('columnheader', { name: heading }).waitFor();
    }
    expect(await page.getByTestId('drift').getByRole('row').count()).toBeGreaterThan(20);
    expect(await axe(page)).toEqual([]);
  });

  it('name what every drawing shows', async () => {
    const { page } = await suite.open();
    await page.getByTestId('drift-strip').first().waitFor();
    const names = await page
      .locator('svg[role=img]')
      .evaluateAll((all) => all.map((el) => el.getAttribute('aria-label')));
    expect(names).toContain(
      'WBTC is 27.4% of the vault, target 30%, band 25% to 35%: 2.6 points below target, inside its band.',
    );
    expect(names.filter((n) => n?.startsWith('WETH drift, band plus or minus 5 points: between'))).toHaveLength(1);
  });

  it('moves a cursor through the drift by keyboard', async () => {
    const { page } = await suite.open();
    const chart = page.getByRole('group', { name: /Drift over time/ });
    await chart.focus();
    await page.keyboard.press('End');
    await expect
      .poll(() => chart.locator('[aria-live]').textContent())
      .toBe('13:00: WETH +2.1, WBTC \u22122.6, USDC +0.3, LINK +0.2');
    await page.keyboard.press('ArrowLeft');
    await eventually(() => chart.locator('[aria-live]').textContent()).toMatch(/^12:00: /);
    await page.keyboard.press('Escape');
    await eventually(() => chart.locator('[aria-live]').textContent()).toBe('');
  });
});

describe('live', () => {
  it('shows a new check at once and asks again only for what it changed', async () => {
    const { page, fixture } = await suite.open();
    await page.getByTestId('check-row').first().waitFor();
    await eventually(() => fixture.requests.filter((r) => r === 'GET /api/events').length).toBe(1);
    const asked = (path: string): number => fixture.requests.filter((r) => r === `GET ${path}`).length;
    const before = { checks: asked('/api/checks'), series: asked('/api/series') };
    const world = ordinary();
    world.status = { ...world.status, headline: 'Waiting: gas is 61 gwei, your ceiling is 40.', activity: 'WAITING' };
    fixture.world = world;
    fixture.emit({
      type: 'check',
      id: 900,
      check: {
        checkId: 169,
        time: NOW + 3600,
        block: 19_204_418,
        outcome: 'HELD_BACK',
        reason: 'GAS_ABOVE_CAP',
        sentence: 'Gas of 61 gwei is above the ceiling of 40 gwei, so the trade waits.',
        maxDriftBps: 510,
        costUsdE8: null,
        txHashes: [],
      },
    });
    await page.getByText('Gas of 61 gwei is above the ceiling').waitFor();
    await eventually(() => textOf(page, 'headline')).toBe('Waiting: gas is 61 gwei, your ceiling is 40.');
    await eventually(() => page.title()).toBe('Waiting \u2013 Evenkeel');
    await eventually(() => page.getByTestId('announcer').textContent()).toContain('Waiting');
    await eventually(() => asked('/api/series')).toBe(before.series + 1);
    expect(asked('/api/checks')).toBe(before.checks);
  });

  it('dims old figures and says so, until fresh ones come', async () => {
    const world = ordinary();
    world.status = { ...world.status, dataAgeS: 130 };
    const { page, fixture } = await suite.open({ world });
    await page.getByTestId('stale-bar').waitFor();
    expect(await textOf(page, 'stale-bar')).toMatch(/^Data 2 min old\. Trading controls are off until it refreshes\./);
    expect(await page.locator('.page.stale').count()).toBe(1);
    expect(await textOf(page, 'data-age')).toBe('Data 2 min old, block 19,204,118');
    expect(await axe(page)).toEqual([]);
    fixture.world = ordinary();
    await page.getByTestId('stale-bar').waitFor({ state: 'detached' });
  });

  it('goes stale by itself when the server is gone, and says that too', async () => {
    const { page, fixture } = await suite.open({
      expectFaults: /Failed to load resource|ERR_/,
      before: (opened) => opened.page.clock.install(),
    });
    await page.getByTestId('overview').waitFor();
    await fixture.close();
    await page.clock.fastForward(70_000);
    await page.getByTestId('stale-bar').waitFor();
    await page.getByTestId('server-bar').waitFor();
    expect(await textOf(page, 'server-bar')).toContain('the Evenkeel server does not answer.');
    expect(await textOf(page, 'nav')).toContain('$24,816.40');
  });

  it('keeps the rest of the page when one panel has no data', async () => {
    const { page } = await suite.open({
      expectFaults: /500/,
      before: ({ fixture }) => {
        fixture.broken.add('/api/series');
      },
    });
    await page.getByTestId('drift').getByTestId('panel-error').waitFor();
    expect(await page.getByTestId('drift').getByTestId('panel-error').textContent()).toContain('DATABASE_DOWN');
    expect(await page.getByTestId('allocation-row').count()).toBe(4);
    expect(await page.getByTestId('check-row').count()).toBeGreaterThan(3);
    expect(await axe(page)).toEqual([]);
  });

  it('shows a skeleton of the real layout while nothing has come yet', async () => {
    const { page } = await suite.open({
      before: ({ fixture }) => {
        fixture.hanging.add('/api/status');
      },
    });
    await page.getByTestId('loading').waitFor();
    expect(await page.getByTestId('skeleton').count()).toBeGreaterThan(3);
    expect(await axe(page)).toEqual([]);
  });
});

describe('decisions', () => {
  it('collapses what repeats, opens it in place, and explains each check', async () => {
    const { page } = await suite.open({ hash: '#/decisions' });
    const run = page.getByTestId('run-row');
    await run.waitFor();
    expect(await run.textContent()).toContain('23 checks, in band, max drift 3.4 points.');
    const rows = await page.getByTestId('check-row').count();
    await run.getByRole('button', { name: 'Show each' }).click();
    expect(await page.getByTestId('check-row').count()).toBe(rows + 23);
    await page.getByLabel('Outcome').selectOption('HELD_BACK');
    expect(await page.getByTestId('check-row').count()).toBe(2);
    await page.getByRole('link', { name: /Why, check 167/ }).click();
    await page.getByTestId('sentence').waitFor();
    expect(await textOf(page, 'sentence')).toBe('Gas 61 gwei is over your 40 gwei cap. WBTC was 5.3 points off.');
    expect(await textOf(page, 'counterfactual')).toBe('Would trade if gas were at most 40 gwei.');
    const failed = page.locator('[data-testid=guard][data-pass=false]');
    expect(await failed.count()).toBe(2);
    expect(await failed.first().textContent()).toMatch(/gas price[\s\S]*61 gwei[\s\S]*at most 40 gwei[\s\S]*Not met/i);
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('shows promised against realised, to the cent, and the whole record', async () => {
    const { page } = await suite.open({ hash: '#/decisions/166' });
    expect(await page.getByTestId('naive').textContent()).toMatch(
      /5-point band.*through USDC.*\$2\.90.*\$1,229\.60.*moved.*This plan: \$1\.35/s,
    );
    const total = page.getByTestId('cost-table').locator('tfoot td');
    await total.first().waitFor();
    expect((await total.allInnerTexts()).map((t) => t.replace(/\s+/g, ' '))).toEqual(['$1.35 test', '$1.37 test']);
    expect(await page.getByTestId('fill').textContent()).toMatch(/0\.214 WETH[\s\S]*612\.4 USDC[\s\S]*612\.41 USDC/);
    await page.getByText('Show the whole record as JSON').click();
    expect(JSON.parse((await page.getByTestId('raw').locator('pre').textContent()) ?? '')).toMatchObject({
      checkId: 166,
    });
  });

  it('says so when a check does not exist', async () => {
    const { page } = await suite.open({ hash: '#/decisions/999', expectFaults: /404/ });
    await page.getByTestId('panel-error').waitFor();
    expect(await textOf(page, 'panel-error')).toContain('CHECK_UNKNOWN');
  });
});

describe('reach', () => {
  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ] as const)('everything by keyboard on a %s, with a visible ring that nothing covers', async (_n, view: View) => {
    const { page } = await suite.open({ view });
    await page.getByTestId('check-row').first().waitFor();
    const stops = await tabStops(page, 14);
    expect(stops.map((s) => s.name).slice(0, 4)).toEqual([
      'Skip to content',
      'Overview',
      'Decisions',
      expect.stringMatching(/^Connect/),
    ]);
    expect(stops.filter((s) => !s.visible)).toEqual([]);
    expect(stops.length).toBeGreaterThan(8);
  });

  it('has no dead link', async () => {
    const { page } = await suite.open();
    await page.getByTestId('check-row').first().waitFor();
    const targets = await page.locator('a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    for (const target of new Set(targets)) {
      await page.goto(new URL(target ?? '', page.url()).href);
      await page.locator(ready).first().waitFor();
      expect(await page.getByText('There is no such page.').count()).toBe(0);
    }
  });

  it.each(['forcedColors', 'reducedMotion', 'print'] as const)('keeps its content with %s', async (kind) => {
    const { page } = await suite.open();
    await page.getByTestId('overview').waitFor();
    if (kind === 'forcedColors') await page.emulateMedia({ forcedColors: 'active' });
    if (kind === 'reducedMotion') await page.emulateMedia({ reducedMotion: 'reduce' });
    if (kind === 'print') await page.emulateMedia({ media: 'print' });
    expect(await page.getByTestId('headline').isVisible()).toBe(true);
    expect(await page.getByTestId('allocation-row').first().isVisible()).toBe(true);
    expect(await page.getByTestId('mode').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Pause' }).isVisible()).toBe(kind !== 'print');
  });
});

describe('the bundle', () => {
  const files = (): readonly (readonly [string, string])[] =>
    readdirSync(join(suite.dir(), 'assets'))
      .filter((f) => /\.(js|css)$/.test(f))
      .map((f) => [f, readFileSync(join(suite.dir(), 'assets', f), 'utf8')]);

  it('holds no code of the rehearsal wallet', () => {
    for (const [, text] of files())
      expect(text).not.toMatch(/org\.evenkeel\.rehearsal|Local test wallet|\/rehearsal\/rpc/);
  });

  it('loads viem only when a wallet is used', async () => {
    const { page, fixture } = await suite.open();
    await page.getByTestId('overview').waitFor();
    const [chunk] = files().filter(([name]) => name.startsWith('chain-'));
    expect(chunk).toBeDefined();
    expect(fixture.requests.filter((r) => r.includes(chunk?.[0] ?? ''))).toEqual([]);
  });
});
