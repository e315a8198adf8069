import { highlightCode } from '@lezer/highlight';
import { languageNamed, loaded } from './languages';
import { palette } from './palette';

/** A run of code with the classes that colour it; none for plain text. */
export interface HighlightedPiece {
	text: string;
	class: string;
}

/** Longer blocks stay plain: nobody reads them in colour, and a slow laptop would wait for them. */
const LONGEST = 200_000;

/**
 * Splits code into coloured pieces that join to the same text. `language` is a word such as stands behind the fence of a
 * block (`python`, `sh`); unknown languages and failures give one plain piece.
 */
export async function piecesOf(code: string, language: string): Promise<HighlightedPiece[]> {
	const plain = [{ text: code, class: '' }];
	const name = language.trim().split(/[\s,{]/)[0]!;
	if (name === '' || code.length > LONGEST) return plain;
	const description = languageNamed(name);
	if (description === null) return plain;
	try {
		const { parser } = await loaded(description);
		const found: HighlightedPiece[] = [];
		const add = (text: string, classes: string) => {
			const last = found.at(-1);
			if (last?.class === classes) last.text += text;
			else found.push({ text, class: classes });
		};
		highlightCode(code, parser.parse(code), palette, add, () => add('\n', ''));
		return found;
	} catch {
		return plain;
	}
}
