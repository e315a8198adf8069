import type { Page } from '@playwright/test';
import { everyPage } from './support/pages';
import { arrive, expect, test } from './support/test';

const API = /\/api\//;

/** Pages that ask the hub for something before they can show what they are for. */
const ASKING = ['home', 'search', 'user', 'card', 'tree', 'commits', 'commit', 'branches', 'compare', 'file-csv'];

async function withoutSession(page: Page, answer: (route: import('@playwright/test').Route) => Promise<void>) {
	await page.route(API, async (route) => {
		if (route.request().url().includes('/api/auth/')) await route.continue();
		else await answer(route);
	});
}

test('every page that loads something says so, to the eye and to screen readers', async ({ demo, browser }) => {
	const session = await demo.login('demo', 'geoml-hub-demo');
	for (const { name, path } of (await everyPage(demo, session.access)).filter((one) => ASKING.includes(one.name))) {
		const page = await browser.newPage();
		await arrive(page, { session });
		await withoutSession(page, () => new Promise(() => undefined));
		await page.goto(demo.address + path, { waitUntil: 'commit' });
		await expect(page.getByRole('status').filter({ hasText: 'Loading' }).first(), name).toBeAttached();
		await expect(page.locator('main .animate-pulse').first(), name).toBeVisible();
		await page.unrouteAll({ behavior: 'ignoreErrors' });
		await page.close();
	}
});

test('every page tells when the hub does not answer, and goes on by a press of the button', async ({ demo, browser }) => {
	test.setTimeout(240_000);
	const session = await demo.login('demo', 'geoml-hub-demo');
	for (const { name, path } of (await everyPage(demo, session.access)).filter((one) => ASKING.includes(one.name))) {
		const page = await browser.newPage();
		await arrive(page, { session });
		await withoutSession(page, (route) => route.abort());
		await page.goto(demo.address + path);
		await expect(page.getByText('The hub is not responding').first(), name).toBeVisible();
		await page.unrouteAll({ behavior: 'ignoreErrors' });
		const retry = page.getByRole('button', { name: 'Try again' });
		await expect(async () => {
			// One press may bring back more than its own part.
			if ((await retry.count()) > 0) await retry.first().click({ timeout: 500 });
			await expect(retry).toHaveCount(0, { timeout: 500 });
		}).toPass();
		await expect(page.getByText('The hub is not responding'), name).toHaveCount(0);
		await page.close();
	}
});

test('a fault of the hub is told with the number under which it stands in the log', async ({ demo, page }) => {
	await arrive(page);
	await page.route(/\/api\/search\/repositories/, (route) =>
		route.fulfill({
			status: 500,
			json: { error: 'The hub met an internal error.', code: 'internal', request_id: '01a2b3c4' }
		})
	);
	await page.goto(`${demo.address}/search?q=x`);
	await expect(page.getByRole('alert')).toContainText('Something went wrong');
	await expect(page.getByRole('alert')).toContainText('01a2b3c4');
});

test('an empty hub invites to begin, and every empty place says what belongs there', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await arrive(page, { session });
	await page.goto(hub.address);
	await expect(page.getByText('Blank sheet').first()).toBeVisible();
	await expect(page.getByText('No repository of yours yet')).toBeVisible();
	await page.goto(`${hub.address}/search?q=anything`);
	await expect(page.getByText('No repositories found')).toBeVisible();
	await page.goto(`${hub.address}/ana`);
	await expect(page.getByRole('main').locator('p.title').first()).toBeVisible();
});

test('what does not exist and what one may not see look the same', async ({ hub, page }) => {
	const owner = await hub.account('owner');
	const body = { name: 'secret', description: '', repo_type: 'model', visibility: 'private' };
	await hub.call('POST', '/api/repositories', body, owner.access);
	await arrive(page);
	const seen: string[] = [];
	for (const name of ['secret', 'absent']) {
		await page.goto(`${hub.address}/owner/${name}`);
		await expect(page.getByText('Page not found')).toBeVisible();
		seen.push((await page.getByRole('main').innerText()).replace(/Request .*/, '').replace(name, 'NAME'));
	}
	expect(seen[0]).toBe(seen[1]);
});
