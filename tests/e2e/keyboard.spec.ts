import { join } from 'node:path';
import { folderOf, writeRandom } from './support/files';
import { PASSWORD } from './support/hub';
import { choose, tabTo } from './support/keyboard';
import { arrive, expect, settled, slowLine, test } from './support/test';

test('signing up, creating, starring and signing out work by keyboard alone', async ({ hub, page }) => {
	await arrive(page);
	await page.goto(hub.address);
	await settled(page);
	await tabTo(page, 'Skip to content');
	await tabTo(page, 'Sign up');
	await page.keyboard.press('Enter');
	await expect(page.getByLabel('User name')).toBeFocused();
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
	await expect(page.getByRole('button', { name: /^Starred/ })).toBeFocused();

	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toHaveCount(0);

	await page.goto(hub.address);
	await settled(page);
	await tabTo(page, 'Account of mapmaker');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('menu')).toBeVisible();
	await expect(page.getByRole('menuitem', { name: 'Profile' })).toBeFocused();
	await page.keyboard.type('Sign out');
	await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused();
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

test('the profile, the password, the colours and a token are changed by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await arrive(page, { session });
	await page.goto(`${hub.address}/settings`);
	await settled(page);
	await tabTo(page, 'Full name');
	await page.keyboard.type('Ana of the Maps');
	await tabTo(page, 'Save');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Saved', { exact: true })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Save' }).first()).toBeFocused();
	expect((await hub.call('GET', '/api/users/ana')).full_name).toBe('Ana of the Maps');

	await page.goto(`${hub.address}/settings/security`);
	await settled(page);
	await tabTo(page, 'Current password');
	await page.keyboard.type(PASSWORD);
	await tabTo(page, 'New password');
	await page.keyboard.type('folds and thrusts');
	await tabTo(page, 'Confirm new password');
	await page.keyboard.type('folds and thrusts');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Saved', { exact: true })).toBeVisible();
	await hub.login('ana', 'folds and thrusts');

	await page.goto(`${hub.address}/settings/appearance`);
	await settled(page);
	await tabTo(page, /^Light/);
	await page.keyboard.press('ArrowRight');
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');

	await page.goto(`${hub.address}/settings/tokens`);
	await settled(page);
	await tabTo(page, 'New token');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByLabel('Name')).toBeFocused();
	await page.keyboard.type('survey ship');
	await page.keyboard.press('Enter');
	await expect(dialog.getByText(/^gml_/)).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'New token' }).first()).toBeFocused();
	await tabTo(page, 'Revoke');
	await page.keyboard.press('Enter');
	await expect(dialog).toBeVisible();
	await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
	await tabTo(page, 'Revoke');
	await page.keyboard.press('Enter');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByText('survey ship')).toHaveCount(0);
});

test('a repository is described, made private and deleted by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'terrain', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/terrain/settings`);
	await settled(page);
	await tabTo(page, /^Description/);
	await page.keyboard.type('Slopes of the Alps');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('banner').or(page.getByRole('main')).getByText('Slopes of the Alps').first()).toBeVisible();
	expect((await hub.call('GET', '/api/ana/terrain')).description).toBe('Slopes of the Alps');

	await tabTo(page, /^Public/);
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await page.keyboard.press('Enter');
	await tabTo(page, 'Make it private');
	await page.keyboard.press('Enter');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('heading', { level: 1 }).getByText('Private')).toBeVisible();
	expect((await hub.call('GET', '/api/ana/terrain', undefined, session.access)).visibility).toBe('private');

	await tabTo(page, 'Delete repository');
	await page.keyboard.press('Enter');
	await expect(dialog.getByRole('textbox')).toBeFocused();
	await page.keyboard.type('ana/terra');
	await page.keyboard.press('Enter');
	await expect(dialog).toBeVisible();
	await page.keyboard.type('in');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${hub.address}/ana`);
	await expect(page.getByText('ana/terrain').first()).toBeVisible();
	await expect(hub.call('GET', '/api/ana/terrain', undefined, session.access)).rejects.toThrow('404');
});

test('signing in, following somebody and ending that work by keyboard alone', async ({ hub, page }) => {
	await hub.account('ana');
	await hub.account('ben');
	await arrive(page);
	await page.goto(`${hub.address}/ben`);
	await settled(page);
	await tabTo(page, 'Follow ben');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/\/login\?next=/);
	await settled(page);
	await expect(page.getByLabel('User name or e-mail')).toBeFocused();
	await page.keyboard.type('ana');
	await page.keyboard.press('Tab');
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press('Enter');

	await expect(page).toHaveURL(`${hub.address}/ben`);
	await settled(page);
	await tabTo(page, 'Follow ben');
	await page.keyboard.press('Enter');
	const button = page.getByRole('button', { name: 'Unfollow ben' });
	await expect(button).toBeFocused();
	expect((await hub.call('GET', '/api/users/ben/followers')).items).toHaveLength(1);
	await page.keyboard.press('Space');
	await expect(page.getByRole('button', { name: 'Follow ben' })).toBeFocused();
	expect((await hub.call('GET', '/api/users/ben/followers')).items).toEqual([]);
});

test('a repository is renamed, and somebody is let in, by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const ben = await hub.account('ben');
	const body = { name: 'terrain', description: '', repo_type: 'model', visibility: 'private' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/terrain/settings`);
	await settled(page);
	await tabTo(page, 'Account');
	await page.keyboard.type('ben');
	await page.keyboard.press('Tab');
	await page.keyboard.type('Read');
	await tabTo(page, 'Give access');
	await page.keyboard.press('Enter');
	await expect(page.getByLabel('What ben may do')).toHaveValue('read');
	expect((await hub.call('GET', '/api/ana/terrain', undefined, ben.access)).permission).toBe('read');

	await tabTo(page, /^Name/);
	await page.keyboard.press('Control+A');
	await page.keyboard.type('relief');
	await expect(page.getByText('relief is free.')).toBeVisible();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${hub.address}/ana/relief/settings`);
	await settled(page);
	expect((await hub.call('GET', '/api/ana/relief', undefined, session.access)).name).toBe('relief');

	await tabTo(page, 'Remove: ben');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
	await tabTo(page, 'Remove');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Nobody but you so far.')).toBeVisible();
	await expect(hub.call('GET', '/api/ana/relief', undefined, ben.access)).rejects.toThrow('404');
});

test('an upload is paused, continued and cancelled by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'notes', description: '', repo_type: 'dataset', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	const folder = folderOf('soundings', {});
	await writeRandom(join(folder, 'soundings.bin'), 40);
	// A line as slow as that of a ship, so that there is something to pause.
	await slowLine(page, 2_000_000);
	await arrive(page, { session });
	await page.goto(`${hub.address}/datasets/ana/notes/upload/main`);
	await settled(page);
	await tabTo(page, 'Choose files');
	const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
	await chooser.setFiles(join(folder, 'soundings.bin'));
	await tabTo(page, 'Upload and commit');
	await page.keyboard.press('Enter');
	const bar = page.getByRole('progressbar').first();
	const sent = async () => Number(await bar.getAttribute('aria-valuenow'));
	await expect.poll(sent).toBeGreaterThan(2);

	await tabTo(page, 'Pause');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('status').filter({ hasText: 'Paused' })).toBeVisible();
	const paused = await sent();
	await page.waitForTimeout(1_500);
	expect(await sent()).toBe(paused);
	await tabTo(page, 'Continue');
	await page.keyboard.press('Enter');
	await expect.poll(sent).toBeGreaterThan(paused);

	await tabTo(page, 'Cancel upload');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true })).toBeFocused();
	await tabTo(page, 'Cancel upload');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'Choose files' })).toBeVisible();
	await expect(page.getByText('Unfinished uploads')).toHaveCount(0);
	const { items } = await hub.call('GET', '/api/ana/notes/files?repo_type=dataset');
	expect(items.map((one: any) => one.path)).not.toContain('soundings.bin');
});

test('a file is deleted by keyboard alone, and its folder with it', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'terrain', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await hub.upload('ana/terrain', { 'slopes/alps.csv': 'x,y\n1,2\n', 'train.py': 'print(1)\n' }, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/terrain/tree/main`);
	await settled(page);
	await tabTo(page, 'slopes');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/tree\/main\/slopes$/);
	await settled(page);
	await tabTo(page, 'alps.csv');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/blob\/main\/slopes\/alps\.csv$/);
	await settled(page);
	await choose(page, 'More about this file', 'Delete file');
	await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
	await tabTo(page, 'Delete file');
	await page.keyboard.press('Enter');
	await expect(page.getByText('alps.csv is deleted')).toBeVisible();
	// The folder went with its last file.
	await expect(page).toHaveURL(/tree\/main$/);
	await expect(page.getByRole('link', { name: 'train.py' })).toBeVisible();
	const { items } = await hub.call('GET', '/api/ana/terrain/files');
	expect(items.map((one: any) => one.path)).toEqual(['.gitattributes', 'README.md', 'train.py']);
});

test('another theme and another language are chosen by keyboard alone, and stay', async ({ hub, page }) => {
	await page.goto(hub.address);
	await settled(page);
	await choose(page, 'Theme', 'Dark');
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
	await choose(page, 'Language', '简体中文');
	await expect(page.locator('html')).toHaveAttribute('lang', /^zh/);
	await page.reload();
	await expect(page.locator('html')).toHaveAttribute('lang', /^zh/);
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a facet and the order of a search are chosen by keyboard alone', async ({ demo, page }) => {
	await arrive(page);
	await page.goto(`${demo.address}/search`);
	await settled(page);
	await tabTo(page, /^Datasets/);
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/type=dataset/);
	await settled(page);
	await tabTo(page, 'Order');
	await page.keyboard.press('ArrowDown');
	await expect(page).toHaveURL(/sort=/);
	await settled(page);
	const results = await page.getByRole('article').count();
	expect(results).toBeGreaterThan(1);
});

test('an unfinished upload is discarded, and a link without a token is made, by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'notes', description: '', repo_type: 'model', visibility: 'private' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await hub.call('POST', '/api/ana/notes/upload/init', { path: 'soundings.bin', size: 5_000_000 }, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/notes/upload/main`);
	await settled(page);
	await expect(page.getByText('Unfinished uploads')).toBeVisible();
	await tabTo(page, 'Discard');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
	await tabTo(page, 'Discard');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Unfinished uploads')).toHaveCount(0);

	await page.goto(`${hub.address}/ana/notes`);
	await settled(page);
	await tabTo(page, 'Make a link that needs no token');
	await page.keyboard.press('Enter');
	await expect(page.getByText(/^Whoever has this link can download until/)).toBeVisible();
	await tabTo(page, 'Use this model');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('tab', { name: 'git' })).toBeVisible();
	await tabTo(page, 'huggingface_hub');
	await page.keyboard.press('ArrowLeft');
	await expect(page.getByRole('tab', { name: 'curl' })).toHaveAttribute('aria-selected', 'true');
});
