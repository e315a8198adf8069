import { highlightCode } from '@lezer/highlight';
import type { HighlightedPiece } from './index';
import { languageNamed, loaded } from './languages';
import { palette } from './palette';

/** The pieces of a block in a language with this name; nothing for an unknown one. */
export async function pieces(code: string, name: string): Promise<HighlightedPiece[] | undefined> {
	const description = languageNamed(name);
	if (description === null) return undefined;
	const { parser } = await loaded(description);
	const found: HighlightedPiece[] = [];
	const add = (text: string, classes: string) => {
		const last = found.at(-1);
		if (last?.class === classes) last.text += text;
		else found.push({ text, class: classes });
	};
	highlightCode(code, parser.parse(code), palette, add, () => add('\n', ''));
	return found;
}
