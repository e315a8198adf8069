import { tabTo } from './support/keyboard';
import { arrive, expect, settled, test } from './support/test';

test('an organization is made by keyboard, gets a member and a repository that moves into it', async ({
	hub,
	page,
	browser
}) => {
	const ana = await hub.account('ana');
	const ben = await hub.account('ben');
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/settings/organizations`);
	await settled(page);
	await expect(page.getByText('You belong to no organization yet.')).toBeVisible();
	await tabTo(page, 'Create organization');
	await page.keyboard.press('Enter');
	await settled(page);
	await tabTo(page, 'Name');
	await page.keyboard.type('ben');
	await page.keyboard.press('Enter');
	await expect(page.getByText("The name 'ben' is taken")).toBeVisible();
	await page.getByLabel('Name', { exact: true }).fill('cryosphere');
	await page.getByLabel('Private unless somebody says otherwise').check();
	await page.getByRole('button', { name: 'Create organization' }).click();
	await expect(page).toHaveURL(`${hub.address}/cryosphere`);
	await expect(page.getByText('No repositories')).toBeVisible();

	await page.getByRole('link', { name: 'Settings', exact: true }).click();
	await settled(page);
	await page.getByLabel('Account', { exact: true }).fill('ben');
	await page.getByText('Make repositories and manage those').click();
	await page.getByRole('button', { name: 'Add member' }).click();
	const role = page.getByLabel('Role of ben');
	await expect(role).toHaveValue('contributor');
	await role.selectOption('write');
	const roleOfBen = async () =>
		(await hub.call('GET', '/api/v1/users/ben/organizations')).items.map((one: { role: string }) => one.role);
	await expect.poll(roleOfBen).toEqual(['write']);
	// The last administrator stays one.
	await page.getByLabel('Role of ana').selectOption('read');
	await expect(page.getByText('This is the last administrator of the organization')).toBeVisible();

	const body = { name: 'glacier', description: '', repo_type: 'model', visibility: 'private' };
	await hub.call('POST', '/api/repositories', body, ana.access);
	await page.goto(`${hub.address}/ana/glacier/settings`);
	await settled(page);
	await page.getByRole('button', { name: 'Move repository' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Move repository' }).click();
	await expect(page).toHaveURL(`${hub.address}/cryosphere/glacier/settings`);

	const other = await browser.newPage();
	await arrive(other, { session: ben });
	await other.goto(`${hub.address}/cryosphere?tab=members`);
	await settled(other);
	await expect(other.getByRole('listitem').filter({ hasText: 'ben' })).toContainText('Write');
	await other.goto(`${hub.address}/new?owner=cryosphere`);
	await settled(other);
	await expect(other.getByLabel('Owner', { exact: true })).toHaveValue('cryosphere');

	await other.goto(`${hub.address}/settings/organizations`);
	await settled(other);
	await other.getByRole('button', { name: 'Leave cryosphere' }).click();
	await other.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
	await expect(other.getByText('You left cryosphere.')).toBeVisible();
	await expect.poll(roleOfBen).toEqual([]);
	await other.close();
});
