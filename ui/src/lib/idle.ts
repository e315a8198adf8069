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
