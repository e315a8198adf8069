import { codeFolding, foldGutter } from '@codemirror/language';
import type { Extension } from '@codemirror/state';

/** Shapes of Lucide, for places that take elements instead of components. */
const CHEVRON_DOWN = 'm6 9 6 6 6-6';
const CHEVRON_RIGHT = 'm9 18 6-6-6-6';
const ELLIPSIS = 'M5 12h.01M12 12h.01M19 12h.01';

function icon(shape: string): SVGSVGElement {
	const names = 'http://www.w3.org/2000/svg';
	const drawing = document.createElementNS(names, 'svg');
	drawing.setAttribute('viewBox', '0 0 24 24');
	drawing.setAttribute('aria-hidden', 'true');
	const line = document.createElementNS(names, 'path');
	line.setAttribute('d', shape);
	drawing.append(line);
	return drawing;
}

function signOf(shape: string, look: string, title = ''): HTMLElement {
	const sign = document.createElement('span');
	sign.className = look;
	sign.title = title;
	sign.append(icon(shape));
	return sign;
}

/** Parts of a code that can be put away: a mark beside the line that begins one, and dots in the place of what is hidden. */
export function folding(phrases: Record<string, string>): Extension {
	return [
		codeFolding({
			placeholderDOM(view, onclick) {
				const label = view.state.phrase('folded code');
				const sign = signOf(ELLIPSIS, 'cm-foldPlaceholder', view.state.phrase('unfold'));
				sign.setAttribute('aria-label', label);
				sign.setAttribute('role', 'img');
				sign.onclick = onclick;
				return sign;
			}
		}),
		foldGutter({
			markerDOM: (open) =>
				open
					? signOf(CHEVRON_DOWN, 'cm-foldOpen', phrases['Fold line'])
					: signOf(CHEVRON_RIGHT, 'cm-foldShut', phrases['Unfold line'])
		})
	];
}
