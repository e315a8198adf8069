import { api, take } from '$lib/api/client';

const PAGE_LIMIT = 100;
const MOST_PAGES = 50;

export interface Existing {
	paths: Set<string>;
	/** False when the repository has more files than are worth comparing. */
	complete: boolean;
}

interface Place {
	path: { username: string; repo_name: string };
	query: { repo_type: string };
}

/** The paths of all files at a revision; none of a branch that has no commit yet. */
export async function existingPaths(place: Place, revision: string, signal: AbortSignal): Promise<Existing> {
	const paths = new Set<string>();
	for (let page = 1; page <= MOST_PAGES; page += 1) {
		const query = { ...place.query, revision, page, limit: PAGE_LIMIT };
		const params = { path: place.path, query };
		const tree = await take(api.GET('/api/{username}/{repo_name}/files', { params, signal }));
		for (const entry of tree.items) paths.add(entry.path);
		if (page * PAGE_LIMIT >= tree.total) return { paths, complete: true };
	}
	return { paths, complete: false };
}
