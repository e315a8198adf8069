import { describe, expect, it } from 'vitest';
import { ansiPieces } from './ansi';

const text = (output: string) =>
	ansiPieces(output)
		.map((piece) => piece.text)
		.join('');

describe('terminal output', () => {
	it('has our colours', () => {
		expect(ansiPieces('a \u001b[31mred\u001b[0m b')).toEqual([
			{ text: 'a ', class: '' },
			{ text: 'red', class: 'text-signal' },
			{ text: ' b', class: '' }
		]);
		expect(ansiPieces('\u001b[1;92mx')).toEqual([{ text: 'x', class: 'text-moss font-semibold' }]);
	});

	it('takes no number of an extended colour for a code of its own', () => {
		expect(ansiPieces('\u001b[38;5;31mx\u001b[48;2;31;32;33my')).toEqual([{ text: 'xy', class: '' }]);
	});

	it('loses every other escape sequence', () => {
		expect(
			text('\u001b[2J\u001b[10;4Ha\u001b]0;title\u0007b\u001b]8;;http://x\u001b\\c\u001b[?25ld\u001bMe')
		).toBe('abcde');
		expect(text('a\u0000b\u0008c\u001b')).toBe('abc');
	});

	it('keeps the last form of a line that is written over', () => {
		expect(text('10%\r50%\r100%\ndone\r\nnext\r')).toBe('100%\ndone\nnext');
	});

	it('stays text', () => {
		expect(text('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
	});
});
