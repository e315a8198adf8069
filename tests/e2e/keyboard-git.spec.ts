import { withBranches } from './support/git';
import { choose, tabTo } from './support/keyboard';
import { arrive, expect, settled, test } from './support/test';

test('a branch is made, renamed, made the default and deleted by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/branches`);
	await settled(page);
	const dialog = page.getByRole('dialog');
	const branch = (name: string) => page.getByRole('link', { name, exact: true });

	await tabTo(page, 'New branch');
	await page.keyboard.press('Enter');
	await expect(dialog.getByLabel('Name')).toBeFocused();
	await page.keyboard.type('trial');
	await tabTo(page, /^Begins at/);
	await page.keyboard.press('Control+A');
	await page.keyboard.type('v1.0');
	await page.keyboard.press('Enter');
	await expect(branch('trial')).toBeVisible();
	await expect(dialog).toHaveCount(0);

	await choose(page, 'More about trial', 'Rename branch');
	await expect(dialog.getByLabel('Name')).toBeFocused();
	await page.keyboard.press('Control+A');
	await page.keyboard.type('attempt');
	await page.keyboard.press('Enter');
	await expect(branch('attempt')).toBeVisible();
	await expect(branch('trial')).toHaveCount(0);

	await choose(page, 'More about attempt', 'Make it the default');
	await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
	await tabTo(page, 'Make it the default');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'More about main' })).toBeVisible();
	expect((await hub.call('GET', '/api/ana/rain')).default_branch).toBe('attempt');

	await choose(page, 'More about season/2025', 'Delete branch');
	await tabTo(page, 'Delete branch');
	await page.keyboard.press('Enter');
	await expect(branch('season/2025')).toHaveCount(0);
});

test('a tag is made and deleted, and two revisions are compared, by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/tags`);
	await settled(page);
	await tabTo(page, 'New tag');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByLabel('Name', { exact: true })).toBeFocused();
	await page.keyboard.type('v2.0');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('link', { name: 'v2.0', exact: true })).toBeVisible();
	await tabTo(page, 'Delete tag: v1.0');
	await page.keyboard.press('Enter');
	await tabTo(page, 'Delete tag');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('link', { name: 'v1.0', exact: true })).toHaveCount(0);

	await page.goto(`${hub.address}/ana/rain/compare`);
	await settled(page);
	await tabTo(page, /^Compare: Revision main/);
	await page.keyboard.press('Enter');
	await expect(page.getByRole('combobox', { name: 'Find a branch or tag' })).toBeFocused();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/base=main&head=season%2F2025$/);
	await expect(page.getByText('2 files changed')).toBeVisible();
	await settled(page);
	await tabTo(page, 'Swap');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Nothing to compare')).toBeVisible();
});

test('a repository is cloned, forked and saved as an archive by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const ben = await hub.account('ben');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session: ben });
	await page.goto(`${hub.address}/ana/rain/tree/main`);
	await settled(page);
	await tabTo(page, 'Clone');
	await page.keyboard.press('Enter');
	const box = page.getByRole('dialog', { name: 'Clone' });
	await expect(box).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(box).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'Clone' })).toBeFocused();

	const download = page.waitForEvent('download');
	await choose(page, 'Download', 'As zip');
	expect((await download).suggestedFilename()).toMatch(/\.zip$/);

	await tabTo(page, /^Fork/);
	await page.keyboard.press('Enter');
	await expect(page.getByText('rain is free.')).toBeVisible();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${hub.address}/ben/rain`);
	await expect(page.getByText('forked from')).toBeVisible();
});

test('a lock is taken away and branches are protected by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await hub.call('POST', '/api/v1/repos/ana/rain/info/lfs/locks', { path: 'weights.bin' }, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/blob/main/weights.bin`);
	await settled(page);
	await expect(page.getByText('Locked by ana since')).toBeVisible();
	await tabTo(page, 'Unlock');
	await page.keyboard.press('Enter');
	await tabTo(page, 'Unlock');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Locked by ana since')).toHaveCount(0);

	await page.goto(`${hub.address}/ana/rain/settings`);
	await settled(page);
	await tabTo(page, 'Add a rule');
	await page.keyboard.press('Enter');
	await tabTo(page, /^Branches/);
	await page.keyboard.type('season/**');
	await tabTo(page, /^Who may push/);
	await page.keyboard.press('ArrowDown');
	await tabTo(page, 'Save');
	await page.keyboard.press('Enter');
	const section = page.getByRole('region', { name: 'Branch protection' });
	await expect(section.getByText('Saved')).toBeVisible();
	const { protections } = await hub.call('GET', '/api/v1/repos/ana/rain/protections', undefined, session.access);
	expect(protections[0].pattern).toBe('season/**');
	expect(protections[0].push).toBe('admin');
});
