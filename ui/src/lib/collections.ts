import { familyOf, type RepositoryKey } from '$lib/addresses';
import { api, take, type Schema } from '$lib/api/client';

export type Collection = Schema<'HfCollectionView'>;
export type CollectionItem = Schema<'HfCollectionItemView'>;

/** Collections of a page, as many as the hub answers at once. */
export const PAGE_LIMIT = 100;
export const TITLE_MAX = 60;
export const DESCRIPTION_MAX = 150;
export const NOTE_MAX = 500;

/** The `path` of calls about a collection. */
export function pathOf({ slug }: Pick<Collection, 'slug'>): { owner: string; slug: string } {
	const [owner = '', rest = ''] = slug.split('/');
	return { owner, slug: rest };
}

export function collectionAddress({ slug }: Pick<Collection, 'slug'>): string {
	return `/collections/${slug}`;
}

/** A repository as items of a collection name it. */
export function itemOf({ owner, name, repo_type }: RepositoryKey): Schema<'HfNamedItem'> {
	const types = { datasets: 'dataset', spaces: 'space', models: 'model' } as const;
	return { id: `${owner}/${name}`, type: types[familyOf(repo_type) ?? 'models'] };
}

/** What the addresses of an item's repository are made of. */
export function keyOf({ id, type }: Pick<CollectionItem, 'id' | 'type'>): RepositoryKey {
	const [owner = '', name = ''] = id.split('/');
	return { owner, name, repo_type: type };
}

/** A page of the collections of an account, and how many there are at least. */
export async function collectionsOf(owner: string, page: number, signal?: AbortSignal) {
	const query = { owner, limit: PAGE_LIMIT, skip: (page - 1) * PAGE_LIMIT };
	const answer = await api.GET('/api/collections', { params: { query }, signal });
	const items = await take(Promise.resolve(answer));
	const more = answer.response.headers.has('link') ? 1 : 0;
	return { items, total: query.skip + items.length + more };
}

/** The collections that have a repository, as far as the reader may see them. */
export function collectionsWith(repository: RepositoryKey, signal?: AbortSignal): Promise<Collection[]> {
	const { id, type } = itemOf(repository);
	const query = { item: `${type}s/${id}`, limit: PAGE_LIMIT };
	return take(api.GET('/api/collections', { params: { query }, signal }));
}

export function showCollection(
	path: { owner: string; slug: string },
	signal?: AbortSignal
): Promise<Collection> {
	return take(api.GET('/api/collections/{owner}/{slug}', { params: { path }, signal }));
}

export function createCollection(body: Schema<'HfCreateCollection'>): Promise<Collection> {
	return take(api.POST('/api/collections', { body }));
}

export async function changeCollection(of: Collection, body: Schema<'HfChangeCollection'>): Promise<void> {
	const params = { path: pathOf(of) };
	const { response, error } = await api.PATCH('/api/collections/{owner}/{slug}', { params, body });
	await take(Promise.resolve({ response, error, data: {} }));
}

export async function deleteCollection(of: Collection): Promise<void> {
	const params = { path: pathOf(of) };
	const { response, error } = await api.DELETE('/api/collections/{owner}/{slug}', { params });
	await take(Promise.resolve({ response, error, data: {} }));
}

export function addToCollection(of: Collection, repository: RepositoryKey): Promise<Collection> {
	const params = { path: pathOf(of) };
	const body = { item: itemOf(repository) };
	return take(api.POST('/api/collections/{owner}/{slug}/items', { params, body }));
}

export function changeItem(of: Collection, item: string, body: Schema<'HfChangeItem'>): Promise<Collection> {
	const params = { path: { ...pathOf(of), item } };
	return take(api.PATCH('/api/collections/{owner}/{slug}/items/{item}', { params, body }));
}

export function removeItem(of: Collection, item: string): Promise<Collection> {
	const params = { path: { ...pathOf(of), item } };
	return take(api.DELETE('/api/collections/{owner}/{slug}/items/{item}', { params }));
}

/** Takes a repository out of a collection of which only the beginning is known. */
export async function removeFromCollection(of: Collection, repository: RepositoryKey): Promise<void> {
	const whole = await showCollection(pathOf(of));
	const { id, type } = itemOf(repository);
	const item = whole.items.find((one) => one.type === type && one.id === id);
	if (item !== undefined) await removeItem(of, item._id);
}
