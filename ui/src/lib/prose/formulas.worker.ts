import katex from 'katex';
import type { Formula } from './formulas';

/** Markup of a formula, which KaTeX escapes; none when it cannot read it. */
function typeset({ source, isDisplayed }: Formula): string | undefined {
	try {
		return katex.renderToString(source, {
			displayMode: isDisplayed,
			throwOnError: true,
			strict: false,
			trust: false,
			maxSize: 20,
			maxExpand: 1000
		});
	} catch {
		return undefined;
	}
}

onmessage = ({ data }: MessageEvent<Formula[]>) => {
	for (const formula of data) postMessage(typeset(formula));
};
