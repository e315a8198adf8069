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

	await page.getByRole('link', { name: 'Swap them' }).click();
	await expect(page.getByText('Nothing to compare')).toBeVisible();
	await expect(page.getByText('The base has 1 commit that is not in what is compared.')).toBeVisible();

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
	await own.getByRole('tab', { name: 'git' }).click();
	await expect(own.getByText(`git clone ${hub.address}/datasets/ana/soundings.git`, { exact: true })).toBeVisible();
	await expect(own.getByText('此仓库为私有')).toBeVisible();
	await expect(own.getByText('git lfs install')).toHaveCount(0);
	await settled(own);
	await own.close();
});
