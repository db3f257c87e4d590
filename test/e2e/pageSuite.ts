import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { DESKTOP, launch, openWatched, type View, type Watched } from './browser.ts';
import { type BuiltPage, buildPage } from './build.ts';
import { type FakeChain, fakeChain } from './fakeChain.ts';
import { type Fixture, startFixture } from './fixture.ts';
import { ordinary, type World } from './fixtureData.ts';

export type Opened = {
  readonly page: Page;
  readonly faults: string[];
  readonly fixture: Fixture;
  readonly chain: FakeChain;
};

export type PageSuite = {
  /** A fresh server, wallet and browser context; everything is closed, and checked for faults, after the test. */
  readonly open: (options?: OpenOptions) => Promise<Opened>;
  readonly dir: () => string;
};

export type OpenOptions = {
  readonly world?: World;
  readonly view?: View;
  readonly hash?: string;
  /** Console errors that the test brings about itself, e.g. an answer of 500. */
  readonly expectFaults?: RegExp;
  readonly before?: (opened: Opened) => void | Promise<void>;
};

/** Registers the hooks of a suite that drives the built page against canned answers. */
export function pageSuite(): PageSuite {
  let built: BuiltPage | undefined;
  let browser: Browser | undefined;
  const live: { watched: Watched; fixture: Fixture; expectFaults: RegExp | undefined }[] = [];

  beforeAll(async () => {
    built = await buildPage();
    browser = await launch();
  });
  afterEach(async () => {
    for (const { watched, fixture, expectFaults } of live.splice(0)) {
      await watched.context.close();
      await fixture.close();
      expect(watched.faults.filter((f) => expectFaults?.test(f) !== true)).toEqual([]);
    }
  });
  afterAll(async () => {
    await browser?.close();
    await built?.remove();
  });

  return {
    dir: () => {
      if (built === undefined) throw new Error('the page is not built yet');
      return built.dir;
    },
    open: async ({ world = ordinary(), view = DESKTOP, hash = '#/', expectFaults, before } = {}) => {
      if (built === undefined || browser === undefined) throw new Error('the suite has not started');
      const fixture = await startFixture(built.dir, world);
      const chain = fakeChain(() => fixture.world);
      fixture.rpc = chain.rpc;
      const watched = await openWatched(browser, view);
      live.push({ watched, fixture, expectFaults });
      const opened: Opened = { page: watched.page, faults: watched.faults, fixture, chain };
      await before?.(opened);
      await watched.page.goto(fixture.url + hash);
      return opened;
    },
  };
}

export async function textOf(page: Page, testId: string): Promise<string> {
  return ((await page.getByTestId(testId).first().textContent()) ?? '').replace(/\s+/g, ' ').trim();
}

/** Connects the local wallet through the dialog, as a person would. */
export async function connectWallet(page: Page): Promise<void> {
  await page.getByTestId('wallet').click();
  await page
    .getByTestId('connect-dialog')
    .getByRole('button', { name: /Local test wallet/ })
    .click();
  await page.getByTestId('connect-dialog').waitFor({ state: 'detached' });
}

/** Waits for a fact of the page, at most as long as a busy machine may need. */
export function eventually<T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 15_000 });
}
