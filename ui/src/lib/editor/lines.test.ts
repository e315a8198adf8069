import { describe, expect, it } from 'vitest';
import { hashOf, linesOf } from './lines';

describe('lines of an address', () => {
	it.each([
		['#L10', { from: 10, to: 10 }],
		['#L10-L20', { from: 10, to: 20 }],
		['#L20-10', { from: 10, to: 20 }]
	])('%s are read', (hash, lines) => {
		expect(linesOf(hash)).toEqual(lines);
	});

	it.each(['', '#', '#L', '#L0', '#l10', '#L10-', '#L1-L2-L3', '#L99999999999'])(
		'"%s" names none',
		(hash) => {
			expect(linesOf(hash)).toBeUndefined();
		}
	);

	it('are written as they are read', () => {
		expect(hashOf({ from: 3, to: 3 })).toBe('#L3');
		expect(linesOf(hashOf({ from: 3, to: 9 }))).toEqual({ from: 3, to: 9 });
	});
});
