export interface HighlightPart {
	text: string;
	marked: boolean;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", '#x27': "'" };

/** The parts of a text in which `<mark>` marks what was found and HTML entities stand for themselves. */
export function highlightParts(html: string): HighlightPart[] {
	const parts: HighlightPart[] = [];
	let marked = false;
	for (const piece of html.split(/(<\/?mark>)/)) {
		if (piece === '<mark>' || piece === '</mark>') marked = piece === '<mark>';
		else if (piece !== '') parts.push({ text: decode(piece), marked });
	}
	return parts;
}

function decode(text: string): string {
	return text.replace(/&([a-z]+|#39|#x27);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}
