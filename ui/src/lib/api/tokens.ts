/**
 * The tokens of the signed-in browser. They live in the origin's storage, because cookies are shared between the ports of
 * a host and model services run on other ports.
 */
export interface Tokens {
	access: string;
	refresh: string;
	/** Milliseconds since the epoch. */
	expiresAt: number;
}

const KEY = 'geoml.session';
const LEASE_KEY = 'geoml.session.refreshing';
const LEASE_MILLISECONDS = 5_000;

export function readTokens(): Tokens | null {
	try {
		const text = localStorage.getItem(KEY);
		return text === null ? null : (JSON.parse(text) as Tokens);
	} catch {
		return null;
	}
}

export function writeTokens(tokens: Tokens | null): void {
	if (tokens === null) localStorage.removeItem(KEY);
	else localStorage.setItem(KEY, JSON.stringify(tokens));
}

/** Calls back when another tab signs in or out. */
export function onTokensChanged(changed: () => void): () => void {
	const listener = (event: StorageEvent) => {
		if (event.key === KEY || event.key === null) changed();
	};
	addEventListener('storage', listener);
	return () => removeEventListener('storage', listener);
}

/**
 * Runs `task` in one tab at a time: a refresh token works once, and a second use ends the session. Locks exist only on
 * secure origins and a lab's hub is often plain HTTP, so a lease in storage stands in for them.
 */
export async function exclusively<T>(task: () => Promise<T>): Promise<T> {
	if ('locks' in navigator) return navigator.locks.request(KEY, task);
	const owner = crypto.getRandomValues(new Uint32Array(2)).join('-');
	for (;;) {
		const [, until] = (localStorage.getItem(LEASE_KEY) ?? ' 0').split(' ');
		if (Number(until) < Date.now()) {
			localStorage.setItem(LEASE_KEY, `${owner} ${Date.now() + LEASE_MILLISECONDS}`);
			await pause(30);
			if (localStorage.getItem(LEASE_KEY)?.startsWith(owner)) break;
		}
		await pause(50);
	}
	try {
		return await task();
	} finally {
		localStorage.removeItem(LEASE_KEY);
	}
}

function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
