import type { ParamMatcher } from '@sveltejs/kit';

/** The parts of the account settings besides the profile, which stands at their beginning. */
export const match: ParamMatcher = (parameter) =>
	['security', 'tokens', 'organizations', 'webhooks', 'storage', 'appearance'].includes(parameter);
