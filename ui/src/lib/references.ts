import { api, take, type Schema } from '$lib/api/client';
import type { OpenRepository } from '$lib/state/repository.svelte';

export type Reference = Schema<'ReferenceView'>;
export type References = Schema<'Page_ReferenceView'>;

/** What a name in an address stands for. */
export type RevisionKind = 'branch' | 'tag' | 'commit';

interface Wanted {
	/** Only names that contain this. */
	q?: string;
	page?: number;
	limit: number;
	/** Whether to tell how far each branch is from the default one. */
	divergence?: boolean;
}

/** Branches or tags of a repository, a page of them. */
export function listReferences(
	repository: OpenRepository,
	which: 'branches' | 'tags',
	{ q, page = 1, limit, divergence }: Wanted,
	signal?: AbortSignal
): Promise<References> {
	const { path, query } = repository.gitParameters;
	const params = { path, query: { ...query, ...(q ? { q } : {}), page, limit } };
	const branches = { path, query: { ...params.query, divergence } };
	return take(
		which === 'branches'
			? api.GET('/api/v1/repos/{owner}/{repo}/branches', { params: branches, signal })
			: api.GET('/api/v1/repos/{owner}/{repo}/tags', { params, signal })
	);
}

/** A number of commits, with a sign when the hub stopped counting there. */
export function formatCommits(
	{ commits, more }: Schema<'CountView'>,
	format: (count: number) => string
): string {
	return more ? `${format(commits)}+` : format(commits);
}

/** Makes a branch or a tag; a message makes the tag an annotated one. */
export function makeReference(
	repository: OpenRepository,
	which: 'branches' | 'tags',
	body: { name: string; revision: string; message?: string }
): Promise<Reference> {
	const params = repository.gitParameters;
	return take(
		which === 'branches'
			? api.POST('/api/v1/repos/{owner}/{repo}/branches', { params, body })
			: api.POST('/api/v1/repos/{owner}/{repo}/tags', { params, body })
	);
}

/** Gives a branch another name. */
export function renameBranch(repository: OpenRepository, branch: string, name: string): Promise<Reference> {
	const { path, query } = repository.gitParameters;
	const params = { path: { ...path, branch }, query };
	return take(api.PATCH('/api/v1/repos/{owner}/{repo}/branches/{branch}', { params, body: { name } }));
}

export async function deleteReference(
	repository: OpenRepository,
	which: 'branches' | 'tags',
	name: string
): Promise<void> {
	const { path, query } = repository.gitParameters;
	const { response, error } = await (which === 'branches'
		? api.DELETE('/api/v1/repos/{owner}/{repo}/branches/{branch}', {
				params: { path: { ...path, branch: name }, query }
			})
		: api.DELETE('/api/v1/repos/{owner}/{repo}/tags/{tag}', {
				params: { path: { ...path, tag: name }, query }
			}));
	await take(Promise.resolve({ response, error, data: {} }));
}
