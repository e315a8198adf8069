import type { Problem } from '$lib/api/problem';
import { m } from '$messages';
import { getLocale } from '$paraglide/runtime';

/** A few words over a problem. */
export function headline(problem: Problem): string {
	switch (problem.code) {
		case 'offline':
			return m.problem_offline_title();
		case 'not_found':
		case 'gone':
			return m.problem_not_found_title();
		case 'unauthorized':
			return m.problem_unauthorized_title();
		case 'forbidden':
			return m.problem_forbidden_title();
		case 'too_many_requests':
			return m.problem_busy_title();
		case 'unavailable':
		case 'storage_full':
			return m.problem_unavailable_title();
		default:
			return problem.status >= 500 ? m.problem_internal_title() : m.problem_refused_title();
	}
}

/** Codes that say all there is to say; the hub's own sentence would only repeat them in English. */
const PLAIN = new Set(['internal', 'unauthorized']);

/** One sentence about a page or a part of it that is not there: of what is missing it says the same in every language. */
export function explainPage(problem: Problem): string {
	return ['not_found', 'gone'].includes(problem.code) ? m.problem_not_found() : explain(problem);
}

/** One sentence about a problem. The hub writes English; where it says more than a code, its words are kept. */
export function explain(problem: Problem): string {
	const known = byCode(problem.code);
	if (problem.message === '') return known ?? m.problem_internal();
	// What went wrong inside stands in the log; what can be done is known here.
	if (problem.code === 'internal') return m.problem_internal();
	if (getLocale() !== 'zh' || known === undefined) return problem.message;
	if (PLAIN.has(problem.code)) return known;
	return `${known}（${problem.message}）`;
}

function byCode(code: string): string | undefined {
	switch (code) {
		case 'offline':
			return m.problem_offline();
		case 'not_found':
		case 'gone':
			return m.problem_unknown();
		case 'unauthorized':
			return m.problem_unauthorized();
		case 'forbidden':
			return m.problem_forbidden();
		case 'conflict':
			return m.problem_conflict();
		case 'too_large':
			return m.problem_too_large();
		case 'quota_exceeded':
			return m.problem_quota();
		case 'too_many_requests':
			return m.problem_busy();
		case 'storage_full':
			return m.problem_storage_full();
		case 'unavailable':
			return m.problem_unavailable();
		case 'internal':
			return m.problem_internal();
		default:
			return undefined;
	}
}
