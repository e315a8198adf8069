import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { components, paths } from './schema';
import { exclusively, readTokens, writeTokens, type Tokens } from './tokens';

/** A type of the API by its name. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** Refresh this long before the access token ends, so that no request meets its end. */
const REFRESH_EARLY_MILLISECONDS = 30_000;

let endedUnheard = false;
/** Called when the session ended without the user's wish: revoked, or its time is over. */
let sessionEnded: () => void = () => (endedUnheard = true);

/** Hears of the end of the session, also when it was before the page began to listen. */
export function onSessionEnded(listener: () => void): void {
	sessionEnded = listener;
	if (endedUnheard) listener();
	endedUnheard = false;
}

/** The tokens of a grant, kept for the next requests. */
export function keepGrant(grant: Schema<'GrantView'>): Tokens {
	const tokens = {
		access: grant.access_token,
		refresh: grant.refresh_token,
		expiresAt: Date.now() + grant.expires_in * 1000
	};
	writeTokens(tokens);
	return tokens;
}

function isFresh(tokens: Tokens): boolean {
	return tokens.expiresAt - REFRESH_EARLY_MILLISECONDS > Date.now();
}

/** A usable access token, refreshed when its end is near; null when nobody is signed in. */
export async function accessToken(refused?: string): Promise<string | null> {
	const usable = (tokens: Tokens) => isFresh(tokens) && tokens.access !== refused;
	const tokens = readTokens();
	if (tokens === null || usable(tokens)) return tokens?.access ?? null;
	return exclusively(async () => {
		// Another tab may have refreshed while this one waited.
		const current = readTokens();
		if (current === null || usable(current)) return current?.access ?? null;
		return refresh(current);
	});
}

async function refresh(tokens: Tokens): Promise<string | null> {
	const response = await fetch('/api/auth/refresh', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ refresh_token: tokens.refresh })
	});
	if (response.ok) return keepGrant(await response.json()).access;
	if (response.status !== 401 && response.status !== 403 && response.status !== 400) {
		throw await Problem.from(response);
	}
	writeTokens(null);
	sessionEnded();
	return null;
}

/** `fetch` in the name of the signed-in user. A token that was refused is refreshed once. */
export async function authorizedFetch(request: Request): Promise<Response> {
	const token = await accessToken();
	if (token === null) return fetch(request);
	const again = request.clone();
	const response = await fetch(withToken(request, token));
	if (response.status !== 401) return response;
	const fresh = await accessToken(token);
	return fetch(fresh === null ? again : withToken(again, fresh));
}

function withToken(request: Request, token: string): Request {
	const headers = new Headers(request.headers);
	headers.set('authorization', `Bearer ${token}`);
	return new Request(request, { headers });
}

/** The typed client of the hub's API. Wrap its calls in {@link take}. */
export const api = createClient<paths>({ baseUrl: '', fetch: authorizedFetch });

interface Answer<T> {
	data?: T;
	error?: unknown;
	response: Response;
}

/** The data of an answer; throws a {@link Problem} when the hub refused. */
export async function take<T>(pending: Promise<Answer<T>>): Promise<NonNullable<T>> {
	const { data, error, response } = await pending;
	if (!response.ok) throw new Problem(response.status, (error as object | undefined) ?? {});
	return data as NonNullable<T>;
}
