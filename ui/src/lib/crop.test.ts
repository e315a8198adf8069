import { describe, expect, it } from 'vitest';
import { squareOf } from './crop';

describe('the square of a picture', () => {
	it('never leaves the picture', () => {
		expect(squareOf(400, 200, { size: 1, across: 0.5, down: 0.5 })).toEqual({ x: 100, y: 0, edge: 200 });
		expect(squareOf(400, 200, { size: 0.5, across: 1, down: 1 })).toEqual({ x: 300, y: 100, edge: 100 });
	});
});
