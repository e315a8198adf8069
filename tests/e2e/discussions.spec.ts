import type { Hub, Session } from './support/hub';
import { tabTo } from './support/keyboard';
import { arrive, expect, settled, test } from './support/test';

const DISCUSSIONS = '/api/models/ana/rain/discussions';

async function makeRain(hub: Hub, session: Session): Promise<void> {
	const body = { name: 'rain', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await hub.upload('ana/rain', { 'config/grid.json': '{"step": 1}\n' }, session.access);
}

/** Commits a file to a pull request of its own, or to a branch. */
async function commit(hub: Hub, session: Session, target: string, path: string, text: string): Promise<void> {
	const lines = [
		{ key: 'header', value: { summary: `Write ${path}` } },
		{ key: 'file', value: { path, content: Buffer.from(text).toString('base64'), encoding: 'base64' } }
	];
	const response = await fetch(`${hub.address}/api/models/ana/rain/commit/${target}`, {
		method: 'POST',
		headers: { 'authorization': `Bearer ${session.access}`, 'content-type': 'application/x-ndjson' },
		body: lines.map((line) => JSON.stringify(line)).join('\n')
	});
	expect(response.ok).toBe(true);
}

test('a discussion is opened, answered, renamed, closed and opened again, by keyboard alone', async ({ hub, page }) => {
	const ana = await hub.account('ana');
	await hub.account('ben');
	await makeRain(hub, ana);
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/ana/rain/discussions`);
	await settled(page);
	await expect(page.getByText('No open discussions')).toBeVisible();
	await tabTo(page, 'New discussion');
	await page.keyboard.press('Enter');
	await expect(page.getByLabel('Title')).toBeVisible();
	await tabTo(page, /^Title/);
	await page.keyboard.type('Which gauges?');
	await page.keyboard.press('Tab');
	await page.keyboard.type('Those in the **north**? <script>alert(1)</script>');
	await tabTo(page, 'Open discussion');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${hub.address}/ana/rain/discussions/1`);
	await expect(page.getByRole('article').locator('strong')).toHaveText('north');
	await settled(page);

	await tabTo(page, 'Change title');
	await page.keyboard.press('Enter');
	await page.keyboard.press('ControlOrMeta+a');
	await page.keyboard.type('Gauges in the north');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { level: 2 })).toContainText('Gauges in the north');
	await expect(page.getByText('changed the title')).toBeVisible();

	await tabTo(page, 'Your comment');
	await page.keyboard.type('All of them.');
	await page.keyboard.press('Control+Enter');
	await expect(page.getByRole('article')).toHaveCount(2);
	await expect(page.getByLabel('Your comment')).toHaveValue('');
	await page.getByLabel('Your comment').fill('Done.');
	await page.getByRole('button', { name: 'Close', exact: true }).click();
	await expect(page.getByText('closed this')).toBeVisible();
	await expect(page.getByRole('article')).toHaveCount(3);
	expect((await hub.call('GET', `${DISCUSSIONS}/1`)).status).toBe('closed');
	await page.getByRole('button', { name: 'Reopen' }).click();
	await expect(page.getByText('opened this', { exact: false }).last()).toBeVisible();
	await expect.poll(async () => (await hub.call('GET', `${DISCUSSIONS}/1`)).status).toBe('open');
});

test('a comment is edited and hidden, and others may do neither', async ({ hub, page, browser }) => {
	const [ana, ben] = [await hub.account('ana'), await hub.account('ben')];
	await makeRain(hub, ana);
	await hub.call('POST', DISCUSSIONS, { title: 'Gauges', description: 'First.' }, ana.access);
	await hub.call('POST', `${DISCUSSIONS}/1/comment`, { comment: 'A typp.' }, ana.access);
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/ana/rain/discussions/1`);
	const second = page.getByRole('article').nth(1);
	await second.getByRole('button', { name: 'More about the comment by ana' }).click();
	await page.getByRole('menuitem', { name: 'Edit comment' }).click();
	await second.getByLabel('Edit comment').fill('A typo.');
	await second.getByRole('button', { name: 'Save' }).click();
	await expect(second).toContainText('A typo.');
	await expect(second).toContainText('edited');
	await second.getByRole('button', { name: 'More about the comment by ana' }).click();
	await page.getByRole('menuitem', { name: 'Hide comment' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Hide comment' }).click();
	await expect(second).toContainText('This comment was hidden.');

	const other = await browser.newPage();
	await arrive(other, { session: ben, locale: 'zh' });
	await other.goto(`${hub.address}/ana/rain/discussions/1`);
	await expect(other.getByText('此评论已被隐藏。')).toBeVisible();
	await expect(other.getByRole('button', { name: /更多操作/ })).toHaveCount(0);
	await expect(other.getByRole('button', { name: '关闭' })).toHaveCount(0);
	await other.close();
});

test('a pull request shows its changes and is merged after a question; one with conflicts names the files', async ({ hub, page }) => {
	const [ana, ben] = [await hub.account('ana'), await hub.account('ben')];
	await makeRain(hub, ana);
	await commit(hub, ben, 'main?create_pr=1', 'config/season.json', '{"season": 2025}\n');
	await commit(hub, ben, 'main?create_pr=1', 'config/grid.json', '{"step": 2}\n');
	await commit(hub, ana, 'main', 'config/grid.json', '{"step": 3}\n');
	await arrive(page, { session: ana });
	await page.goto(`${hub.address}/ana/rain/discussions?type=pull_request`);
	await expect(page.getByText('2 discussions')).toBeVisible();
	await page.getByRole('link', { name: 'Write config/grid.json' }).click();
	await expect(page.getByText(/other changes of these files/)).toBeVisible();
	await expect(page.getByRole('main').getByRole('listitem').filter({ hasText: /^config\/grid\.json$/ })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Merge' })).toHaveCount(0);

	await page.goto(`${hub.address}/ana/rain/discussions/1`);
	await page.getByRole('link', { name: 'Changes' }).click();
	await expect(page.getByText('{"season": 2025}')).toBeVisible();
	await page.getByRole('link', { name: 'Conversation' }).click();
	await page.getByRole('button', { name: 'Merge' }).click();
	await page.getByRole('dialog', { name: 'Merge into main?' }).getByRole('button', { name: 'Merge' }).click();
	await expect(page.getByText('merged this')).toBeVisible();
	await page.getByRole('link', { name: 'Changes' }).click();
	await expect(page.getByText('{"season": 2025}')).toBeVisible();
	const entries = await hub.call('GET', '/api/models/ana/rain/tree/main/config');
	expect(entries.map(({ path }: { path: string }) => path)).toContain('config/season.json');
	await page.setViewportSize({ width: 390, height: 800 });
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
