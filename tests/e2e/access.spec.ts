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

const looks: { locale: Locale; theme: Theme; width: number }[] = [
	{ locale: 'en', theme: 'light', width: 1280 },
	{ locale: 'zh', theme: 'dark', width: 1280 },
	{ locale: 'zh', theme: 'light', width: 360 },
	{ locale: 'en', theme: 'dark', width: 360 }
];

for (const { locale, theme, width } of looks) {
	test(`every page is accessible and fits in ${locale}, ${theme}, ${width} pixels wide`, async ({ demo, browser }) => {
		test.setTimeout(300_000);
		const session = await demo.login('demo', 'geoml-hub-demo');
		const found: string[] = [];
		for (const { name, path, signedIn } of await everyPage(demo, session.access)) {
			// A frame of axe's own needs what the hub's policy refuses, so the policy is set aside for this one look.
			const context = await browser.newContext({ viewport: { width, height: 800 }, bypassCSP: true });
			const page = await context.newPage();
			await arrive(page, { locale, theme, session: signedIn ? session : undefined });
			await page.goto(demo.address + path);
			await settled(page);
			const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
			if (wider > 0) found.push(`${name}: ${wider} pixels too wide`);
			// A document that is shown may have a first heading of its own.
			const headings = page.locator('h1:not(.prose h1)');
			await expect(headings).toHaveCount(1).catch(async () => {
				found.push(`${name}: ${await headings.count()} first headings`);
			});
			await page.evaluate(AXE);
			const violations: Violation[] = await page.evaluate(async () => {
				const axe = (window as any).axe;
				return (await axe.run(document, { resultTypes: ['violations'] })).violations;
			});
			for (const { id, impact, nodes } of violations.filter((one) => ['serious', 'critical'].includes(one.impact))) {
				found.push(`${name}: ${id} (${impact}): ${nodes.slice(0, 2).map((node) => `${node.html.slice(0, 160)} – ${node.failureSummary.split('\n')[1]?.trim().slice(0, 160)}`).join(' | ')}`);
			}
			await context.close();
		}
		expect(found).toEqual([]);
	});
}
