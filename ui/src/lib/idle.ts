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

let lastFrame = Promise.resolve();

/**
 * Comes when a frame has been drawn that nobody else has waited for: of all that waits here, one thing is done per frame, in
 * the order in which it began to wait. For what changes the page after it was drawn: together, such changes keep a slow
 * machine from answering a press. Never, once `signal` is aborted.
 */
export function ownFrame(signal: AbortSignal): Promise<void> {
	lastFrame = lastFrame.then(
		() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
	);
	const mine = lastFrame;
	return new Promise((resolve) => void mine.then(() => signal.aborted || resolve()));
}
