import type { Hub } from './hub';

/** A page of the UI. */
export interface UiPage {
	name: string;
	path: string;
	/** Needs somebody signed in. */
	signedIn?: boolean;
}

/** Every kind of page, at addresses that exist in the demo. */
export async function everyPage(hub: Hub, token: string): Promise<UiPage[]> {
	const me = await hub.call('GET', '/api/auth/me', undefined, token);
	const { items } = await hub.call('GET', '/api/trending?limit=50', undefined, token);
	const model = items.find((one: any) => one.repo_type === 'model');
	const dataset = items.find((one: any) => one.repo_type === 'dataset');
	const own = (await hub.call('GET', `/api/users/${me.username}/repositories`, undefined, token)).items[0];
	const base = (repository: any) => {
		const family: Record<string, string> = { dataset: '/datasets', space: '/spaces' };
		return `${family[repository.repo_type] ?? ''}/${repository.owner}/${repository.name}`;
	};
	const commits = await hub.call('GET', `/api/${model.owner}/${model.name}/commits`, undefined, token);
	// One with changed lines tells more than one that replaces a large file.
	const commit = commits.items.find((one: any) => one.title.includes('config')) ?? commits.items[0];
	const pages: UiPage[] = [
		{ name: 'home', path: '/' },
		{ name: 'home-signed-in', path: '/', signedIn: true },
		{ name: 'search', path: '/search?q=precipitation' },
		{ name: 'search-nothing', path: '/search?q=zzzzqqqq&tags=none' },
		{ name: 'login', path: '/login' },
		{ name: 'register', path: '/register' },
		{ name: 'new', path: '/new', signedIn: true },
		{ name: 'device', path: '/device', signedIn: true },
		{ name: 'settings', path: '/settings', signedIn: true },
		{ name: 'user', path: `/${model.owner}` },
		{ name: 'card', path: base(model) },
		{ name: 'card-dataset', path: base(dataset) },
		{ name: 'tree', path: `${base(model)}/tree/main` },
		{ name: 'commits', path: `${base(model)}/commits/main` },
		{ name: 'commit', path: `${base(model)}/commit/${commit.id}` },
		{ name: 'branches', path: `${base(model)}/branches` },
		{ name: 'tags', path: `${base(model)}/tags` },
		{ name: 'compare', path: `${base(model)}/compare?base=${commit.parents[0]}&head=main` },
		{ name: 'discussions', path: `${base(model)}/discussions` },
		{ name: 'discussion-new', path: `${base(own)}/discussions/new`, signedIn: true },
		{ name: 'collections', path: `/${me.username}?tab=collections`, signedIn: true },
		{ name: 'organization-new', path: '/organizations/new', signedIn: true },
		{ name: 'settings-organizations', path: '/settings/organizations', signedIn: true },
		{ name: 'settings-webhooks', path: '/settings/webhooks', signedIn: true },
		{ name: 'upload', path: `${base(own)}/upload/main`, signedIn: true },
		{ name: 'repository-settings', path: `${base(own)}/settings`, signedIn: true },
		{ name: 'not-found', path: '/nobody/nothing' }
	];
	for (const repository of [model, dataset, ...items]) {
		const files = await hub.call(
			'GET',
			`/api/${repository.owner}/${repository.name}/files?repo_type=${repository.repo_type}`,
			undefined,
			token
		);
		for (const file of files.items) {
			const kind = /\.([a-z0-9]+)$/.exec(file.path)?.[1] ?? 'none';
			const name = `file-${kind}`;
			if (!FILE_KINDS.includes(kind) || pages.some((page) => page.name === name)) continue;
			pages.push({ name, path: `${base(repository)}/blob/main/${file.path}` });
		}
	}
	return pages;
}

const FILE_KINDS = ['md', 'py', 'csv', 'json', 'ipynb', 'safetensors', 'tif', 'nc', 'png'];
