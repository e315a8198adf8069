/** However busy the page is, what waits for idleness is done after this time. */
const LONGEST_MILLISECONDS = 1_000;

/**
 * Comes when the page is drawn and the browser has nothing better to do: the time for what makes a page nicer but is not
 * what one came to read. Never, once `signal` is aborted.
 */
export function whenIdle(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const begin = () => {
			if (!signal.aborted) resolve();
		};
		if ('requestIdleCallback' in window) requestIdleCallback(begin, { timeout: LONGEST_MILLISECONDS });
		else setTimeout(begin, 100);
	});
}

/** Comes when the next frame has been drawn. Never, once `signal` is aborted. */
export function afterFrame(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		requestAnimationFrame(() => setTimeout(() => signal.aborted || resolve()));
	});
}

/** Work that takes longer than this delays what a person presses meanwhile so much that it is felt. */
const LONGEST_TURN_MILLISECONDS = 12;

/** Cuts long work into turns: a press between two of them is answered at once. */
export class Turns {
	#began = performance.now();

	/** Comes at once while the turn is short, else after the browser has done what waits. */
	async next(): Promise<void> {
		if (performance.now() - this.#began < LONGEST_TURN_MILLISECONDS) return;
		await new Promise((done) => setTimeout(done));
		this.#began = performance.now();
	}
}
