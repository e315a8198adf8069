const KEY = 'geoml.theme';

export type Theme = 'light' | 'dark' | 'system';

/** The colour theme; `app.html` sets it before the first paint. */
class ThemeChoice {
	choice = $state<Theme>(read());
	#systemIsDark = matchMedia('(prefers-color-scheme: dark)');

	constructor() {
		this.#systemIsDark.addEventListener('change', () => this.#apply());
	}

	choose(theme: Theme): void {
		this.choice = theme;
		if (theme === 'system') localStorage.removeItem(KEY);
		else localStorage.setItem(KEY, theme);
		this.#apply();
	}

	#apply(): void {
		const dark = this.choice === 'dark' || (this.choice === 'system' && this.#systemIsDark.matches);
		document.documentElement.dataset.theme = dark ? 'dark' : 'light';
	}
}

function read(): Theme {
	const stored = localStorage.getItem(KEY);
	return stored === 'dark' || stored === 'light' ? stored : 'system';
}

export const theme = new ThemeChoice();
