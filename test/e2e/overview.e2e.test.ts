/**
 * The whole product in one go: the page of a running rehearsal refuses a trade and says why, makes one, is paused and
 * emptied by its owner; and every figure it shows is the chain's.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { type Address, formatUnits, type Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check, Public, Status } from '../../src/api/types.ts';
import { DESKTOP, launch, openWatched, PHONE, type Watched } from './browser.ts';
import { axe, sidewaysOverflow, smallText } from './inPage.ts';
import { connectWallet, eventually, textOf } from './pageSuite.ts';
import { type Product, startProduct } from './product.ts';
import { readTruth, type Truth } from './truth.ts';

const LONG = 120_000;

let product: Product;
let browser: Browser;
let watched: Watched;
let truth: Truth;
let status: Public<Status>;

async function buildForRelease(): Promise<void> {
  const root = resolve(import.meta.dirname, '../..');
  const env = { ...process.env, NODE_ENV: 'production' };
  const args = ['node_modules/vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`vite build ended with ${code}`);
}

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, product.url));
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

function dollars(usdE8: bigint): string {
  const cents = (usdE8 + 500_000n) / 1_000_000n;
  return `$${(Number(cents) / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })}`;
}

/** The id in the newest "Why" link of an outcome. */
async function newest(outcome: string): Promise<number> {
  const row = watched.page.locator(`[data-outcome=${outcome}]`).first();
  await row.waitFor({ timeout: LONG });
  const href = await row.getByRole('link', { name: /^Why/ }).getAttribute('href');
  return Number(href?.split('/').at(-1));
}

beforeAll(async () => {
  await buildForRelease();
  product = await startProduct({ scenario: 'gas-spike', speed: 7_200, seed: 7 });
  browser = await launch();
  watched = await openWatched(browser, DESKTOP);
  status = await getJson<Public<Status>>('/api/status');
  truth = readTruth(product.rpcUrl, status.vault as Address);
}, LONG);

afterAll(async () => {
  await browser?.close();
  expect(await product?.stop()).toBe(0);
}, LONG);

describe('a rehearsal in which gas is dear while ETH rises', () => {
  it('shows what the vault holds at the block it names', { timeout: LONG }, async () => {
    const { page } = watched;
    await page.goto(product.url);
    await page.getByTestId('overview').waitFor({ timeout: LONG });
    expect(await textOf(page, 'mode')).toBe('LOCAL REHEARSAL');
    const shown = (await page.evaluate(`({
      nav: document.querySelector('[data-testid=nav]').textContent,
      age: document.querySelector('[data-testid=data-age]').textContent,
      weights: [...document.querySelectorAll('[data-testid=allocation-row]')].map((r) => [r.dataset.symbol, r.querySelector('[data-testid=weight]').textContent]),
    })`)) as { nav: string; age: string; weights: [string, string][] };
    const block = BigInt(/block ([\d,]+)/.exec(shown.age)?.[1]?.replaceAll(',', '') ?? '-1');
    const holdings = await truth.holdings(block);
    const nav = holdings.reduce((sum, h) => sum + h.valueUsdE8, 0n);
    expect(shown.nav).toBe(`${dollars(nav)} test`);
    expect(shown.weights.map(([symbol]) => symbol)).toEqual(holdings.map((h) => h.symbol));
    for (const [i, [, weight]] of shown.weights.entries()) {
      const exact = (Number(holdings[i]?.valueUsdE8) / Number(nav)) * 100;
      expect(Math.abs(Number(weight.replace('%', '')) - exact)).toBeLessThanOrEqual(0.061);
    }
  });

  it('holds a trade back and says why, with the gas price of that block', { timeout: LONG }, async () => {
    const { page } = watched;
    const id = await newest('HELD_BACK');
    const check = await getJson<Public<Check>>(`/api/checks/${id}`);
    expect(check.reason).toBe('GAS_ABOVE_CAP');
    expect(BigInt(check.gas.baseFeeWei)).toBe(await truth.baseFee(BigInt(check.block.number)));
    await page.goto(`${product.url}/#/decisions/${id}`);
    const guard = page.locator('[data-testid=guard][data-code=GAS_ABOVE_CAP][data-pass=false]').first();
    await guard.waitFor();
    const gwei = Number(BigInt(check.gas.baseFeeWei) + BigInt(check.gas.priorityFeeWei)) / 1e9;
    const text = (await guard.textContent()) ?? '';
    expect(Math.abs(Number(/([\d.,]+) gwei/.exec(text)?.[1]?.replaceAll(',', '')) - gwei)).toBeLessThan(0.01);
    expect(text).toContain('Not met');
    expect(await textOf(page, 'sentence')).toContain('Gas of');
    expect((await textOf(page, 'counterfactual')).length).toBeGreaterThan(10);
    expect(await axe(page)).toEqual([]);
  });

  it('trades once gas is cheap, and shows the fills and costs of the receipts', { timeout: LONG }, async () => {
    const { page } = watched;
    await page.goto(`${product.url}/#/`);
    const id = await newest('TRADED');
    const check = await getJson<Public<Check>>(`/api/checks/${id}`);
    await page.goto(`${product.url}/#/decisions/${id}`);
    await page.getByTestId('fill').first().waitFor();
    const hashes = [...new Set(check.txHashes)] as Hex[];
    const filled = (await Promise.all(hashes.map((hash) => truth.fills(hash)))).flat();
    expect(filled.length).toBeGreaterThan(0);
    const rows = await page.getByTestId('fill').all();
    expect(rows).toHaveLength(filled.length);
    const holdings = await truth.holdings(BigInt(check.block.number));
    for (const [i, fill] of filled.entries()) {
      const exact = (index: number, amount: bigint): string => {
        const asset = holdings[index];
        if (asset === undefined) throw new Error(`no asset ${index}`);
        const [integer = '', fraction] = formatUnits(amount, asset.decimals).split('.');
        const grouped = BigInt(integer).toLocaleString('en-US');
        return `${fraction === undefined ? grouped : `${grouped}.${fraction}`} ${asset.symbol}`;
      };
      const titles = await rows[i]?.locator('.money').evaluateAll((all) => all.map((el) => el.getAttribute('title')));
      expect(titles?.slice(0, 2)).toEqual([exact(fill.sell, fill.amountIn), exact(fill.buy, fill.amountOut)]);
    }
    const gas = (await Promise.all(hashes.map((hash) => truth.gasWei(hash)))).reduce((a, b) => a + b, 0n);
    expect(BigInt(check.realised?.gasWei ?? -1)).toBe(gas);
    const realised = page.getByTestId('cost-table').locator('tbody td:last-child');
    const cents = (await realised.allInnerTexts()).map((t) =>
      Math.round(Number(t.replace('\u2212', '-').replace(/[^\d.-]/g, '')) * 100),
    );
    const total = page.getByTestId('cost-table').locator('tfoot td:last-child');
    const shown = Math.round(Number(((await total.textContent()) ?? '').replace(/[^\d.-]/g, '')) * 100);
    expect(cents.reduce((a, b) => a + b, 0)).toBe(shown);
  });

  it('is paused by its owner, on the chain', { timeout: LONG }, async () => {
    const { page } = watched;
    await page.goto(`${product.url}/#/`);
    await connectWallet(page);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator('[data-testid=action-status][data-state=confirmed]').first().waitFor({ timeout: LONG });
    const { timestamp } = await truth.client.getBlock();
    expect(await truth.pausedUntil()).toBeGreaterThan(Number(timestamp));
    await eventually(() => textOf(page, 'headline')).toBe('Paused by you.');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.title()).toBe('Paused \u2013 Evenkeel');
  });

  it('is emptied by its owner, to the last unit', { timeout: LONG }, async () => {
    const { page } = watched;
    const owner = await truth.owner();
    const holdings = await truth.holdings(await truth.client.getBlockNumber());
    const before = await Promise.all(holdings.map((h) => truth.balance(h.token, owner)));
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    const dialog = page.getByTestId('withdraw-dialog');
    await dialog.getByTestId('coin').first().waitFor();
    expect(await dialog.getByText(owner).isVisible()).toBe(true);
    for (const h of holdings) {
      const [integer = '', fraction = ''] = formatUnits(h.balance, h.decimals).split('.');
      const amount = `${BigInt(integer).toLocaleString('en-US')}${fraction === '' ? '' : `.${fraction}`}`;
      const cell = dialog.locator(`[data-symbol=${h.symbol}] [data-testid=coin-amount]`);
      expect(await cell.textContent()).toBe(`${amount} test`);
    }
    await dialog.getByRole('button', { name: /^Withdraw \d coins$/ }).click();
    await dialog.locator('[data-testid=action-status][data-state=confirmed]').waitFor({ timeout: LONG });
    await dialog.getByText('The vault is empty now.').waitFor();
    const after = await Promise.all(holdings.map((h) => truth.balance(h.token, owner)));
    expect(after).toEqual(before.map((amount, i) => amount + (holdings[i]?.balance ?? 0n)));
    for (const h of holdings) expect(await truth.balance(h.token, status.vault as Address)).toBe(0n);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('The vault is empty, so there is nothing to withdraw.').waitFor();
  });

  it('fits a phone as well, in both themes', { timeout: LONG }, async () => {
    for (const theme of ['light', 'dark'] as const) {
      const phone = await openWatched(browser, { ...PHONE, theme });
      await phone.page.goto(product.url);
      await phone.page.getByTestId('overview').waitFor();
      await phone.page.locator('[data-testid=check-row], [data-testid=run-row]').first().waitFor();
      expect(await sidewaysOverflow(phone.page)).toBe(0);
      expect(await smallText(phone.page, 12)).toEqual([]);
      expect(await axe(phone.page)).toEqual([]);
      expect(phone.faults).toEqual([]);
      await phone.context.close();
    }
  });

  it('asked nothing of the outside world and complained about nothing', () => {
    expect(watched.faults).toEqual([]);
  });
});
