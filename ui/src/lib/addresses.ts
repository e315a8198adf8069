/** Addresses of pages. A revision is one percent-encoded segment; paths keep their slashes. */

export interface RepositoryKey {
	owner: string;
	name: string;
	repo_type: string;
}

export type Family = 'datasets' | 'spaces';

/** The family that a kind belongs to; models, code, workflows and projects have none in their address. */
export function familyOf(kind: string): Family | undefined {
	if (kind === 'dataset') return 'datasets';
	if (kind === 'space') return 'spaces';
	return undefined;
}

/**
 * What `?repo_type=` of the API takes for an address: nothing without a family, and the hub then looks among models first,
 * then datasets, then spaces.
 */
export function repositoryTypeOf(family: string | undefined): 'dataset' | 'space' | undefined {
	if (family === 'datasets') return 'dataset';
	if (family === 'spaces') return 'space';
	return undefined;
}

export function encodePath(path: string): string {
	return path.split('/').map(encodeURIComponent).join('/');
}

export function repositoryAddress(repository: RepositoryKey): string {
	const family = familyOf(repository.repo_type);
	const own = `/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
	return family === undefined ? own : `/${family}${own}`;
}

export function userAddress(username: string): string {
	return `/${encodeURIComponent(username)}`;
}

/** Pages of a repository that show a revision. */
export type View = 'tree' | 'blob' | 'commits' | 'upload';

/** A page below a repository that shows a revision and perhaps a path. */
export function viewAddress(repository: RepositoryKey, view: View, revision: string, path = ''): string {
	const base = `${repositoryAddress(repository)}/${view}/${encodeURIComponent(revision)}`;
	return path === '' ? base : `${base}/${encodePath(path)}`;
}

export function commitAddress(repository: RepositoryKey, commit: string): string {
	return `${repositoryAddress(repository)}/commit/${commit}`;
}

/** What `git clone` takes. */
export function cloneAddress(repository: RepositoryKey): string {
	return `${location.origin}${repositoryAddress(repository)}.git`;
}

/** The list of branches or of tags. */
export function namesAddress(repository: RepositoryKey, which: 'branches' | 'tags'): string {
	return `${repositoryAddress(repository)}/${which}`;
}

/** What one revision has beyond another. */
export function compareAddress(repository: RepositoryKey, base?: string, head?: string): string {
	const query = new URLSearchParams();
	if (base !== undefined) query.set('base', base);
	if (head !== undefined) query.set('head', head);
	return `${repositoryAddress(repository)}/compare${query.size === 0 ? '' : `?${query}`}`;
}

/** The list of discussions and pull requests. */
export function discussionsAddress(repository: RepositoryKey): string {
	return `${repositoryAddress(repository)}/discussions`;
}

/** One of them. */
export function discussionAddress(repository: RepositoryKey, number: number): string {
	return `${discussionsAddress(repository)}/${number}`;
}

/** Where the content of a file is downloaded; private content needs a signed address instead. */
export function downloadAddress(repository: RepositoryKey, revision: string, path: string): string {
	const query = new URLSearchParams({ repo_type: repository.repo_type, revision });
	const base = `/api/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
	return `${base}/download/${encodePath(path)}?${query}`;
}

export function searchAddress(parameters: Record<string, string | string[] | undefined>): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters)) {
		for (const one of [value ?? []].flat()) query.append(name, one);
	}
	return `/search?${query}`;
}
