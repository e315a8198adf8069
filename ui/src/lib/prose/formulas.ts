import { ownFrame } from '$lib/idle';

/** As it is written in a text. */
export interface Formula {
	source: string;
	isDisplayed: boolean;
}

/**
 * Typesets the formulas of a text; tells whether there were any. KaTeX comes only with the first formula and works beside the
 * page: on a slow machine each formula takes longer than a press may wait. One that it cannot read stays as written.
 */
export async function typesetFormulas(root: Element, signal: AbortSignal): Promise<boolean> {
	const elements = [...root.querySelectorAll<HTMLElement>('[data-math-style]')];
	if (elements.length === 0) return false;
	const formulas = elements.map((element) => ({
		source: element.textContent,
		isDisplayed: element.dataset.mathStyle === 'display'
	}));
	const typeset = await typesetAside(formulas, signal);
	for (const [index, element] of elements.entries()) {
		const markup = typeset[index];
		if (markup === undefined) {
			await ownFrame(signal);
			element.classList.add('font-mono', 'text-sm', 'text-ochre');
			continue;
		}
		await place(element, markup, signal);
		// A formula that is wider than the text scrolls, so the keyboard must reach it.
		if (formulas[index]?.isDisplayed) element.tabIndex = 0;
	}
	return true;
}

/**
 * Puts the markup of a formula in its place: what is seen in one frame, and what a screen reader reads instead, which is as
 * much again, in the next.
 */
async function place(element: HTMLElement, markup: string, signal: AbortSignal): Promise<void> {
	const { content } = Object.assign(document.createElement('template'), { innerHTML: markup });
	const read = content.querySelector('.katex-mathml');
	const mark = document.createComment('');
	read?.replaceWith(mark);
	await loadFaces(content);
	await ownFrame(signal);
	element.replaceChildren(content);
	if (!read) return;
	await ownFrame(signal);
	mark.replaceWith(read);
}

/** Loads what a formula is set in, by KaTeX's own rules: laid out in other faces first, it takes four times as long. */
async function loadFaces(formula: DocumentFragment): Promise<void> {
	const faces = new Set<string>();
	for (const { selectorText, style } of formulaRules()) {
		if (!formula.querySelector(selectorText)) continue;
		const { fontStyle, fontWeight, fontFamily } = style;
		faces.add(`${fontStyle || 'normal'} ${fontWeight || 'normal'} 1em ${fontFamily.split(',')[0]}`);
	}
	await Promise.allSettled([...faces].map((face) => document.fonts.load(face)));
}

let rules: CSSStyleRule[] | undefined;

function formulaRules(): CSSStyleRule[] {
	rules ??= [...document.styleSheets]
		.flatMap((sheet) => [...sheet.cssRules])
		.filter((rule) => rule instanceof CSSStyleRule)
		.filter((rule) => rule.style.fontFamily.startsWith('KaTeX_'));
	return rules;
}

/** Markup of each formula, worked out by a worker of its own. */
async function typesetAside(formulas: Formula[], signal: AbortSignal): Promise<(string | undefined)[]> {
	const worker = new Worker(new URL('./formulas.worker.ts', import.meta.url), { type: 'module' });
	const typeset: (string | undefined)[] = [];
	try {
		await new Promise<void>((resolve, reject) => {
			worker.onmessage = ({ data }: MessageEvent<string | undefined>) => {
				if (typeset.push(data) === formulas.length) resolve();
			};
			worker.onerror = () => reject(new Error('the formulas could not be typeset'));
			signal.addEventListener('abort', () => reject(signal.reason as Error));
			worker.postMessage(formulas);
		});
		return typeset;
	} finally {
		worker.terminate();
	}
}
