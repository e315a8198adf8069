import type { Page } from '@playwright/test';
import { withBranches } from './git';
import type { Hub, Session } from './hub';
import type { UiPage } from './pages';
import { Receiver } from './receiver';

/** A page in a state that its address alone does not lead to. */
export interface Scene extends UiPage {
	/** Done before the page is asked for. */
	before?: (page: Page) => Promise<unknown>;
	/** Done when it is drawn. */
	then?: (page: Page) => Promise<unknown>;
	/** Shows something that stands in the window and not in the page. */
	floats?: boolean;
}

/** A page of one sheet of text, written by hand. */
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 78>>stream
BT /F1 22 Tf 72 760 Td (Report on the survey of the Lhasa valley) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>endobj
trailer<</Root 1 0 R>>
`;

/** A repository for whose content somebody has asked. */
async function gate(hub: Hub, owner: Session, make: (name: string, visibility: string) => Promise<unknown>) {
	await make('ice-cores', 'public');
	const files = { 'depths.csv': 'core,depth_m\n4,12.5\n7,18.2\n' };
	await hub.upload('demo/ice-cores', files, owner.access);
	await hub.call('PUT', '/api/demo/ice-cores/settings', { gating: 'manual' }, owner.access);
	for (const name of ['yang-fan', 'e-brandt']) {
		const { access } = await hub.account(name);
		await hub.call('POST', '/api/v1/repos/demo/ice-cores/access-requests', {}, access);
	}
}

/** Talk about the demo's model `rain`: a discussion, and a pull request with a commit. */
async function discuss(hub: Hub, owner: Session) {
	const address = '/api/models/demo/rain/discussions';
	const { access } = await hub.login('yang-fan');
	const description = 'The card names **two networks**. Which of them was used?\n\n- national\n- regional';
	await hub.call('POST', address, { title: 'Which gauges were used?', description }, access);
	await hub.call('POST', `${address}/1/comment`, { comment: 'The national one, see `config/grid.json`.' }, owner.access);
	const lines = [
		{ key: 'header', value: { summary: 'Refine the grid' } },
		{ key: 'file', value: { path: 'config/fine.json', content: 'eyJzdGVwIjogMC41fQo=', encoding: 'base64' } }
	];
	await fetch(`${hub.address}/api/models/demo/rain/commit/main?create_pr=1`, {
		method: 'POST',
		headers: { 'authorization': `Bearer ${access}`, 'content-type': 'application/x-ndjson' },
		body: lines.map((line) => JSON.stringify(line)).join('\n')
	});
}

/** A collection of the demo's account, private as it is, with two repositories. */
async function collect(hub: Hub, { access }: Session): Promise<string> {
	const body = { title: 'Winter field season', description: 'What we take along', private: true };
	const { slug } = await hub.call('POST', '/api/collections', body, access);
	for (const [id, note] of [['demo/rain', 'The model of the forecast.'], ['demo/ice-cores', undefined]]) {
		await hub.call('POST', `/api/collections/${slug}/items`, { item: { id, type: 'model' }, note }, access);
	}
	return `/collections/${slug}`;
}

/** A program that waits to be let in; the address that it shows. */
export async function waitAtTheDoor(hub: Hub): Promise<string> {
	const body = new URLSearchParams({ client_id: '26be6b09-91c5-47da-9861-d2d2bb7a7e36' });
	const begun = await (await fetch(`${hub.address}/oauth/device`, { method: 'POST', body })).json();
	return `/device?code=${begun.user_code}`;
}

/** An organization of the demo's account, with a member and a repository. */
async function organize(hub: Hub, { access }: Session) {
	const body = { name: 'cryosphere', full_name: '冰冻圈实验室 Cryosphere Lab', bio: 'Glaciers, permafrost and snow.' };
	await hub.call('POST', '/api/v1/organizations', { ...body, location: '兰州' }, access);
	await hub.call('PUT', '/api/v1/organizations/cryosphere/members/yang-fan', { role: 'write' }, access);
	const repository = { name: 'glacier-mask', description: 'Outlines of glaciers', repo_type: 'model' };
	await hub.call('POST', '/api/repositories', { ...repository, owner: 'cryosphere' }, access);
}

/** Webhooks of the demo's account: one that hears of things, one whose receiver refuses them, and one that is disabled. */
async function notify(hub: Hub, { access }: Session): Promise<string> {
	const make = async (url: string, watched: object[]) =>
		(await hub.call('POST', '/api/settings/webhooks', { url, watched, secret: 'between-us' }, access)).webhook.id;
	const own = [{ type: 'user', name: 'demo' }];
	const receiver = new Receiver();
	const url = await receiver.start();
	const heard = await make(url, [...own, { type: 'org', name: 'cryosphere' }]);
	// It is no receiver, and says so.
	await make(`${hub.address}/health`, [{ type: 'model', name: 'demo/rain' }]);
	const disabled = await make('https://ci.example.org/hooks/nightly-evaluation-of-everything', own);
	await hub.call('POST', `/api/settings/webhooks/${disabled}/disable`, {}, access);
	await hub.call('POST', '/api/models/demo/rain/discussions/1/comment', { comment: 'Thank you.' }, access);
	await hub.call('POST', `/api/v1/webhooks/${heard}/ping`, undefined, access);
	while (receiver.got.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
	return `/settings/webhooks?webhook=${heard}`;
}

/** States of pages that are worth looking at; makes a repository of the demo's account for them. */
export async function everyState(hub: Hub, session: Session): Promise<Scene[]> {
	const token = session.access;
	const make = (name: string, visibility: string) =>
		hub.call('POST', '/api/repositories', { name, description: '', repo_type: 'model', visibility }, token);
	await make('unfinished', 'private');
	await make('empty', 'public');
	await hub.upload(
		'demo/unfinished',
		{
			'report.pdf': PDF,
			'notes.txt': 'Cores 4 and 7 are from the same borehole.\n'.repeat(40),
			'LICENSE': 'Apache-2.0',
			'weights.bin': new Uint8Array(3_000_000),
			'config/training run of a rather long name that goes on and on/settings for the second season.json': '{"a": [1, 2]}',
			'large.txt': 'x'.repeat(99).concat('\n').repeat(120_000)
		},
		token
	);
	await gate(hub, session, make);
	await withBranches(hub, 'demo', session, 'geoml-hub-demo');
	await discuss(hub, session);
	const collection = await collect(hub, session);
	await organize(hub, session);
	const deliveries = await notify(hub, session);
	const door = await waitAtTheDoor(hub);
	const base = '/demo/unfinished';
	const file = (name: string, path: string): Scene => ({ name, path: `${base}/blob/main/${path}`, signedIn: true });
	const refused = (status: number, body: object) => (page: Page) =>
		page.route(/\/api\/search/, (route) => route.fulfill({ status, json: body }));
	return [
		...['security', 'tokens', 'storage', 'appearance'].map((part) => ({
			name: `settings-${part}`,
			path: `/settings/${part}`,
			signedIn: true
		})),
		{ name: 'gated', path: '/demo/ice-cores' },
		{ name: 'gated-files', path: '/demo/ice-cores/tree/main' },
		{ name: 'gated-requests', path: '/demo/ice-cores/settings', signedIn: true },
		{ name: 'card-none', path: '/demo/empty', signedIn: true },
		{ name: 'tree-empty', path: '/demo/empty/tree/main', signedIn: true },
		{ name: 'tree-private', path: `${base}/tree/main`, signedIn: true },
		file('file-pdf', 'report.pdf'),
		file('file-text', 'notes.txt'),
		file('file-binary', 'weights.bin'),
		file('file-large', 'large.txt'),
		file('file-long-path', 'config/training run of a rather long name that goes on and on/settings for the second season.json'),
		{ name: 'file-missing', path: `${base}/blob/main/nothing.txt`, signedIn: true },
		{ name: 'discussions', path: '/demo/rain/discussions', signedIn: true },
		{ name: 'discussions-none', path: '/demo/empty/discussions' },
		{ name: 'discussion', path: '/demo/rain/discussions/1', signedIn: true },
		{ name: 'discussion-new', path: '/demo/rain/discussions/new', signedIn: true },
		{ name: 'pull-request', path: '/demo/rain/discussions/2', signedIn: true },
		{ name: 'pull-request-changes', path: '/demo/rain/discussions/2?view=changes' },
		{ name: 'organization', path: '/cryosphere', signedIn: true },
		{ name: 'organization-members', path: '/cryosphere?tab=members' },
		{ name: 'organization-collections', path: '/cryosphere?tab=collections', signedIn: true },
		{ name: 'organization-settings', path: '/organizations/cryosphere/settings', signedIn: true },
		{ name: 'organization-new', path: '/organizations/new', signedIn: true },
		{ name: 'settings-organizations', path: '/settings/organizations', signedIn: true },
		{ name: 'settings-webhooks', path: '/settings/webhooks', signedIn: true },
		{ name: 'webhook-deliveries', path: deliveries, signedIn: true },
		{
			name: 'webhook-delivery',
			path: deliveries,
			signedIn: true,
			floats: true,
			then: (page) => page.getByRole('button', { name: /comment|评论/i }).first().click()
		},
		{
			name: 'webhook-new',
			path: '/settings/webhooks',
			signedIn: true,
			floats: true,
			then: (page) => page.locator('main button:has(svg)').first().click()
		},
		{ name: 'device-request', path: door, signedIn: true },
		{ name: 'device-unknown', path: '/device?code=BCDF-GHJK', signedIn: true },
		{ name: 'collection', path: collection, signedIn: true },
		{ name: 'collections', path: '/demo?tab=collections', signedIn: true },
		{
			name: 'collect',
			path: '/demo/rain',
			signedIn: true,
			floats: true,
			then: (page) => page.locator('header button[aria-haspopup=dialog]').last().click()
		},
		{ name: 'branches-own', path: '/demo/rain/branches', signedIn: true },
		{ name: 'tags-own', path: '/demo/rain/tags' },
		{ name: 'tags-none', path: '/demo/empty/tags' },
		{ name: 'compare-own', path: '/demo/rain/compare?base=main&head=season%2F2025' },
		{ name: 'compare-none', path: '/demo/rain/compare?base=season%2F2025&head=main' },
		{
			name: 'switcher',
			path: '/demo/rain/tree/main',
			floats: true,
			then: (page) => page.locator('nav button[aria-haspopup=dialog]').click()
		},
		{
			name: 'clone',
			path: '/demo/rain/tree/main',
			signedIn: true,
			floats: true,
			then: (page) => page.locator('button[aria-haspopup=dialog]').last().click()
		},
		{
			name: 'use',
			path: '/demo/rain',
			signedIn: true,
			floats: true,
			then: (page) => page.getByRole('button', { name: /^(Use this|使用此)/ }).click()
		},
		{ name: 'help', path: '/', floats: true, then: (page) => page.keyboard.press('?') },
		{
			name: 'finder',
			path: `${base}/tree/main`,
			signedIn: true,
			floats: true,
			then: async (page) => {
				await page.keyboard.press('t');
				await page.getByRole('dialog').getByRole('combobox').fill('set');
			}
		},
		{ name: 'suggestions', path: '/demo', floats: true, then: suggest },
		{ name: 'offline', path: '/', then: (page) => page.context().setOffline(true).then(() => page.waitForTimeout(200)) },
		{ name: 'loading', path: '/search?q=rain', before: (page) => page.route(/\/api\/search/, () => undefined) },
		{
			name: 'error',
			path: '/search?q=rain',
			before: refused(500, { error: 'The hub met an internal error.', code: 'internal', request_id: '01a2b3c4' })
		},
		{ name: 'unreached', path: '/search?q=rain', before: (page) => page.route(/\/api\/search/, (route) => route.abort()) }
	];
}

async function suggest(page: Page): Promise<void> {
	await page.keyboard.press('/');
	await page.keyboard.type('rain');
	await page.waitForTimeout(800);
}
