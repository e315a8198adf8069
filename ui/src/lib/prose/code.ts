import { highlightBlock } from '$lib/highlight';
import { ownFrame } from '$lib/idle';

/** Colours the blocks of code whose language is named. The languages come when a block asks for them. */
export async function colourCode(root: Element, signal: AbortSignal): Promise<void> {
	const blocks = root.querySelectorAll<HTMLElement>('pre > code[class*="language-"]');
	for (const block of blocks) {
		const language = /language-(\S+)/.exec(block.className)?.[1] ?? '';
		const pieces = await highlightBlock(block.textContent ?? '', language);
		await ownFrame(signal);
		block.replaceChildren(
			...pieces.map((piece) => {
				if (piece.class === '') return document.createTextNode(piece.text);
				const span = document.createElement('span');
				span.className = piece.class;
				span.textContent = piece.text;
				return span;
			})
		);
	}
}
