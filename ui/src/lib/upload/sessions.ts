import { api, take } from '$lib/api/client';
import type { Session } from './hub';

/** What has arrived of a session, from 0 to 1. */
export function arrivedOf(session: Session): number {
	return session.status === 'open' ? 1 - session.missing_count / Math.max(1, session.total_chunks) : 1;
}

interface Place {
	path: { username: string; repo_name: string };
	query: { repo_type: string };
}

/** The caller's unfinished uploads in a repository, the oldest first. */
export async function unfinishedSessions(place: Place, signal: AbortSignal): Promise<Session[]> {
	const params = { path: place.path, query: { ...place.query, limit: 100 } };
	return (await take(api.GET('/api/{username}/{repo_name}/upload', { params, signal }))).items;
}
