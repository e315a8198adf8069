// Draws every page of a demo hub: PNG into a folder to look at, or, with `--readme`, the README's dozen as small WebP.
// `npm run screenshots -- FOLDER [NAME…]`; looks: 1440 and 390 wide, light and dark, Chinese and English.
import { chromium, type Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Hub, type Session } from './support/hub';
import { everyPage, type UiPage } from './support/pages';

const README = [
	{ file: 'home', page: 'home', locale: 'en', theme: 'light' },
	{ file: 'card', page: 'card', locale: 'en', theme: 'light' },
	{ file: 'search', page: 'search-chinese', locale: 'zh', theme: 'light' },
	{ file: 'tree', page: 'tree', locale: 'en', theme: 'light' },
	{ file: 'raster', page: 'file-tif', locale: 'en', theme: 'light' },
	{ file: 'commit', page: 'commit', locale: 'en', theme: 'light' },
	{ file: 'upload', page: 'upload', locale: 'zh', theme: 'light' },
	{ file: 'table', page: 'file-csv', locale: 'en', theme: 'light' },
	{ file: 'tensors', page: 'file-safetensors', locale: 'en', theme: 'light' },
	{ file: 'user', page: 'user', locale: 'zh', theme: 'light' },
	{ file: 'card-dark', page: 'card-dataset', locale: 'zh', theme: 'dark' }
];

const hub = new Hub('--demo');
await hub.start();
const session = await hub.login('demo', 'geoml-hub-demo');
const pages = await everyPage(hub, session.access);
pages.push({ name: 'search-chinese', path: `/search?q=${encodeURIComponent('降水')}` });
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb']
});

async function open(page: UiPage, locale: string, theme: string, width: number): Promise<Page> {
	const context = await browser.newContext({ viewport: { width, height: width > 600 ? 900 : 800 } });
	const opened = await context.newPage();
	await opened.addInitScript(
		([language, colours, kept]: [string, string, Session | undefined]) => {
			localStorage.setItem('PARAGLIDE_LOCALE', language);
			localStorage.setItem('geoml.theme', colours);
			if (kept !== undefined) localStorage.setItem('geoml.session', JSON.stringify(kept));
		},
		[locale, theme, page.signedIn ? session : undefined] as [string, string, Session | undefined]
	);
	await opened.goto(hub.address + page.path, { waitUntil: 'networkidle' });
	await opened.waitForTimeout(500);
	return opened;
}

const [target, ...wanted] = process.argv.slice(2);
if (target === '--readme') {
	const folder = new URL('../../assets/screenshots/', import.meta.url).pathname;
	mkdirSync(folder, { recursive: true });
	for (const { file, page, locale, theme } of README) {
		const found = pages.find((one) => one.name === page);
		if (found === undefined) throw new Error(`the demo has no page ${page}`);
		const opened = await open(found, locale, theme, 1280);
		const protocol = await opened.context().newCDPSession(opened);
		const { data } = await protocol.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
		writeFileSync(`${folder}${file}.webp`, Buffer.from(data, 'base64'));
		await opened.context().close();
	}
} else {
	const folder = target ?? '../../target/screenshots';
	mkdirSync(folder, { recursive: true });
	for (const locale of ['en', 'zh'])
		for (const theme of ['light', 'dark'])
			for (const width of [1440, 390])
				for (const page of pages.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
					const opened = await open(page, locale, theme, width);
					await opened.screenshot({ path: `${folder}/${page.name}-${locale}-${theme}-${width}.png` });
					await opened.context().close();
				}
}
await browser.close();
await hub.finish();
