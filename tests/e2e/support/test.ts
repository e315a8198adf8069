import { test as base, expect, type Page } from '@playwright/test';
import { Hub, type Session } from './hub';

export type Locale = 'en' | 'zh';
export type Theme = 'light' | 'dark';

interface Fixtures {
	/** An empty hub of this test alone. */
	hub: Hub;
}

interface WorkerFixtures {
	/** A hub with the demo's repositories, for tests that only read. */
	demo: Hub;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
	hub: async ({}, use) => {
		const hub = new Hub();
		await hub.start();
		await use(hub);
		await hub.finish();
	},
	demo: [
		async ({}, use) => {
			const hub = new Hub('--demo');
			await hub.start();
			await use(hub);
			await hub.finish();
		},
		{ scope: 'worker', timeout: 120_000 }
	],
	// Whatever a test does, no page may throw, and none may ask another host for anything.
	page: async ({ page }, use) => {
		const surprises: string[] = [];
		page.on('pageerror', (error) => surprises.push(`uncaught: ${error.message}`));
		page.on('request', (request) => {
			const { protocol, hostname } = new URL(request.url());
			if (protocol.startsWith('http') && hostname !== '127.0.0.1') surprises.push(`asked ${request.url()}`);
		});
		// What the policy of a document stops is reported as a request but never leaves the browser.
		page.on('requestfailed', (request) => {
			const place = surprises.indexOf(`asked ${request.url()}`);
			if (place >= 0 && request.failure()?.errorText === 'csp') surprises.splice(place, 1);
		});
		await use(page);
		expect(surprises).toEqual([]);
	}
});

export { expect };

/** Opens pages in a language, a theme, and perhaps somebody's name. Call before the first `goto`. */
export async function arrive(
	page: Page,
	options: { locale?: Locale; theme?: Theme; session?: Session } = {}
): Promise<void> {
	await page.addInitScript(
		({ locale, theme, session }) => {
			// A sandboxed document has no storage.
			if (window.top !== window || window.origin === 'null') return;
			localStorage.setItem('PARAGLIDE_LOCALE', locale);
			localStorage.setItem('geoml.theme', theme);
			// Only once: the page rotates its tokens afterwards.
			if (session !== undefined && sessionStorage.getItem('arrived') === null) {
				localStorage.setItem('geoml.session', JSON.stringify(session));
				sessionStorage.setItem('arrived', 'yes');
			}
		},
		{ locale: options.locale ?? 'en', theme: options.theme ?? 'light', session: options.session }
	);
}

/** Waits until the page is drawn and nothing on it is loading. */
export async function settled(page: Page): Promise<void> {
	// Before the script has drawn anything, nothing is busy and no key is heard either.
	await expect(page.getByRole('main')).toBeVisible();
	await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/**
 * Lets a page send no more than so many bytes in a second, so that there is a middle to act in, however fast or busy the machine
 * is. Answers what ends it.
 */
export async function slowLine(page: Page, bytesPerSecond: number): Promise<() => Promise<void>> {
	const line = await page.context().newCDPSession(page);
	const limit = (uploadThroughput: number) =>
		line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
	await line.send('Network.enable');
	await limit(bytesPerSecond);
	return async () => {
		await limit(-1);
	};
}
