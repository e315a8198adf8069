import { encodePath, type RepositoryKey } from '$lib/addresses';
import { api, take, type Schema } from '$lib/api/client';

export interface Wanted {
	/** A file; a folder with `archive`; empty for everything. */
	path: string;
	revision: string;
	archive?: 'zip' | 'tar.gz';
}

/** The address of a file or an archive; of a private repository it needs a token or a signature. */
export function contentAddress(repository: RepositoryKey, wanted: Wanted): string {
	const query = new URLSearchParams({ repo_type: repository.repo_type, revision: wanted.revision });
	if (wanted.archive) query.set('format', wanted.archive);
	const base = `/api/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
	return `${base}/download/${encodePath(wanted.path)}?${query}`;
}

/** An address that works for some minutes without a token. Throws a `Problem`. */
export function signedAddress(
	repository: RepositoryKey,
	{ path, revision, archive }: Wanted
): Promise<Schema<'SignedLinkView'>> {
	const { owner, name, repo_type } = repository;
	const params = { path: { username: owner, repo_name: name }, query: { repo_type } };
	const body = { path, revision, format: archive };
	return take(api.POST('/api/{username}/{repo_name}/sign', { params, body }));
}

/** Lets the browser save something. Throws a `Problem` when a signature was refused. */
export async function startDownload(
	repository: RepositoryKey & { visibility: string },
	wanted: Wanted
): Promise<void> {
	const address =
		repository.visibility === 'public'
			? contentAddress(repository, wanted)
			: (await signedAddress(repository, wanted)).url;
	const link = document.createElement('a');
	link.href = address;
	link.download = '';
	link.click();
}
