import type { Page } from '@playwright/test';
import { hostileFiles, hostileWords } from './hostile/corpus';
import { arrive, expect, settled, test } from './support/test';

/** How long a frame may take to answer; one whose sandbox refuses scripts never does, and then nothing ran in it. */
const ANSWER_MILLISECONDS = 1_000;

/** Waits, and answers which payloads ran, in the page or in a frame of it. */
async function ran(page: Page): Promise<unknown[]> {
	await page.waitForTimeout(150);
	const silence = new Promise<undefined>((resolve) => setTimeout(resolve, ANSWER_MILLISECONDS, undefined));
	const asked = page.frames().map((frame) => frame.evaluate(() => (window as any).pwned).catch(() => undefined));
	const words = await Promise.all(asked.map((answer) => Promise.race([answer, silence])));
	return words.filter((word) => word !== undefined);
}

function encoded(path: string): string {
	return path.split('/').map(encodeURIComponent).join('/');
}

for (const visibility of ['public', 'private'] as const) {
	test(`nothing that a ${visibility} repository holds runs anything on any page`, async ({ hub, page }) => {
		test.setTimeout(600_000);
		const session = await hub.account('mallory');
		const token = session.access;
		await hub.call('PUT', '/api/users/mallory', { full_name: hostileWords.full_name, bio: hostileWords.bio }, token);
		await hub.call('POST', '/api/repositories', { name: 'trap', description: hostileWords.description, repo_type: 'model', visibility }, token);
		const refused: string[] = [];
		const stored: string[] = [];
		for (const { path, content, tries } of hostileFiles()) {
			const form = new FormData();
			form.append('files', new Blob([content as BlobPart]), path);
			form.append('message', hostileWords.commit_message);
			await hub.call('POST', '/api/mallory/trap/upload/batch', form, token).then(
				() => stored.push(path),
				(error: Error) => {
					// A name may be refused, in a sentence; nothing else may be.
					expect(error.message, tries).toMatch(/ 4\d\d /);
					refused.push(path);
				}
			);
		}
		expect(refused.every((path) => path.startsWith('names/')), refused.join('\n')).toBe(true);
		expect(stored.length).toBeGreaterThan(20);

		page.on('dialog', (dialog) => {
			void dialog.dismiss();
			throw new Error(`a dialog was opened: ${dialog.message()}`);
		});
		await arrive(page, { session });
		const { items } = await hub.call('GET', '/api/mallory/trap/commits', undefined, token);
		const views = [
			'/mallory',
			'/mallory/trap',
			'/mallory/trap/tree/main',
			...['code', 'docs', 'json', 'media', 'names', 'notebooks', 'tables', 'weights'].map((folder) => `/mallory/trap/tree/main/${folder}`),
			'/mallory/trap/commits/main',
			...items.slice(0, 4).map((commit: { id: string }) => `/mallory/trap/commit/${commit.id}`),
			'/mallory/trap/settings',
			`/search?q=${encodeURIComponent(hostileWords.search)}`,
			'/search?q=trap',
			...stored.map((path) => `/mallory/trap/blob/main/${encoded(path)}`),
			...stored.filter((path) => /\.(md|ipynb|json|csv)$/.test(path)).map((path) => `/mallory/trap/blob/main/${encoded(path)}?plain=1`)
		];
		for (const view of views) {
			await page.goto(hub.address + view);
			await settled(page);
			expect(await ran(page), view).toEqual([]);
			await expect(page.locator('#content'), view).toBeVisible();
			await expect(page.getByRole('button', { name: 'Account of mallory' }), view).toBeVisible();
		}
	});

	test(`nothing in a ${visibility} repository runs when it is opened as it is`, async ({ hub, page }) => {
		test.setTimeout(120_000);
		const session = await hub.account('mallory');
		const token = session.access;
		await hub.call('POST', '/api/repositories', { name: 'trap', description: '', repo_type: 'model', visibility }, token);
		const files = hostileFiles().filter(({ path }) => /\.(html|svg|xml|pdf|png|md|ipynb)$/.test(path));
		await arrive(page, { session });
		for (const { path, content } of files) {
			const form = new FormData();
			form.append('files', new Blob([content as BlobPart]), path);
			const answer = await hub.call('POST', '/api/mallory/trap/upload/batch', form, token).catch(() => undefined);
			if (answer === undefined) continue;
			const { url } = await hub.call('POST', '/api/mallory/trap/sign', { path, inline: true }, token);
			// A viewer of the browser may turn it into a download; then nothing is shown at all.
			await page.goto(hub.address + url, { timeout: 10_000 }).catch(() => undefined);
			expect(await ran(page), path).toEqual([]);
			await page.goto(`${hub.address}/`);
			await expect(page.getByRole('button', { name: 'Account of mallory' }), path).toBeVisible();
		}
	});
}
