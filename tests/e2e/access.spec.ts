import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { everyPage } from './support/pages';
import { arrive, expect, settled, test, type Locale, type Theme } from './support/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
	id: string;
	impact: string;
	nodes: { html: string; failureSummary: string }[];
}

/** What another theme can change. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

const looks: { locale: Locale; width: number; themes: [Theme, Theme] }[] = [
	{ locale: 'en', width: 1280, themes: ['light', 'dark'] },
	{ locale: 'zh', width: 1280, themes: ['dark', 'light'] },
	{ locale: 'zh', width: 360, themes: ['light', 'dark'] },
	{ locale: 'en', width: 360, themes: ['dark', 'light'] }
];

/** What is serious, in words; with `rules`, only what these find. */
async function violationsOn(page: Page, rules?: string[]): Promise<string[]> {
	const violations: Violation[] = await page.evaluate(async (only) => {
		const runOnly = only === undefined ? {} : { runOnly: { type: 'rule', values: only } };
		const options = { resultTypes: ['violations'], ...runOnly };
		return (await (window as any).axe.run(document, options)).violations;
	}, rules);
	const words = ({ html, failureSummary }: Violation['nodes'][number]) =>
		`${html.slice(0, 160)} – ${failureSummary.split('\n')[1]?.trim().slice(0, 160)}`;
	return violations
		.filter(({ impact }) => ['serious', 'critical'].includes(impact))
		.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.slice(0, 2).map(words).join(' | ')}`);
}

/** How much wider than the window a page is. */
function excessWidth(page: Page): Promise<number> {
	return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

for (const { locale, width, themes } of looks) {
	test(`every page is accessible and fits in ${locale}, ${width} pixels wide, ${themes.join(' and ')}`, async ({ demo, browser }) => {
		test.setTimeout(300_000);
		const session = await demo.login('demo', 'geoml-hub-demo');
		const found: string[] = [];
		const pages = await everyPage(demo, session.access);
		for (const isSignedIn of [false, true]) {
			// A frame of axe's own needs what the hub's policy refuses, so the policy is set aside for this one look.
			const options = { viewport: { width, height: 800 }, bypassCSP: true, reducedMotion: 'reduce' } as const;
			const context = await browser.newContext(options);
			const page = await context.newPage();
			await arrive(page, { locale, theme: themes[0], session: isSignedIn ? session : undefined });
			for (const { name, path } of pages.filter((one) => (one.signedIn ?? false) === isSignedIn)) {
				await page.goto(demo.address + path);
				await settled(page);
				// A document that is shown may have a first heading of its own.
				const headings = page.locator('h1:not(.prose h1)');
				await expect(headings).toHaveCount(1).catch(async () => {
					found.push(`${name}: ${await headings.count()} first headings`);
				});
				await page.evaluate(AXE);
				for (const theme of themes) {
					// The second theme comes over a page that is already there, as by the menu in its header.
					await page.evaluate(async (chosen) => {
						document.documentElement.dataset.theme = chosen;
						await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
					}, theme);
					const excess = await excessWidth(page);
					if (excess > 0) found.push(`${name}, ${theme}: ${excess} pixels too wide`);
					const violations = await violationsOn(page, theme === themes[0] ? undefined : COLOURS);
					found.push(...violations.map((violation) => `${name}, ${theme}: ${violation}`));
				}
			}
			await context.close();
		}
		expect(found).toEqual([]);
	});
}
