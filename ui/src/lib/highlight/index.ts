/**
 * Colours for code, by the classes of `highlight.css`. Reading a language takes a slow machine longer than a press may wait,
 * so it is done beside the page, by a worker that comes with the first block; a language comes when it is first met.
 */
import './highlight.css';
import type { HighlightedPiece } from './pieces';

export type { HighlightedPiece };

/** A block to be coloured. */
export interface HighlightQuestion {
	id: number;
	code: string;
	language: string;
}

/** The pieces of the block with this number. */
export interface HighlightAnswer {
	id: number;
	pieces: HighlightedPiece[];
}

let worker: Worker | undefined;
let asked = 0;
const waiting = new Map<number, (pieces: HighlightedPiece[]) => void>();

function highlighter(): Worker {
	if (worker) return worker;
	worker = new Worker(new URL('./pieces.worker.ts', import.meta.url), { type: 'module' });
	worker.onmessage = ({ data }: MessageEvent<HighlightAnswer>) => {
		waiting.get(data.id)?.(data.pieces);
		waiting.delete(data.id);
	};
	return worker;
}

/**
 * Splits code into coloured pieces that join to the same text. `language` is a word such as stands behind the fence of a
 * block (`python`, `sh`); unknown languages and failures give one plain piece.
 */
export function highlightBlock(code: string, language: string): Promise<HighlightedPiece[]> {
	if (language.trim() === '') return Promise.resolve([{ text: code, class: '' }]);
	return new Promise((resolve) => {
		asked += 1;
		waiting.set(asked, resolve);
		const question: HighlightQuestion = { id: asked, code, language };
		highlighter().postMessage(question);
	});
}
