import { api, take, type Schema } from '$lib/api/client';
import type { OpenRepository } from '$lib/state/repository.svelte';

export type Lock = Schema<'LockView'>;

/** As many as the hub gives at once; a repository with more shows the first by path. */
const MOST = 1_000;

/** The locks on paths of a repository by path, or the one on a path. They hold on every branch. */
export async function locksOf(
	repository: OpenRepository,
	path: string | undefined,
	signal: AbortSignal
): Promise<Map<string, Lock>> {
	if (!repository.value.lfs_enabled) return new Map();
	const { path: names, query } = repository.gitParameters;
	const params = { path: names, query: { ...query, limit: MOST, ...(path === undefined ? {} : { path }) } };
	const { locks } = await take(api.GET('/api/v1/repos/{owner}/{repo}/info/lfs/locks', { params, signal }));
	return new Map(locks.map((lock) => [lock.path, lock]));
}

/** Takes a lock away; that of somebody else only by `force`, for who may administer the repository. */
export async function unlock(repository: OpenRepository, lock: Lock, force: boolean): Promise<void> {
	const { path, query } = repository.gitParameters;
	const params = { path: { ...path, id: lock.id }, query: { ...query, force } };
	await take(api.DELETE('/api/v1/repos/{owner}/{repo}/info/lfs/locks/{id}', { params }));
}
