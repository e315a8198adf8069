import { expect, test } from 'vitest';
import { groundDistance } from './card';

test('a ground distance is told in its unit with four digits at most', () => {
	expect(groundDistance(0.3)).toBe('30 cm');
	expect(groundDistance(10)).toBe('10 m');
	expect(groundDistance(27.8312)).toBe('27.83 m');
	expect(groundDistance(9_000)).toBe('9 km');
	expect(groundDistance(40_075_016)).toBe('40,080 km');
});
