import { choose, tabTo } from './support/keyboard';
import { arrive, expect, settled, test } from './support/test';

/** A picture of one pixel. */
const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64'
);

test('a repository is made with its whole card by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await arrive(page, { session });
	await page.goto(`${hub.address}/new`);
	await settled(page);
	await tabTo(page, /^Model/);
	await page.keyboard.press('ArrowRight');
	await tabTo(page, /^Name/);
	await page.keyboard.type('landslides');
	await tabTo(page, /^Description/);
	await page.keyboard.type('Outlines of landslides');
	await tabTo(page, /^Public/);
	await page.keyboard.press('ArrowRight');
	await tabTo(page, /^Title/);
	await page.keyboard.type('Landslides of the Alps');
	await tabTo(page, /^Licence/);
	await page.keyboard.type('CC BY 4');
	await tabTo(page, 'English');
	if (!(await page.getByLabel('English').isChecked())) await page.keyboard.press('Space');
	await tabTo(page, /^Tags/);
	await page.keyboard.type('landslide');
	await page.keyboard.press('Enter');
	await page.keyboard.type('alps,');
	await expect(page.getByRole('button', { name: 'Remove alps' })).toBeVisible();
	await tabTo(page, /^Field/);
	await page.keyboard.type('landslide');
	await expect(page.getByRole('option', { name: 'Landslide' }).last()).toBeVisible();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Escape');
	await tabTo(page, /^Place, time and instruments/);
	await page.keyboard.press('Enter');
	for (const [edge, degrees] of [['West', '6'], ['South', '45'], ['East', '12'], ['North', '48']] as const) {
		await tabTo(page, new RegExp(`^${edge}`));
		await page.keyboard.type(degrees);
	}
	await tabTo(page, 'Create repository');
	await page.keyboard.press('Enter');
	await expect(page.getByText('landslides is there')).toBeVisible();

	const made = await hub.call('GET', '/api/ana/landslides?repo_type=dataset', undefined, session.access);
	expect(made.visibility).toBe('private');
	const { card } = await hub.call('GET', '/api/ana/landslides/metadata?repo_type=dataset', undefined, session.access);
	expect(card.title).toBe('Landslides of the Alps');
	expect(card.license).toEqual(['cc-by-4.0']);
	expect(card.tags).toEqual(['landslide', 'alps']);
	expect(card.language).toContain('en');
	expect(card.bbox).toEqual([6, 45, 12, 48]);
	expect([...card.classification_1, ...card.classification_2, ...card.classification_3].length).toBeGreaterThan(0);
});

test('a card is changed, and its stargazers are seen, by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'terrain', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await hub.call('POST', '/api/ana/terrain/star', undefined, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/terrain/settings`);
	await settled(page);
	await tabTo(page, /^Title/);
	await page.keyboard.press('Control+A');
	await page.keyboard.type('Slopes');
	await tabTo(page, /^Licence/);
	await page.keyboard.type('MIT');
	await tabTo(page, /^Tags/);
	await page.keyboard.type('slope,wrong,');
	await page.keyboard.press('Backspace');
	await expect(page.getByRole('button', { name: 'Remove wrong' })).toHaveCount(0);
	await tabTo(page, 'Save');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Saved', { exact: true })).toBeVisible();
	const { card } = await hub.call('GET', '/api/ana/terrain/metadata');
	expect([card.title, card.license, card.tags]).toEqual(['Slopes', ['mit'], ['slope']]);

	await page.goto(`${hub.address}/ana/terrain`);
	await settled(page);
	await tabTo(page, '1 star: see who');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Starred by' });
	await expect(dialog.getByRole('link', { name: /ana/ }).first()).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('button', { name: '1 star: see who' })).toBeFocused();
});

test('a picture and an e-mail address are given to an account by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await arrive(page, { session });
	await page.goto(`${hub.address}/settings`);
	await settled(page);
	await tabTo(page, 'Choose picture');
	const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
	await chooser.setFiles({ name: 'me.png', mimeType: 'image/png', buffer: PNG });
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByRole('slider', { name: 'Size' })).toBeFocused();
	await page.keyboard.press('ArrowLeft');
	await tabTo(page, 'Use this picture');
	await page.keyboard.press('Enter');
	await expect(dialog).toHaveCount(0);
	expect((await hub.call('GET', '/api/users/ana')).avatar_url).toBeTruthy();

	await page.goto(`${hub.address}/settings/security`);
	await settled(page);
	await tabTo(page, 'E-mail');
	await page.keyboard.press('Control+A');
	await page.keyboard.type('ana@maps.example');
	await page.keyboard.press('Enter');
	await expect(page.getByText('Saved', { exact: true })).toBeVisible();
	const me = await hub.call('GET', '/api/auth/me', undefined, session.access);
	expect(me.email).toBe('ana@maps.example');
});

test('a table is sorted, a tree is opened and a source is read by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	const body = { name: 'notes', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	const files = { 'gauges.csv': 'gauge,depth\nb,2\na,30\nc,1\n', 'grid.json': '{"step": {"x": {"y": {"z": 5}}}}' };
	await hub.upload('ana/notes', files, session.access);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/notes/blob/main/gauges.csv`);
	await settled(page);
	await expect(page.getByRole('columnheader', { name: 'depth' })).toBeVisible();
	await tabTo(page, 'depth');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('columnheader', { name: 'depth' })).toHaveAttribute('aria-sort', 'descending');
	await expect(page.getByRole('row').nth(1)).toContainText('30');
	await choose(page, 'More about this file', 'History');
	await expect(page).toHaveURL(/commits\/main\/gauges\.csv$/);

	await page.goto(`${hub.address}/ana/notes/blob/main/grid.json`);
	await settled(page);
	await tabTo(page, 'Search keys and values');
	await page.keyboard.press('Tab');
	await expect(page.getByRole('tree')).toBeFocused();
	await page.keyboard.press('End');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('ArrowRight');
	await expect(page.getByRole('treeitem', { name: /z: ?5/ })).toBeVisible();
});
