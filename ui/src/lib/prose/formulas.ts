import { afterFrame, Turns } from '$lib/idle';

/**
 * Typesets the formulas of a text; tells whether there were any. KaTeX comes only with the first formula; one that it cannot
 * read stays as written. They take turns with what is pressed meanwhile.
 */
export async function typesetFormulas(root: Element, signal: AbortSignal): Promise<boolean> {
	const formulas = root.querySelectorAll<HTMLElement>('[data-math-style]');
	if (formulas.length === 0) return false;
	const [{ default: katex }] = await Promise.all([import('katex'), import('katex/dist/katex.min.css')]);
	// The new style sheet has everything styled again; what is typeset is laid out in another frame.
	await afterFrame(signal);
	const turns = new Turns();
	for (const formula of formulas) {
		await turns.next();
		if (signal.aborted) return false;
		const source = formula.textContent ?? '';
		try {
			katex.render(source, formula, {
				displayMode: formula.dataset.mathStyle === 'display',
				throwOnError: true,
				strict: false,
				trust: false,
				maxSize: 20,
				maxExpand: 1000
			});
			// A formula that is wider than the text scrolls, so the keyboard must reach it.
			if (formula.dataset.mathStyle === 'display') formula.tabIndex = 0;
		} catch {
			formula.textContent = source;
			formula.classList.add('font-mono', 'text-sm', 'text-ochre');
		}
	}
	return true;
}
