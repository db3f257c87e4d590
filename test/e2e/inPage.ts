/** Checks that run inside the page, as text because the rest of the project is typed without a DOM. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type AxeResult = {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
};

/** "rule: selector: what to do" for each violation of axe's WCAG A and AA and best-practice rules. */
export async function axe(page: Page): Promise<readonly string[]> {
  // evaluate() is not bound by the page's CSP, unlike a script element.
  await page.evaluate(axeSource);
  const result = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResult;
  return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`));
}

/** Elements with own visible text below `min` CSS pixels, SVG scaling included. */
export async function smallText(page: Page, min: number): Promise<readonly string[]> {
  return (await page.evaluate(`(() => {
    const out = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const el = node.parentElement;
      if (!node.textContent.trim() || !el || ['SCRIPT', 'NOSCRIPT', 'STYLE', 'OPTION'].includes(el.tagName)) continue;
      if (el.getClientRects().length === 0) continue;
      let size = parseFloat(getComputedStyle(el).fontSize);
      if (el.ownerSVGElement) {
        const m = el.getScreenCTM();
        size *= Math.hypot(m.a, m.b);
      }
      if (size < ${min} - 0.01) out.push(size.toFixed(2) + 'px ' + el.tagName + ' ' + node.textContent.trim().slice(0, 40));
    }
    return out;
  })()`)) as readonly string[];
}

/** Pixels by which the page is wider than its window. */
export async function sidewaysOverflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
}

/** Controls smaller than WCAG 2.5.8 allows (24 px), links inside a sentence excepted. */
export async function smallTargets(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('button, select, input, summary, nav a')]
    .filter((el) => el.getClientRects().length > 0 && !el.matches('.skip, input[type=checkbox]'))
    .map((el) => [el, el.getBoundingClientRect()])
    .filter(([, r]) => r.width < 24 || r.height < 23.5)
    .map(([el, r]) => el.textContent + ' ' + r.width + 'x' + r.height)`)) as readonly string[];
}

/** Names of what Tab reaches, in order, each with whether its focus ring shows and nothing covers it. */
export async function tabStops(page: Page, most: number): Promise<readonly { name: string; visible: boolean }[]> {
  const stops: { name: string; visible: boolean }[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const stop = (await page.evaluate(`(() => {
      const el = document.activeElement;
      if (!el || el === document.body) return null;
      const r = el.getBoundingClientRect();
      const style = getComputedStyle(el);
      const x = Math.min(innerWidth - 1, Math.max(0, r.left + r.width / 2));
      const y = r.top + Math.min(r.height / 2, 20);
      const top = document.elementFromPoint(x, y);
      return {
        name: (el.getAttribute('aria-label') ?? el.textContent ?? el.tagName).trim().slice(0, 60),
        visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && !!top && (el.contains(top) || top.contains(el)),
      };
    })()`)) as { name: string; visible: boolean } | null;
    if (stop === null) break;
    stops.push(stop);
  }
  return stops;
}
