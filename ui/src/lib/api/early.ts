/** What the page asked for before its code was there (app.html), by address; nothing where the hub refused. */
declare global {
	interface Window {
		geomlEarly?: Record<string, Promise<unknown>>;
	}
}

/** How many repositories each list of the start page shows. */
export const LISTED_AT_HOME = 6;

/** The addresses that app.html asks for. */
export const first = {
	me: '/api/auth/me',
	trending: `/api/trending?limit=${LISTED_AT_HOME}`,
	recent: `/api/recent?limit=${LISTED_AT_HOME}`,
	classification: '/api/classifications/tree',
	repository: (owner: string, name: string, type: string | undefined) =>
		`/api/${owner}/${name}${type === undefined ? '' : `?repo_type=${type}`}`,
	card: (owner: string, name: string, type: string) => `/api/${owner}/${name}/model-card?repo_type=${type}`
};

/** Answers that nobody took by then would be old news. */
const KEPT_MILLISECONDS = 10_000;
setTimeout(() => (window.geomlEarly = {}), KEPT_MILLISECONDS);

/** What was asked early. `ask` asks for the same: the next time, and where the early answer was a refusal. */
export async function earlyOr<T>(address: string, ask: () => Promise<T>): Promise<T> {
	const asked = window.geomlEarly?.[address];
	if (asked === undefined) return ask();
	delete window.geomlEarly![address];
	const value = await asked;
	return value === undefined ? ask() : (value as T);
}
