import { PASSWORD } from './support/hub';
import { arrive, expect, test } from './support/test';

test('the first person makes the administrator’s account and is told so', async ({ hub, page }) => {
	await arrive(page);
	await page.goto(hub.address);
	await page.getByRole('banner').getByRole('link', { name: 'Sign up' }).click();
	await expect(page.getByText('the first account becomes its administrator')).toBeVisible();
	await page.getByLabel('User name').fill('mapmaker');
	await page.getByLabel('E-mail').fill('mapmaker@lab.example');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Create account' }).click();
	await expect(page.getByRole('button', { name: 'Account of mapmaker' })).toBeVisible();
	await page.reload();
	await page.getByRole('button', { name: 'Account of mapmaker' }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test('a refused name stands at its field, in Chinese too, and nothing that was typed is lost', async ({ hub, page }) => {
	await hub.account('taken');
	await arrive(page, { locale: 'zh' });
	await page.goto(`${hub.address}/register`);
	await page.getByLabel('用户名').fill('Taken');
	await page.getByLabel('电子邮箱').fill('other@lab.example');
	await page.getByLabel('密码').fill(PASSWORD);
	await page.getByRole('button', { name: '注册账户' }).click();
	await expect(page.getByLabel('用户名')).toHaveAttribute('aria-invalid', 'true');
	await expect(page.getByLabel('用户名')).toHaveValue('Taken');
	await expect(page.getByRole('alert')).toContainText('Taken');
});

test('a wrong password is refused in plain words, and the right one leads back to where one was', async ({ hub, page }) => {
	await hub.account('ana');
	await arrive(page);
	await page.goto(`${hub.address}/search?q=rain`);
	await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
	await page.getByLabel('User name or e-mail').fill('ana');
	await page.getByLabel('Password').fill('not the password');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toHaveText('The user name or password is not right.');
	await page.getByLabel('Password').fill(PASSWORD);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page).toHaveURL(`${hub.address}/search?q=rain`);
});

test('a link to another host after signing in is not followed', async ({ hub, page }) => {
	await hub.account('ana');
	await arrive(page);
	for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
		await page.goto(`${hub.address}/login?next=${encodeURIComponent(next)}`);
		await page.getByLabel('User name or e-mail').fill('ana');
		await page.getByLabel('Password').fill(PASSWORD);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByRole('button', { name: 'Account of ana' })).toBeVisible();
		expect(new URL(page.url()).origin).toBe(hub.address);
		await page.evaluate(() => localStorage.removeItem('geoml.session'));
	}
});

test('two tabs whose session has run out refresh it once and stay signed in', async ({ hub, context }) => {
	const session = await hub.account('ana');
	const pages = [await context.newPage(), await context.newPage()];
	await arrive(pages[0]!);
	await pages[0]!.goto(`${hub.address}/login`);
	await pages[0]!.evaluate(
		(kept) => localStorage.setItem('geoml.session', JSON.stringify(kept)),
		{ ...session, expiresAt: 0 }
	);
	await Promise.all(pages.map((page) => page.goto(hub.address)));
	for (const page of pages) {
		await expect(page.getByRole('button', { name: /ana/ })).toBeVisible();
		await page.reload();
		await expect(page.getByRole('button', { name: /ana/ })).toBeVisible();
	}
});
