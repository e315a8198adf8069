import { api, take } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { OpenRepository } from '$lib/state/repository.svelte';

/** A folder of the default branch, or the nearest one above it that still has files: the others go with their last file. */
export async function nearestFolder(repository: OpenRepository, folder: string): Promise<string> {
	const { path: names, query } = repository.parameters;
	const steps = folder.split('/').filter((step) => step !== '');
	for (; steps.length > 0; steps.pop()) {
		const path = steps.join('/');
		const params = { path: { ...names, path }, query: { ...query, limit: 1 } };
		try {
			await take(api.GET('/api/{username}/{repo_name}/tree/main/{path}', { params }));
			return path;
		} catch (thrown) {
			// The page of the folder says what else is wrong.
			if (Problem.of(thrown).status !== 404) return path;
		}
	}
	return '';
}
