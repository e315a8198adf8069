import { PASSWORD } from './support/hub';
import { arrive, expect, settled, test } from './support/test';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const LIBRARY = '26be6b09-91c5-47da-9861-d2d2bb7a7e36';

/** Asks as a program does. */
async function program(address: string, path: string, fields: Record<string, string>) {
	const body = new URLSearchParams({ client_id: LIBRARY, ...fields });
	return (await fetch(address + path, { method: 'POST', body })).json();
}

test('a program is let in by its code, works with its token and is locked out again', async ({ hub, page }) => {
	const ana = await hub.account('ana');
	await arrive(page, { session: ana });
	const begun = await program(hub.address, '/oauth/device', {});
	const ask = () => program(hub.address, '/oauth/token', { grant_type: GRANT, device_code: begun.device_code });
	await page.goto(`${hub.address}/device`);
	await settled(page);
	await page.getByLabel('Code').fill('bcdf ghjk');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('alert')).toContainText('No program waits for this code');
	await page.getByLabel('Code').fill(begun.user_code.toLowerCase());
	await page.keyboard.press('Enter');
	await expect(page.getByTestId('device-code')).toHaveText(begun.user_code);
	await expect(page.getByText('huggingface_hub')).toBeVisible();
	await expect(page.getByText('127.0.0.1')).toBeVisible();
	expect((await ask()).error).toBe('authorization_pending');
	await page.getByText('Read and download what you can see.').click();
	await page.getByRole('button', { name: 'Let it in' }).click();
	await expect(page.getByText('huggingface_hub is let in')).toBeVisible();
	const granted = await ask();
	expect(granted.scope).toBe('read');
	expect(granted.expires_in).toBeGreaterThan(89 * 86_400);
	expect((await hub.call('GET', '/api/whoami-v2', undefined, granted.access_token)).name).toBe('ana');

	await page.getByRole('link', { name: 'Access tokens' }).click();
	await expect(page.getByText('huggingface_hub')).toBeVisible();
	await page.getByRole('button', { name: /Revoke/ }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
	await expect(page.getByText('huggingface_hub is revoked.')).toBeVisible();
	await expect(hub.call('GET', '/api/whoami-v2', undefined, granted.access_token)).rejects.toThrow();
});

test('the link of a program leads through signing in to its question, in Chinese, and a no is a no', async ({
	hub,
	page
}) => {
	await hub.account('ana');
	await arrive(page, { locale: 'zh' });
	const begun = await program(hub.address, '/oauth/device', {});
	await page.goto(begun.verification_uri_complete);
	await expect(page).toHaveURL(/\/login\?next=/);
	await page.getByLabel('用户名或邮箱').fill('ana');
	await page.getByLabel('密码').fill(PASSWORD);
	await page.getByRole('button', { name: '登录' }).click();
	await expect(page.getByTestId('device-code')).toHaveText(begun.user_code);
	await page.getByRole('button', { name: '拒绝' }).click();
	await expect(page.getByText('已拒绝，该程序不会获得任何权限。')).toBeVisible();
	const told = await program(hub.address, '/oauth/token', { grant_type: GRANT, device_code: begun.device_code });
	expect(told.error).toBe('access_denied');
});
