import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderOf, sha256Of, writeRandom } from './support/files';
import { PASSWORD } from './support/hub';
import { arrive, expect, settled, slowLine, test } from './support/test';

const CARD = `---
title: 华东短临降水预测 Nowcasting
tags: [降水预测, radar]
license: apache-2.0
language: [zh, en]
bbox: [114, 27, 123, 36]
---

# 华东短临降水预测

A ConvLSTM for precipitation nowcasting from radar echoes over eastern China.

The error is $\\sqrt{\\frac{1}{N}\\sum_i (y_i - \\hat y_i)^2}$.
`;

test('a person registers, creates, uploads through a restart, reads, finds, downloads, changes and deletes', async ({ hub, page }) => {
	test.setTimeout(300_000);
	const folder = folderOf('nowcast', {
		'README.md': CARD,
		'train.py': 'import torch\n\nprint("训练")\n',
		'data/stations.csv': 'station,lon,lat\nS001,118.8,32.1\n'
	});
	const digest = await writeRandom(join(folder, 'weights.safetensors'), 300);
	await arrive(page);

	await test.step('register', async () => {
		await page.goto(hub.address);
		await page.getByRole('banner').getByRole('link', { name: 'Sign up' }).click();
		await page.getByLabel('User name').fill('lin-wei');
		await page.getByLabel('E-mail').fill('lin-wei@lab.example');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Create account' }).click();
		await expect(page.getByRole('button', { name: 'Account of lin-wei' })).toBeVisible();
	});

	await test.step('create a repository', async () => {
		await page.getByRole('banner').getByRole('link', { name: 'New repository' }).click();
		await page.getByLabel('Name', { exact: true }).fill('rain-nowcast');
		await page.getByRole('button', { name: 'Create repository' }).click();
		await expect(page.getByRole('heading', { level: 1, name: /rain-nowcast/ })).toBeVisible();
	});

	await test.step('upload a folder, and the hub is killed in the middle', async () => {
		await page.goto(`${hub.address}/lin-wei/rain-nowcast/upload/main`);
		await page.locator('input[type="file"][webkitdirectory]').setInputFiles(folder);
		await expect(page.getByLabel('Path in the repository of weights.safetensors')).toHaveValue('weights.safetensors');
		await page.getByLabel('Commit message').fill('Add the first weights');
		const endSlowness = await slowLine(page, 40_000_000);
		await page.getByRole('button', { name: 'Upload and commit' }).click();
		const bar = page.getByRole('progressbar').first();
		const progress = async () => Number(await bar.getAttribute('aria-valuenow'));
		await expect.poll(progress, { intervals: [20], timeout: 60_000 }).toBeGreaterThan(15);
		await hub.stop('SIGKILL');
		await expect(page.getByText('Waiting for the hub').first()).toBeVisible();
		expect(await progress()).toBeLessThan(100);
		await endSlowness();
		await hub.start();
		await expect(page.getByText('Committed', { exact: true }).first()).toBeVisible({ timeout: 180_000 });
		const { items } = await hub.call('GET', '/api/lin-wei/rain-nowcast/commits');
		const titles = items.map((commit: { title: string }) => commit.title);
		expect(titles[0]).toBe('Add the first weights');
		expect(titles.filter((title: string) => title === titles[0]), 'everything is one commit').toHaveLength(1);
	});

	await test.step('read the card', async () => {
		await page.goto(`${hub.address}/lin-wei/rain-nowcast`);
		await expect(page.locator('.prose h1', { hasText: '华东短临降水预测' })).toBeVisible();
		await expect(page.locator('.katex').first()).toBeVisible();
		await expect(page.getByText('Apache 2.0').first()).toBeVisible();
	});

	await test.step('find it by a Chinese and by an English query', async () => {
		for (const query of ['降水预测', 'precipitation nowcasting', 'radar 降水']) {
			await page.goto(hub.address);
			await page.getByRole('combobox').fill(query);
			await page.getByRole('combobox').press('Enter');
			await expect(page).toHaveURL(/\/search/);
			await expect(page.getByRole('article').filter({ hasText: 'rain-nowcast' })).toBeVisible();
		}
		await page.getByRole('article').getByRole('link', { name: /rain-nowcast/ }).click();
		await expect(page.getByRole('heading', { level: 1, name: /rain-nowcast/ })).toBeVisible();
	});

	await test.step('download the weights byte for byte', async () => {
		await page.getByRole('link', { name: 'Files', exact: true }).click();
		await page.getByRole('link', { name: 'weights.safetensors' }).click();
		await settled(page);
		const [download] = await Promise.all([
			page.waitForEvent('download'),
			page.getByRole('button', { name: 'Download', exact: true }).click()
		]);
		expect(await sha256Of(await download.path())).toBe(digest);
		await download.delete();
	});

	await test.step('change the description and rename', async () => {
		await page.goto(`${hub.address}/lin-wei/rain-nowcast/settings`);
		const about = page.getByRole('region', { name: 'Description' });
		await about.getByRole('textbox').fill('Two hours ahead, every six minutes');
		await about.getByRole('button', { name: 'Save' }).click();
		await expect.poll(async () => (await hub.call('GET', '/api/lin-wei/rain-nowcast')).description).toBe(
			'Two hours ahead, every six minutes'
		);
	});

	await test.step('delete it, which asks for its name first', async () => {
		await page.getByRole('button', { name: /^Delete/ }).click();
		const dialog = page.getByRole('dialog');
		await expect(dialog.getByRole('button', { name: /Delete/ })).toBeDisabled();
		await dialog.getByRole('textbox').fill('lin-wei/rain-nowcast');
		await dialog.getByRole('button', { name: /Delete/ }).click();
		await expect(page).not.toHaveURL(/rain-nowcast/);
		await page.goto(`${hub.address}/lin-wei/rain-nowcast`);
		await expect(page.getByText('Page not found')).toBeVisible();
	});
	rmSync(dirname(folder), { recursive: true });
});

test('an upload goes on after the page was reloaded, and only what is missing is sent again', async ({ hub, page }) => {
	test.setTimeout(180_000);
	const session = await hub.account('ana');
	await hub.call('POST', '/api/repositories', { name: 'big', description: '', repo_type: 'model', visibility: 'public' }, session.access);
	const folder = folderOf('files', { 'notes.md': 'notes' });
	await writeRandom(join(folder, 'weights.bin'), 120);
	await arrive(page, { session });
	await page.goto(`${hub.address}/ana/big/upload/main`);
	await page.locator('input[type="file"][webkitdirectory]').setInputFiles(folder);
	const endSlowness = await slowLine(page, 20_000_000);
	await page.getByRole('button', { name: 'Upload and commit' }).click();
	const bar = page.getByRole('progressbar').first();
	await expect
		.poll(async () => Number(await bar.getAttribute('aria-valuenow')), { intervals: [20], timeout: 60_000 })
		.toBeGreaterThan(30);
	page.on('dialog', (dialog) => void dialog.accept());
	let sent = 0;
	await page.reload();
	await endSlowness();
	await expect(page.getByText('Unfinished uploads')).toBeVisible();
	page.on('request', (request) => {
		if (request.url().includes('/chunk/')) sent += Number(request.headers()['content-length'] ?? 0);
	});
	await page.locator('input[type="file"][webkitdirectory]').setInputFiles(folder);
	await page.getByRole('button', { name: /Upload and commit|Continue upload/ }).first().click();
	await expect(page.getByText('Committed', { exact: true }).first()).toBeVisible({ timeout: 90_000 });
	const file = await hub.call('GET', '/api/ana/big/blob/weights.bin');
	expect(file.size).toBe(120 * 1024 * 1024);
	expect(file.sha256).toBe(await sha256Of(join(folder, 'weights.bin')));
	expect(sent).toBeLessThan(110 * 1024 * 1024);
	rmSync(dirname(folder), { recursive: true });
});
