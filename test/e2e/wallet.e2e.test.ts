import { describe, expect, it } from 'vitest';
import { PHONE } from './browser.ts';
import { OWNER, paused, STRANGER, VAULT } from './fixtureData.ts';
import { axe, sidewaysOverflow, smallText } from './inPage.ts';
import { connectWallet, eventually, pageSuite, textOf } from './pageSuite.ts';

const suite = pageSuite();
const actionState = '[data-testid=action-status]';

describe('connecting', () => {
  it('lists the announced wallet and shows the account', async () => {
    const { page } = await suite.open();
    await page.getByTestId('wallet').click();
    const dialog = page.getByTestId('connect-dialog');
    expect(await dialog.textContent()).toContain(
      'Connecting lets this page see your address. It cannot move anything.',
    );
    expect(await dialog.getByRole('listitem').count()).toBe(1);
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: /Local test wallet/ }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await textOf(page, 'wallet')).toBe('0xf39Fd6\u2026b92266');
    await page.reload();
    await eventually(() => textOf(page, 'wallet')).toBe('0xf39Fd6\u2026b92266');
  });

  it.each([
    ['refuse', 'You declined. Nothing was sent.'],
    ['pending', 'A request is already open in Local test wallet. Answer it there.'],
  ] as const)('says what happened when the wallet answers "%s"', async (answer, text) => {
    const { page, chain } = await suite.open();
    chain.connect = answer;
    await page.getByTestId('wallet').click();
    await page.getByRole('button', { name: /Local test wallet/ }).click();
    await page.getByTestId('connect-dialog').getByText(text).waitFor();
    expect(await textOf(page, 'wallet')).toBe('Connect wallet');
    chain.connect = 'accept';
    await page.getByRole('button', { name: /Local test wallet/ }).click();
    await eventually(() => textOf(page, 'wallet')).toBe('0xf39Fd6\u2026b92266');
  });

  it('can be given up while the wallet does not answer, and gives the focus back', async () => {
    const { page, chain } = await suite.open();
    chain.connect = 'never';
    await page.getByTestId('wallet').click();
    await page.getByRole('button', { name: /Local test wallet/ }).click();
    await page.getByText('Open Local test wallet to answer.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.keyboard.press('Escape');
    await page.getByTestId('connect-dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('wallet');
  });

  it('lists each of several wallets once, however often and late it announces itself', async () => {
    const { page } = await suite.open();
    await page.getByTestId('wallet').click();
    const items = page.getByTestId('connect-dialog').getByRole('listitem');
    await eventually(() => items.count()).toBe(1);
    await page.evaluate(`for (let i = 0; i < 3; i++) dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: {
      info: { uuid: 'late-' + i, name: 'Late wallet', icon: 'https://example.invalid/icon.png', rdns: 'org.example.late' },
      provider: { request: async () => [] },
    } }))`);
    await eventually(() => items.count()).toBe(2);
    expect(await items.last().textContent()).toContain('org.example.late');
    await page.getByRole('button', { name: /Late wallet/ }).click();
    await page.getByText('Late wallet did not connect: it named no account').waitFor();
  });

  it('says so when there is no wallet, and what still works', async () => {
    const { page } = await suite.open({
      expectFaults: /500|rehearsal/,
      before: ({ fixture }) => {
        fixture.broken.add('/rehearsal/wallet.js');
      },
    });
    await page.getByTestId('wallet').click();
    await eventually(() => textOf(page, 'no-wallet')).toContain('No wallet found in this browser.');
  });

  it('takes another account and another chain for what they are', async () => {
    const { page, chain } = await suite.open();
    await connectWallet(page);
    const pause = page.getByRole('button', { name: 'Pause', exact: true });
    await eventually(() => pause.isEnabled()).toBe(true);
    await page.evaluate(`__emit('chainChanged', '0x1')`);
    await page.getByTestId('wrong-chain').waitFor();
    expect(await textOf(page, 'wrong-chain')).toContain('Your wallet is on chain 1; this vault lives on chain 913377.');
    expect(await pause.isEnabled()).toBe(false);
    await page.evaluate(`__emit('chainChanged', '0x${chain.chainId.toString(16)}')`);
    await page.getByTestId('wrong-chain').waitFor({ state: 'detached' });
    await page.evaluate(`__emit('accountsChanged', ['${STRANGER}'])`);
    await expect
      .poll(() => textOf(page, 'why-not'))
      .toBe('Only the owner, 0xf39Fd6\u2026b92266, can pause or withdraw. You are connected as 0x709979\u2026dc79C8.');
    expect(await pause.isEnabled()).toBe(false);
    await page.evaluate(`__emit('accountsChanged', [])`);
    await eventually(() => textOf(page, 'wallet')).toBe('Connect wallet');
  });

  it('keeps the controls off for whoever is not connected', async () => {
    const { page } = await suite.open();
    await page.getByTestId('why-not').waitFor();
    for (const name of ['Pause', 'Withdraw'])
      expect(await page.getByRole('button', { name, exact: true }).isEnabled()).toBe(false);
  });
});

describe('pausing', () => {
  it('simulates, sends exactly pause() to the vault, and follows it to its block', async () => {
    const { page, chain, fixture } = await suite.open();
    await connectWallet(page);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator(`${actionState}[data-state=confirmed]`).waitFor();
    expect(chain.sent).toEqual([{ to: VAULT, from: OWNER, call: 'pause', args: [] }]);
    expect(await textOf(page, 'action-status')).toContain('Confirmed in block 19,204,120.');
    fixture.world = paused();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await eventually(() => chain.sent.map((s) => s.call)).toEqual(['pause', 'resume']);
  });

  it('says that nothing was sent when declined', async () => {
    const { page, chain } = await suite.open();
    chain.sign = 'refuse';
    await connectWallet(page);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await eventually(() => textOf(page, 'action-status')).toBe('You declined. Nothing was sent.');
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).isEnabled()).toBe(true);
  });

  it('waits for the wallet, and says a mined failure aloud', async () => {
    const { page, chain } = await suite.open();
    await connectWallet(page);
    chain.sign = 'never';
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await eventually(() => textOf(page, 'action-status')).toBe('Pause: open Local test wallet to answer.');
    await page.reload();
    chain.sign = 'accept';
    chain.revert = true;
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator(`${actionState}[data-state=reverted]`).waitFor();
    expect(await page.getByTestId('action-status').getByRole('alert').textContent()).toContain(
      'Only the network fee was spent.',
    );
  });

  it('leaves Pause and Withdraw on, and Resume off, while the data is old', async () => {
    const { page, fixture } = await suite.open();
    await connectWallet(page);
    const old = { ...fixture.world.status, dataAgeS: 500 };
    fixture.world = { ...fixture.world, status: old };
    await page.getByTestId('stale-bar').waitFor();
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).isEnabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Withdraw', exact: true }).isEnabled()).toBe(true);
    fixture.world = { ...paused(), status: { ...paused().status, dataAgeS: 500 } };
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByRole('button', { name: 'Resume' }).isEnabled()).toBe(false);
  });
});

describe('withdrawing', () => {
  it('lists exact amounts and the only address, and takes one answer', async () => {
    const { page, chain, fixture } = await suite.open();
    await connectWallet(page);
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    const dialog = page.getByTestId('withdraw-dialog');
    await dialog.getByTestId('coin').first().waitFor();
    expect(await dialog.getByTestId('coin').count()).toBe(4);
    const usdc = fixture.world.status.assets.find((a) => a.symbol === 'USDC');
    const exact = (Number(usdc?.balance) / 1e6).toLocaleString('en-US', { maximumFractionDigits: 6 });
    expect(await dialog.locator('[data-symbol=USDC] [data-testid=coin-amount]').textContent()).toContain(exact);
    expect(await dialog.textContent()).toContain(OWNER);
    expect(await dialog.textContent()).toContain(
      'Withdrawing in kind needs no price, no keeper and no permission from us.',
    );
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Withdraw 4 coins' }).click();
    await dialog.locator(`${actionState}[data-state=confirmed]`).waitFor();
    expect(chain.sent).toEqual([{ to: VAULT, from: OWNER, call: 'withdrawAll', args: [[]] }]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Withdraw');
  });

  it('names a coin that fails and leaves it behind on request', async () => {
    const { page, chain, fixture } = await suite.open();
    await connectWallet(page);
    const link = fixture.world.status.assets.find((a) => a.symbol === 'LINK');
    chain.stuckToken = link?.token ?? null;
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    const dialog = page.getByTestId('withdraw-dialog');
    await dialog.getByRole('button', { name: 'Withdraw 4 coins' }).click();
    await dialog.locator(`${actionState}[data-state=would-fail]`).waitFor();
    expect(await dialog.getByTestId('action-status').textContent()).toMatch(
      /LINK .* refused the transfer\. Nothing was sent\./,
    );
    expect(chain.sent).toEqual([]);
    await dialog.getByRole('button', { name: 'Leave LINK in the vault' }).click();
    await dialog.getByRole('button', { name: 'Withdraw 3 coins' }).click();
    await dialog.locator(`${actionState}[data-state=confirmed]`).waitFor();
    expect(JSON.stringify(chain.sent.map((s) => s.args)).toLowerCase()).toBe(
      JSON.stringify([[[link?.token]]]).toLowerCase(),
    );
  });

  it('refuses when the vault names another owner than our server does', async () => {
    const { page, chain } = await suite.open();
    await connectWallet(page);
    chain.owner = STRANGER;
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    const dialog = page.getByTestId('withdraw-dialog');
    await dialog.getByText(`its owner is ${STRANGER}, not the connected account.`).waitFor();
    expect(await dialog.getByRole('button', { name: /^Withdraw/ }).isEnabled()).toBe(false);
  });

  it('fits a phone', async () => {
    const { page } = await suite.open({ view: { ...PHONE, width: 320 } });
    await connectWallet(page);
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    await page.getByTestId('coin').first().waitFor();
    expect(await sidewaysOverflow(page)).toBe(0);
    expect(await smallText(page, 12)).toEqual([]);
    expect(
      await page.evaluate(
        '(() => { const d = document.querySelector("dialog"); return d.scrollWidth - d.clientWidth; })()',
      ),
    ).toBe(0);
  });
});
