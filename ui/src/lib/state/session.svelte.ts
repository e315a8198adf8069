import { api, keepGrant, onSessionEnded, take, type Schema } from '$lib/api/client';
import { earlyOr, first } from '$lib/api/early';
import { Problem } from '$lib/api/problem';
import { onTokensChanged, readTokens, writeTokens } from '$lib/api/tokens';

/** Who is signed in. */
class Session {
	user = $state.raw<Schema<'UserView'> | null>(null);
	/** False until it is known whether somebody is signed in. */
	known = $state(false);
	/** The session ended by itself; the next page says so. */
	ended = $state(false);

	/** Called once, by the layout of all pages. */
	async start(): Promise<void> {
		onSessionEnded(() => {
			this.user = null;
			this.ended = true;
		});
		onTokensChanged(() => void this.#load());
		await this.#load();
	}

	async #load(): Promise<void> {
		try {
			this.user = readTokens() === null ? null : await earlyOr(first.me, () => take(api.GET('/api/auth/me')));
		} catch (thrown) {
			if (Problem.of(thrown).status === 401) {
				writeTokens(null);
				this.user = null;
			}
		}
		this.known = true;
	}

	/** Signs in with a name or an e-mail address. Throws a `Problem`. */
	async login(username: string, password: string): Promise<void> {
		this.#begin(await take(api.POST('/api/auth/login', { body: { username, password } })));
	}

	/** Makes an account and signs in. Throws a `Problem`. */
	async register(account: Schema<'Registration'>): Promise<void> {
		await take(api.POST('/api/auth/register', { body: account }));
		await this.login(account.username, account.password);
	}

	#begin(grant: Schema<'GrantView'>): void {
		keepGrant(grant);
		this.user = grant.user;
		this.ended = false;
	}

	async logout(): Promise<void> {
		const tokens = readTokens();
		if (tokens !== null) {
			// Signing out must work without the hub, too.
			await api.POST('/api/auth/logout', { body: { refresh_token: tokens.refresh } }).catch(() => undefined);
		}
		writeTokens(null);
		this.user = null;
	}

	/** Reads the account again after its settings changed. */
	async reload(): Promise<void> {
		await this.#load();
	}
}

export const session = new Session();
