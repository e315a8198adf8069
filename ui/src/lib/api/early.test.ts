import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { earlyOr, first } from './early';

const page = readFileSync('src/app.html', 'utf8').replace(
	'%geoml.repository%',
	'[{"href":"/repository.js"}]'
);
const script = /<script>([^<]*geomlEarly[^]*?)<\/script>/.exec(page)![1]!;

/** What the script of the page asks for at an address, and the modules that it names. */
function asked(pathname: string, session: object | null = null, status = 200) {
	const fetched: { address: string; headers: Record<string, string> }[] = [];
	const modules: string[] = [];
	const fetch = (address: string, { headers }: { headers: Record<string, string> }) => {
		fetched.push({ address, headers });
		return Promise.resolve(new Response(JSON.stringify({ address }), { status }));
	};
	const document = {
		createElement: () => ({}),
		head: { append: ({ href }: { href: string }) => modules.push(href) }
	};
	const localStorage = { getItem: () => JSON.stringify(session) };
	new Function('window', 'location', 'localStorage', 'fetch', 'document', script)(
		window,
		{ pathname },
		localStorage,
		fetch,
		document
	);
	return { addresses: fetched.map((one) => one.address), fetched, modules };
}

beforeEach(() => void vi.stubGlobal('window', {}));

describe('what the page asks for before its code is there', () => {
	it('is what home shows', () => {
		expect(asked('/').addresses).toEqual([first.trending, first.recent, first.classification]);
	});

	it('is what a repository of each family shows, and its modules', () => {
		const model = asked('/ada/u-net');
		expect(model.addresses).toEqual([
			first.repository('ada', 'u-net', undefined),
			first.card('ada', 'u-net', 'model')
		]);
		expect(model.modules).toEqual(['/repository.js']);
		expect(asked('/datasets/ada/rain').addresses).toEqual([
			first.repository('ada', 'rain', 'dataset'),
			first.card('ada', 'rain', 'dataset')
		]);
	});

	it('is nothing on pages that are no repository', () => {
		for (const address of ['/search', '/settings/tokens', '/datasets/ada', '/ada/u-net/tree/main']) {
			expect(asked(address)).toMatchObject({ addresses: [], modules: [] });
		}
	});

	it('is asked in the name of who is signed in, and not at all with a token that has ended', () => {
		const signedIn = asked('/', { access: 'token', expiresAt: Date.now() + 60_000 });
		expect(signedIn.addresses[0]).toBe(first.me);
		expect(signedIn.fetched[0]!.headers).toEqual({ authorization: 'Bearer token' });
		expect(asked('/', { access: 'token', expiresAt: 0 }).addresses).toEqual([]);
	});

	it('is taken once, and asked for again where the hub refused', async () => {
		asked('/');
		const later = () => Promise.resolve({ address: 'later' });
		expect(await earlyOr(first.recent, later)).toEqual({ address: first.recent });
		expect(await earlyOr(first.recent, later)).toEqual({ address: 'later' });
		asked('/', null, 404);
		expect(await earlyOr(first.recent, later)).toEqual({ address: 'later' });
	});
});
