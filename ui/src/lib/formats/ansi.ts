/** A run of terminal output with the classes that colour it. */
export interface AnsiPiece {
	text: string;
	class: string;
}

const COLOURS = [
	'',
	'text-signal',
	'text-moss',
	'text-ochre',
	'text-water',
	'text-[var(--syntax-keyword)]',
	'text-water',
	''
];

// eslint-disable-next-line no-control-regex
const ESCAPES =
	/\u001b(?:\[([0-9;:?]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~]?)/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/**
 * Terminal output as coloured pieces: colours and bold are mapped to ours, every other escape sequence is left out. A
 * line that was written over and over, as progress bars do, keeps its last form.
 */
export function ansiPieces(text: string): AnsiPiece[] {
	const pieces: AnsiPiece[] = [];
	let style = { colour: '', bold: false };
	let start = 0;
	const shown = overwritten(text);
	const push = (end: number) => {
		const part = shown.slice(start, end).replace(CONTROLS, '');
		if (part === '') return;
		const classes = [style.colour, style.bold ? 'font-semibold' : ''].filter(Boolean).join(' ');
		const last = pieces.at(-1);
		if (last?.class === classes) last.text += part;
		else pieces.push({ text: part, class: classes });
	};
	for (const found of shown.matchAll(ESCAPES)) {
		push(found.index);
		start = found.index + found[0].length;
		if (found[2] === 'm') style = restyled(style, found[1] ?? '');
	}
	push(shown.length);
	return pieces;
}

/** What a terminal would show of lines with carriage returns. */
function overwritten(text: string): string {
	return text
		.replaceAll('\r\n', '\n')
		.split('\n')
		.map((line) => {
			const parts = line.split('\r').filter((part) => part !== '');
			return parts.at(-1) ?? '';
		})
		.join('\n');
}

function restyled(style: { colour: string; bold: boolean }, codes: string) {
	const numbers = codes.split(/[;:]/).map(Number);
	const next = { ...style };
	for (let place = 0; place < numbers.length; place += 1) {
		const code = numbers[place]!;
		if (code === 0) Object.assign(next, { colour: '', bold: false });
		else if (code === 1) next.bold = true;
		else if (code === 22) next.bold = false;
		else if (code === 39) next.colour = '';
		else if (code >= 30 && code <= 37) next.colour = COLOURS[code - 30]!;
		else if (code >= 90 && code <= 97) next.colour = COLOURS[code - 90]!;
		else if (code === 38 || code === 48) place += numbers[place + 1] === 5 ? 2 : 4;
	}
	return next;
}
