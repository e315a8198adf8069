import type { Page } from '@playwright/test';
import { PASSWORD } from './support/hub';
import { arrive, expect, settled, test } from './support/test';

/** Presses Tab until what has the focus has this name. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
	for (let presses = 0; presses < 80; presses += 1) {
		await page.keyboard.press('Tab');
		const focused = await page.evaluate(() => {
			const element = document.activeElement as HTMLElement | null;
			const label = element?.id ? document.querySelector(`label[for="${element.id}"]`)?.textContent : undefined;
			return (element?.getAttribute('aria-label') ?? label ?? element?.innerText ?? '').trim().replace(/\s+/g, ' ');
		});
		if (typeof name === 'string' ? focused === name : name.test(focused)) return;
	}
	throw new Error(`Tab does not reach ${name}`);
}

test('signing up, creating, starring and signing out work by keyboard alone', async ({ hub, page }) => {
	await arrive(page);
	await page.goto(hub.address);
	await settled(page);
	await tabTo(page, 'Skip to content');
	await tabTo(page, 'Sign up');
	await page.keyboard.press('Enter');
	await expect(page.getByLabel('Name')).toBeFocused();
	await page.keyboard.type('mapmaker');
	await page.keyboard.press('Tab');
	await page.keyboard.type('mapmaker@lab.example');
	await page.keyboard.press('Tab');
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'Account of mapmaker' })).toBeVisible();

	await page.goto(`${hub.address}/new`);
	await settled(page);
	await tabTo(page, /^Name/);
	await page.keyboard.type('terrain');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 1, name: /terrain/ })).toBeVisible();

	await page.goto(`${hub.address}/mapmaker/terrain`);
	await settled(page);
	await tabTo(page, /^Star/);
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: /^Starred/ })).toBeVisible();

	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toHaveCount(0);

	await page.goto(hub.address);
	await settled(page);
	await tabTo(page, 'Account of mapmaker');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('menu')).toBeVisible();
	await page.keyboard.type('Sign out');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test('searching, choosing a suggestion, and finding a file work by keyboard alone', async ({ demo, page }) => {
	await arrive(page);
	await page.goto(`${demo.address}/search`);
	await settled(page);
	await page.keyboard.press('/');
	await expect(page.getByRole('combobox').first()).toBeFocused();
	await page.keyboard.type('rain');
	await expect(page.getByRole('option').first()).toBeVisible();
	await page.keyboard.press('ArrowDown');
	await expect(page.getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('option').first()).toBeHidden();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/q=rain/);
	const first = page.getByRole('article').first().getByRole('link').first();
	const address = await first.getAttribute('href');
	await first.focus();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(demo.address + address);
	await settled(page);
	await page.keyboard.press('t');
	await expect(page.getByRole('dialog')).toBeVisible();
	await page.keyboard.type('readme');
	await expect(page.getByRole('option', { name: /README\.md/ }).first()).toBeVisible();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/blob\/[^/]+\/README\.md/);
});

test('an upload by keyboard alone: choose, name, start', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'notes', description: '', repo_type: 'dataset', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/datasets/ana/notes/upload/main`);
	await settled(page);
	await tabTo(page, 'Choose files');
	const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
	await chooser.setFiles({ name: 'survey.csv', mimeType: 'text/csv', buffer: Buffer.from('x,y\n1,2\n') });
	await tabTo(page, /^Commit message/);
	await page.keyboard.type('Add the survey');
	await tabTo(page, 'Upload and commit');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Committed', { exact: true }).first()).toBeVisible();
	const { items } = await hub.call('GET', '/api/ana/notes/commits?repo_type=dataset');
	expect(items[0].title).toBe('Add the survey');
});
