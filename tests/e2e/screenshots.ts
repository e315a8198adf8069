// Draws every page of a demo hub: PNG into a folder to look at, or, with `--readme`, the README's dozen as small WebP.
// `npm run screenshots -- FOLDER [NAME…] [LOOK…]`; looks are `en-light`, `zh-dark` and so on, each 1440 and 390 wide.
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Hub, type Session } from './support/hub';
import { everyPage, type UiPage } from './support/pages';
import { everyState, type Scene } from './support/scenes';

const README = [
	{ file: 'home', page: 'home', locale: 'en', theme: 'light' },
	{ file: 'card', page: 'card', locale: 'en', theme: 'light' },
	{ file: 'search', page: 'search-chinese', locale: 'zh', theme: 'light' },
	{ file: 'tree', page: 'tree', locale: 'en', theme: 'light' },
	{ file: 'raster', page: 'file-tif', locale: 'en', theme: 'light' },
	{ file: 'commit', page: 'commit', locale: 'en', theme: 'light' },
	{ file: 'compare', page: 'compare', locale: 'en', theme: 'light' },
	{ file: 'upload', page: 'upload', locale: 'zh', theme: 'light' },
	{ file: 'table', page: 'file-csv', locale: 'en', theme: 'light' },
	{ file: 'tensors', page: 'file-safetensors', locale: 'en', theme: 'light' },
	{ file: 'user', page: 'user', locale: 'zh', theme: 'light' },
	{ file: 'card-dark', page: 'card-dataset', locale: 'zh', theme: 'dark' }
];

const LOOKS = ['en-light', 'en-dark', 'zh-light', 'zh-dark'];
const [target, ...words] = process.argv.slice(2);
const wanted = words.filter((word) => !LOOKS.includes(word));
const looks = LOOKS.filter((look) => wanted.length === words.length || words.includes(look));
const hub = new Hub('--demo');
await hub.start();
const session = await hub.login('demo', 'geoml-hub-demo');
const pages: (UiPage & Partial<Scene>)[] = await everyPage(hub, session.access);
pages.push({ name: 'search-chinese', path: `/search?q=${encodeURIComponent('降水')}` });
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb']
});

interface Look {
	locale: string;
	theme: string;
	width: number;
}

/** Pages of one look share what they have loaded. */
async function contextOf({ locale, theme, width }: Look, kept: Session | undefined): Promise<BrowserContext> {
	const context = await browser.newContext({ viewport: { width, height: width > 600 ? 900 : 800 } });
	await context.addInitScript(
		([language, colours, signedIn]: [string, string, Session | undefined]) => {
			if (window.top !== window) return;
			localStorage.setItem('PARAGLIDE_LOCALE', language);
			localStorage.setItem('geoml.theme', colours);
			if (signedIn !== undefined) localStorage.setItem('geoml.session', JSON.stringify(signedIn));
		},
		[locale, theme, kept] as [string, string, Session | undefined]
	);
	return context;
}

async function open(context: BrowserContext, scene: UiPage & Partial<Scene>): Promise<Page> {
	const opened = await context.newPage();
	await scene.before?.(opened);
	await opened.goto(hub.address + scene.path, { waitUntil: 'load' });
	await opened.locator('main').waitFor();
	await opened.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined);
	await scene.then?.(opened);
	await opened.waitForTimeout(300);
	return opened;
}

if (target === '--readme') {
	const folder = new URL('../../assets/screenshots/', import.meta.url).pathname;
	mkdirSync(folder, { recursive: true });
	for (const { file, page, locale, theme } of README) {
		const found = pages.find((one) => one.name === page);
		if (found === undefined) throw new Error(`the demo has no page ${page}`);
		const context = await contextOf({ locale, theme, width: 1280 }, found.signedIn ? session : undefined);
		const opened = await open(context, found);
		const protocol = await context.newCDPSession(opened);
		const { data } = await protocol.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
		writeFileSync(`${folder}${file}.webp`, Buffer.from(data, 'base64'));
		await context.close();
	}
} else {
	const folder = target ?? '../../target/screenshots';
	mkdirSync(folder, { recursive: true });
	pages.push(...(await everyState(hub, session)));
	const chosen = pages.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
	for (const look of looks)
		for (const width of [1440, 390])
			for (const signedIn of [false, true]) {
				const [locale, theme] = look.split('-') as [string, string];
				const scenes = chosen.filter((scene) => (scene.signedIn ?? false) === signedIn);
				if (scenes.length === 0) continue;
				const context = await contextOf({ locale, theme, width }, signedIn ? session : undefined);
				for (const scene of scenes) {
					const opened = await open(context, scene);
					const path = `${folder}/${scene.name}-${look}-${width}.png`;
					const height = await opened.evaluate(() => document.documentElement.scrollHeight);
					const clip = { x: 0, y: 0, width, height: Math.min(height, width > 600 ? 1500 : 2400) };
					const whole = scene.floats !== true;
					await opened.screenshot(whole ? { path, fullPage: true, clip } : { path });
					const wide = await opened.evaluate(() => document.documentElement.scrollWidth);
					if (wide > width) console.log(`${path}: ${wide} wide`);
					await opened.close();
					await context.setOffline(false);
				}
				await context.close();
			}
}
await browser.close();
await hub.finish();
