import { familyOf, type RepositoryKey } from '$lib/addresses';
import type { Schema } from '$lib/api/client';
import { m } from '$messages';

export type Discussion = Schema<'HfDiscussionView'>;
export type DiscussionDetails = Schema<'HfDiscussionDetails'>;
export type DiscussionEvent = Schema<'HfDiscussionEvent'>;
export type CommentData = Extract<DiscussionEvent['data'], { latest: unknown }>;

/** Discussions of a page, as many as the hub answers at once. */
export const PAGE_LIMIT = 50;
export const STATUSES = ['open', 'closed', 'all'] as const;
export const TYPES = ['all', 'discussion', 'pull_request'] as const;

/** Which discussions a list shows; it lives in its address. */
export interface DiscussionFilter {
	status: (typeof STATUSES)[number];
	type: (typeof TYPES)[number];
	/** Counted from 1. */
	page: number;
}

/** Reads the filter of an address; what it does not know is as if it were not there. */
export function readFilter(parameters: URLSearchParams): DiscussionFilter {
	const page = Math.trunc(Number(parameters.get('page')));
	return {
		status: STATUSES.find((one) => one === parameters.get('status')) ?? 'open',
		type: TYPES.find((one) => one === parameters.get('type')) ?? 'all',
		page: page > 0 ? page : 1
	};
}

/** The query of an address that shows this; empty for what is shown without one. */
export function writeFilter({ status, type, page }: DiscussionFilter): string {
	const query = new URLSearchParams();
	if (status !== 'open') query.set('status', status);
	if (type !== 'all') query.set('type', type);
	if (page > 1) query.set('page', String(page));
	return query.size === 0 ? '' : `?${query}`;
}

/** The `path` of calls about the discussions of a repository. */
export function discussionsPath({ owner, name, repo_type }: RepositoryKey) {
	return { family: familyOf(repo_type) ?? 'models', owner, repo: name };
}

/** What is said in a comment; nothing of other events. */
export function commentOf(event: DiscussionEvent): CommentData | undefined {
	return 'latest' in event.data ? event.data : undefined;
}

export function isOpen({ status }: Pick<Discussion, 'status'>): boolean {
	return status === 'open' || status === 'draft';
}

export function statusName(status: string): string {
	switch (status) {
		case 'draft':
			return m.discussions_draft();
		case 'closed':
			return m.discussions_closed();
		case 'merged':
			return m.discussions_merged();
		default:
			return m.discussions_open();
	}
}

/** The short name of a full one: `refs/heads/main` is `main`. */
export const branchName = (reference: string) => reference.replace(/^refs\/heads\//, '');
