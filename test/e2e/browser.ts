import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Everything in Chromium that would call home without being asked. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];

export async function launch(): Promise<Browser> {
  const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
  const executablePath = installed ?? (await (await import('@sparticuz/chromium')).default.executablePath());
  // Chromium's sandbox refuses to start as root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, headless: true, args: [...QUIET, ...sandbox] });
}

export type View = {
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
  readonly touch?: boolean;
};

export const DESKTOP: View = { width: 1440, height: 940, theme: 'light' };
export const PHONE: View = { width: 390, height: 844, theme: 'light', touch: true };

export type Watched = {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything that must be empty at the end: console errors, page errors, CSP violations, requests beyond loopback. */
  readonly faults: string[];
};

export function isLoopback(url: string): boolean {
  if (url.startsWith('data:') || url.startsWith('blob:') || url.startsWith('about:')) return true;
  const { hostname } = new URL(url);
  return hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
}

/** A page whose every outside request is stopped and recorded, and whose every complaint is kept. */
export async function openWatched(browser: Browser, view: View): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: view.width, height: view.height },
    colorScheme: view.theme,
    hasTouch: view.touch === true,
    locale: 'en-US',
    timezoneId: 'UTC',
  });
  const faults: string[] = [];
  await context.route(
    (url) => !isLoopback(url.href),
    async (route) => {
      faults.push(`request beyond loopback: ${route.request().url()}`);
      await route.abort();
    },
  );
  await context.exposeBinding('__cspViolation', (_source, text: string) => {
    faults.push(`CSP: ${text}`);
  });
  await context.addInitScript(
    `document.addEventListener('securitypolicyviolation', (e) => __cspViolation(e.violatedDirective + ' ' + e.blockedURI));`,
  );
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  return { context, page, faults };
}
