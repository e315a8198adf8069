import type { operations } from '$lib/api/schema';

/** What a search page asks for; it lives in its address, so that it can be shared and gone back to. */
export type SearchQuery = NonNullable<operations['search_repositories']['parameters']['query']>;

/** Conditions that may have several values. */
export const FACETS = [
	'repo_type',
	'task',
	'framework',
	'library',
	'tags',
	'license',
	'owner',
	'classification'
] as const;

export type FacetName = (typeof FACETS)[number];

export const SORTS = ['relevance', 'trending', 'stars', 'downloads', 'updated', 'created', 'name'] as const;

export const PAGE_LIMIT = 20;

/** Reads the conditions from an address; what it does not know is left out. */
export function readSearch(parameters: URLSearchParams): SearchQuery {
	const query: SearchQuery = { q: parameters.get('q') ?? '', limit: PAGE_LIMIT, page: pageOf(parameters) };
	const sort = parameters.get('sort');
	if (sort !== null && (SORTS as readonly string[]).includes(sort)) query.sort = sort;
	for (const facet of FACETS) {
		const values = parameters.getAll(facet).filter((value) => value !== '');
		if (values.length > 0) query[facet] = values;
	}
	return query;
}

function pageOf(parameters: URLSearchParams): number {
	const page = Number(parameters.get('page'));
	return Number.isInteger(page) && page > 0 ? page : 1;
}

/** The address with one value added to a facet, or taken back when it is chosen already. The page starts again. */
export function toggled(parameters: URLSearchParams, facet: FacetName, value: string): string {
	const next = new URLSearchParams(parameters);
	next.delete('page');
	const values = next.getAll(facet);
	next.delete(facet);
	const kept = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
	for (const one of kept) next.append(facet, one);
	return `/search?${next}`;
}

/** The address with one parameter changed; an empty value drops it. */
export function changed(parameters: URLSearchParams, name: string, value: string): string {
	const next = new URLSearchParams(parameters);
	if (name !== 'page') next.delete('page');
	if (value === '') next.delete(name);
	else next.set(name, value);
	return `/search?${next}`;
}
