import { askEarly } from './client';

/** How many repositories each list of the start page shows. */
export const LISTED_AT_HOME = 6;
const REPOSITORY = /^\/(?:(datasets|spaces)\/)?(?!(?:datasets|spaces|settings)\/)([^/]+)\/([^/]+)\/?$/;

/**
 * Asks for what the page at an address will ask for, while the code of that page is still on its way. Addresses must be
 * those that the page uses; one that is not used costs a request and nothing else.
 */
export function askForPage(path: string): void {
	if (path === '/') {
		askEarly(`/api/trending?limit=${LISTED_AT_HOME}`);
		askEarly(`/api/recent?limit=${LISTED_AT_HOME}`);
		askEarly('/api/classifications/tree');
		return;
	}
	const [, family, owner, name] = REPOSITORY.exec(path) ?? [];
	if (owner === undefined) return;
	const type = family?.slice(0, -1);
	askEarly(`/api/${owner}/${name}${type === undefined ? '' : `?repo_type=${type}`}`);
	askEarly(`/api/${owner}/${name}/model-card?repo_type=${type ?? 'model'}`);
}
