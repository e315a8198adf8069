import { withBranches } from './support/git';
import { arrive, expect, settled, test } from './support/test';

test('another revision is chosen by keyboard, and the path stays', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page);
	await page.goto(`${hub.address}/ana/rain/tree/main/config`);
	await expect(page.getByRole('link', { name: 'grid.json' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'extra.json' })).toHaveCount(0);

	await page.getByRole('button', { name: 'Revision main; choose another' }).focus();
	await page.keyboard.press('Enter');
	const search = page.getByRole('combobox', { name: 'Find a branch or tag' });
	await expect(search).toBeFocused();
	await expect(page.getByRole('option')).toHaveText([/main.*Default/, 'season/2025', 'v1.0']);
	await search.fill('SEASON');
	await expect(page.getByRole('option')).toHaveText(['season/2025']);
	await page.keyboard.press('Enter');

	await expect(page).toHaveURL(/\/ana\/rain\/tree\/season%2F2025\/config$/);
	await expect(page.getByRole('link', { name: 'extra.json' })).toBeVisible();
	await page.getByRole('link', { name: 'grid.json' }).click();
	await expect(page).toHaveURL(/\/blob\/season%2F2025\/config\/grid\.json$/);
	await page.getByRole('button', { name: /^Revision season\/2025/ }).click();
	await page.getByRole('option', { name: 'v1.0' }).click();
	await expect(page).toHaveURL(/\/blob\/v1\.0\/config\/grid\.json$/);
	await expect(page.getByText('step')).toBeVisible();

	// Escape closes the list and gives the focus back.
	const button = page.getByRole('button', { name: /^Revision v1\.0/ });
	await button.click();
	await page.keyboard.press('Escape');
	await expect(button).toBeFocused();
});

test('branches tell their distance from the default one, which a comparison shows commit by commit', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/branches`);
	const main = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'main', exact: true }) });
	await expect(main).toContainText('Default');
	await expect(main).toContainText('Protected');
	await page.getByRole('link', { name: '0 commits behind · 1 commit ahead' }).click();

	await expect(page).toHaveURL(/compare\?base=main&head=season%2F2025$/);
	await expect(page).toHaveTitle(/main … season\/2025/);
	await expect(page.getByText('Refine the grid for the season')).toBeVisible();
	await expect(page.getByText('2 files changed')).toBeVisible();
	await expect(page.getByRole('heading', { name: 'config/extra.json' })).toBeVisible();

	await page.getByRole('link', { name: 'Swap' }).click();
	await expect(page.getByText('Nothing to compare')).toBeVisible();
	await expect(page.getByText('The base has 1 commit')).toBeVisible();

	await page.goto(`${hub.address}/ana/rain/tags`);
	await expect(page.getByRole('link', { name: 'v1.0', exact: true })).toBeVisible();
	await page.getByRole('searchbox', { name: 'Find a tag' }).fill('nothing');
	await expect(page.getByText('None of this name')).toBeVisible();
	await expect(page).toHaveURL(/tags\?q=nothing$/);
});

test('the repository says how it is cloned, with what its content needs', async ({ hub, page, browser }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page);
	await page.goto(`${hub.address}/ana/rain/tree/main`);
	await page.getByRole('button', { name: 'Clone' }).click();
	const box = page.getByRole('dialog', { name: 'Clone' });
	await expect(box.getByText(`git clone ${hub.address}/ana/rain.git`, { exact: true })).toBeVisible();
	await expect(box.getByText('git lfs install')).toBeVisible();
	await expect(box.getByText('--filter=blob:none')).toBeVisible();
	await expect(box.getByText('access token')).toHaveCount(0);

	const made = { name: 'soundings', description: '', repo_type: 'dataset', visibility: 'private' };
	await hub.call('POST', '/api/repositories', made, session.access);
	const own = await browser.newPage();
	await arrive(own, { session, locale: 'zh' });
	await own.goto(`${hub.address}/datasets/ana/soundings`);
	await own.getByRole('button', { name: '使用此数据集' }).click();
	await own.getByRole('tab', { name: 'git' }).click();
	await expect(own.getByText(`git clone ${hub.address}/datasets/ana/soundings.git`, { exact: true })).toBeVisible();
	await expect(own.getByText('此仓库为私有')).toBeVisible();
	await expect(own.getByText('git lfs install')).toHaveCount(0);
	await settled(own);
	await own.close();
});

test('branches and tags are made and deleted on their pages', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/branches`);
	await page.getByRole('button', { name: 'New branch' }).click();
	const dialog = page.getByRole('dialog', { name: 'New branch' });
	await dialog.getByLabel('Name').fill('not a name');
	await page.keyboard.press('Enter');
	await expect(dialog.getByRole('alert')).toBeVisible();
	await dialog.getByLabel('Name').fill('season/2026');
	await dialog.getByLabel('Begins at').fill('season/2025');
	await dialog.getByRole('button', { name: 'New branch' }).click();
	await expect(page.getByRole('link', { name: 'season/2026', exact: true })).toBeVisible();

	await page.getByRole('button', { name: 'More about season/2026' }).click();
	await page.getByRole('menuitem', { name: 'Rename branch' }).click();
	await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('season/2025');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible();
	await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('season/2027');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('link', { name: 'season/2027', exact: true })).toBeVisible();
	await expect(page.getByRole('link', { name: 'season/2026', exact: true })).toHaveCount(0);

	await page.getByRole('button', { name: 'More about season/2027' }).click();
	await page.getByRole('menuitem', { name: 'Make it the default' }).click();
	await page
		.getByRole('dialog', { name: 'Make season/2027 the default branch?' })
		.getByRole('button', { name: 'Make it the default' })
		.click();
	await expect(page.getByRole('button', { name: 'More about main' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'More about season/2027' })).toHaveCount(0);
	await page.getByRole('button', { name: 'More about main' }).click();
	await page.getByRole('menuitem', { name: 'Make it the default' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Make it the default' }).click();
	await expect(page.getByRole('button', { name: 'More about main' })).toHaveCount(0);

	await page.getByRole('button', { name: 'More about season/2027' }).click();
	await page.getByRole('menuitem', { name: 'Delete branch' }).click();
	await page.getByRole('dialog', { name: 'Delete season/2027?' }).getByRole('button', { name: 'Delete branch' }).click();
	await expect(page.getByRole('link', { name: 'season/2027', exact: true })).toHaveCount(0);

	await page.getByRole('link', { name: 'Tags', exact: true }).click();
	await page.getByRole('button', { name: 'New tag' }).click();
	await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('v2.0');
	await page.getByRole('dialog').getByLabel('Message').fill('The season of 2025');
	await page.getByRole('dialog').getByRole('button', { name: 'New tag' }).click();
	await expect(page.getByText('The season of 2025')).toBeVisible();
	const { items } = await hub.call('GET', '/api/v1/repos/ana/rain/tags');
	expect(items.map((one: any) => one.name)).toEqual(['v2.0', 'v1.0']);
});

test('others are given access and branches are protected in the settings', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const ben = await hub.account('ben');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/settings`);
	await page.getByLabel('Account', { exact: true }).fill('nobody-of-this-name');
	await page.getByRole('button', { name: 'Give access' }).click();
	await expect(page.getByText("There is no account 'nobody-of-this-name'.")).toBeVisible();
	await page.getByLabel('Account', { exact: true }).fill('ben');
	await page.getByRole('button', { name: 'Give access' }).click();
	const may = page.getByLabel('What ben may do');
	await expect(may).toHaveValue('write');
	const permission = async () => (await hub.call('GET', '/api/ana/rain', undefined, ben.access)).permission;
	expect(await permission()).toBe('write');
	await may.selectOption('admin');
	await expect.poll(permission).toBe('admin');
	await page.getByRole('button', { name: 'Remove: ben' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await expect(page.getByText('Nobody but you so far.')).toBeVisible();
	expect(await permission()).toBe('read');

	const section = page.getByRole('region', { name: 'Branch protection' });
	await section.getByRole('button', { name: 'Add a rule' }).click();
	await section.getByLabel('Branches').fill('season/**');
	await section.getByLabel('Who may push').selectOption('admin');
	await section.getByRole('button', { name: 'Save' }).click();
	await expect(section.getByText('Saved')).toBeVisible();
	const stored = await hub.call('GET', '/api/v1/repos/ana/rain/protections', undefined, session.access);
	expect(stored.protections).toEqual([{ pattern: 'season/**', push: 'admin', force_push: false, deletion: false }]);
	await page.goto(`${hub.address}/ana/rain/branches`);
	const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'season/2025', exact: true }) });
	await expect(row).toContainText('Protected');
});

test('a lock shows on the file and in its folder, and its holder takes it away', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await hub.call('POST', '/api/v1/repos/ana/rain/info/lfs/locks', { path: 'weights.bin' }, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/rain/tree/main`);
	await expect(page.getByRole('row').filter({ hasText: 'weights.bin' })).toContainText('Locked by ana');
	await page.getByRole('link', { name: 'weights.bin' }).click();
	await expect(page.getByText('Locked by ana since')).toBeVisible();
	await page.getByRole('button', { name: 'Unlock' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click();
	await expect(page.getByText('Locked by ana since')).toHaveCount(0);
	const { locks } = await hub.call('GET', '/api/v1/repos/ana/rain/info/lfs/locks', undefined, session.access);
	expect(locks).toEqual([]);
});

test('a repository is forked, and the fork says from what', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const ben = await hub.account('ben');
	await withBranches(hub, 'ana', session);
	await arrive(page, { session: ben });
	await page.goto(`${hub.address}/ana/rain`);
	await page.getByRole('button', { name: /^Fork/ }).click();
	const dialog = page.getByRole('dialog', { name: 'Fork ana/rain' });
	await expect(dialog.getByLabel('Name')).toHaveValue('rain');
	await expect(dialog.getByText('rain is free.')).toBeVisible();
	await dialog.getByRole('button', { name: 'Fork it' }).click();
	await expect(page).toHaveURL(`${hub.address}/ben/rain`);
	await expect(page.getByText('forked from')).toBeVisible();
	await page.getByRole('link', { name: 'Files', exact: true }).click();
	await expect(page.getByRole('link', { name: 'weights.bin' })).toBeVisible();
	await page.getByRole('link', { name: 'ana/rain' }).click();
	await expect(page.getByRole('button', { name: /^Fork/ })).toContainText('1');
});

test('a folder is saved as zip or tar.gz', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await withBranches(hub, 'ana', session);
	await arrive(page);
	await page.goto(`${hub.address}/ana/rain/tree/main/config`);
	for (const [item, ending] of [['As zip', '.zip'], ['As tar.gz', '.tar.gz']] as const) {
		await page.getByRole('button', { name: 'Download' }).click();
		const download = page.waitForEvent('download');
		await page.getByRole('menuitem', { name: item }).click();
		expect((await download).suggestedFilename()).toMatch(new RegExp(`${ending.replaceAll('.', '\\.')}$`));
	}
});
