/**
 * Colours for code, by the classes of `highlight.css`. Everything heavy is fetched when the first block asks for it, and a
 * language when it is first met.
 */
import './highlight.css';

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
export async function highlightBlock(code: string, language: string): Promise<HighlightedPiece[]> {
	const plain = [{ text: code, class: '' }];
	const name = language.trim().split(/[\s,{]/)[0]!;
	if (name === '' || code.length > LONGEST) return plain;
	try {
		const { pieces } = await import('./pieces');
		return (await pieces(code, name)) ?? plain;
	} catch {
		return plain;
	}
}
