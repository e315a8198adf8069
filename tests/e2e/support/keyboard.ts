import type { Page } from '@playwright/test';

/** Presses Tab until what has the focus has this name. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
	const passed: string[] = [];
	for (let presses = 0; presses < 120; presses += 1) {
		await page.keyboard.press('Tab');
		const focused = await page.evaluate(() => {
			const element = document.activeElement as HTMLInputElement | null;
			const label = element?.labels?.[0]?.innerText;
			return (element?.getAttribute('aria-label') ?? label ?? element?.innerText ?? '').trim().replace(/\s+/g, ' ');
		});
		if (typeof name === 'string' ? focused === name : name.test(focused)) return;
		passed.push(focused);
	}
	throw new Error(`Tab does not reach ${name}; it passed ${passed.join(' | ')}`);
}

/** Opens the menu behind a button and takes the entry of this name. */
export async function choose(page: Page, button: string, entry: string): Promise<void> {
	await tabTo(page, button);
	await page.keyboard.press('Enter');
	// Its entries come, and the first gets the focus, a moment after the menu itself.
	await page.getByRole('menu').locator('[role^=menuitem]:focus').waitFor();
	const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText.trim());
	const entries = await page.getByRole('menu').locator('[role^=menuitem]').count();
	for (let presses = 0; (await focused()) !== entry; presses += 1) {
		if (presses === entries) throw new Error(`the menu of ${button} has no ${entry}`);
		await page.keyboard.press('ArrowDown');
	}
	await page.keyboard.press('Enter');
}
