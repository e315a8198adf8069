import type { Hub, Session } from './support/hub';
import { choose, tabTo } from './support/keyboard';
import { arrive, expect, settled, test } from './support/test';

async function makeTwo(hub: Hub, session: Session): Promise<void> {
	for (const [name, repo_type] of [['rain', 'model'], ['cores', 'dataset']]) {
		const body = { name, description: '', repo_type, visibility: 'public' };
		await hub.call('POST', '/api/repositories', body, session.access);
	}
}

test('a collection is made from a repository, ordered, annotated, changed and deleted', async ({ hub, page, browser }) => {
	const ana = await hub.account('ana');
	await makeTwo(hub, ana);
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/ana/rain`);
	await settled(page);
	await tabTo(page, 'Collect');
	await page.keyboard.press('Enter');
	const collect = page.getByRole('dialog', { name: 'Add to a collection' });
	await expect(collect.getByText('You have no collections yet.')).toBeVisible();
	await tabTo(page, 'New collection');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('dialog', { name: 'New collection' }).getByLabel('Title')).toBeFocused();
	await page.keyboard.type('Water');
	await page.keyboard.press('Enter');
	await expect(collect.getByRole('checkbox', { name: 'Water' })).toBeChecked();

	await page.goto(`${hub.address}/datasets/ana/cores`);
	await page.getByRole('button', { name: 'Collect' }).click();
	const box = collect.getByRole('checkbox', { name: 'Water' });
	await box.check();
	const inside = async () =>
		(await hub.call('GET', '/api/collections?owner=ana'))[0].items.map(({ id }: { id: string }) => id);
	await expect.poll(inside).toEqual(['ana/rain', 'ana/cores']);
	await box.uncheck();
	await expect.poll(inside).toEqual(['ana/rain']);
	await box.check();
	await expect.poll(inside).toEqual(['ana/rain', 'ana/cores']);
	await collect.getByRole('link', { name: 'Show Water' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Water');
	await settled(page);

	await choose(page, 'More about ana/cores', 'Move up');
	await expect.poll(inside).toEqual(['ana/cores', 'ana/rain']);
	await expect(page.getByRole('listitem').first()).toContainText('ana/cores');
	await page.getByRole('button', { name: 'More about ana/rain' }).click();
	await page.getByRole('menuitem', { name: 'Edit note' }).click();
	await page.getByLabel('Edit note').fill('Of the whole basin.');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Of the whole basin.')).toBeVisible();
	await page.getByRole('button', { name: 'Edit', exact: true }).click();
	await page.getByRole('dialog').getByLabel('Title').fill('Water and ice');
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Water and ice');

	const other = await browser.newPage({ viewport: { width: 390, height: 800 } });
	await arrive(other, { locale: 'zh' });
	await other.goto(`${hub.address}/ana?tab=collections`);
	await other.getByRole('link', { name: 'Water and ice' }).click();
	await expect(other.getByText('Of the whole basin.')).toBeVisible();
	await expect(other.getByRole('button', { name: /更多操作|删除|编辑/ })).toHaveCount(0);
	expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
	await other.close();

	await page.getByRole('button', { name: 'More about ana/cores' }).click();
	await page.getByRole('menuitem', { name: 'Take out' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
	await expect(page.getByRole('listitem').filter({ hasText: 'ana/cores' })).toHaveCount(0);
	await page.getByRole('button', { name: 'Delete', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(page).toHaveURL(`${hub.address}/ana?tab=collections`);
	await expect(page.getByText('No collections', { exact: true })).toBeVisible();
});

test('an organization has collections that its members fill, and others only read', async ({ hub, page, browser }) => {
	const ana = await hub.account('ana');
	await makeTwo(hub, ana);
	await hub.call('POST', '/api/v1/organizations', { name: 'lab' }, ana.access);
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/lab?tab=collections`);
	await page.getByRole('button', { name: 'New collection' }).click();
	const making = page.getByRole('dialog', { name: 'New collection' });
	await expect(making.getByLabel('Only members see it')).not.toBeChecked();
	await making.getByLabel('Title').fill('Shared water');
	await making.getByLabel('Title').press('Enter');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Shared water');

	await page.goto(`${hub.address}/ana/rain`);
	await page.getByRole('button', { name: 'Collect' }).click();
	await page.getByRole('checkbox', { name: 'lab / Shared water' }).check();
	const inside = async () =>
		(await hub.call('GET', '/api/collections?owner=lab'))[0].items.map(({ id }: { id: string }) => id);
	await expect.poll(inside).toEqual(['ana/rain']);

	const other = await browser.newPage();
	await arrive(other, { session: await hub.account('ben') });
	await other.goto(`${hub.address}/lab?tab=collections`);
	await other.getByRole('link', { name: 'Shared water' }).click();
	await expect(other.getByRole('heading', { level: 1 })).toHaveText('Shared water');
	await expect(other.getByRole('listitem').first()).toContainText('ana/rain');
	await expect(other.getByRole('button', { name: 'Edit', exact: true })).toHaveCount(0);
	await other.close();
});
