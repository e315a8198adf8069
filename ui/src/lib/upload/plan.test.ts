import { describe, expect, it } from 'vitest';
import { FORM_BYTES, LARGE_BYTES, MOST_SESSIONS, plan } from './plan';

const MIB = 1024 * 1024;
const files = (...sizes: number[]) => sizes.map((size) => ({ size }));

describe('the plan of an upload', () => {
	it('sends small files together and large ones in chunks', () => {
		const all = files(10, LARGE_BYTES + 1, LARGE_BYTES, 0);
		const { chunked, together } = plan(all);
		expect(chunked).toEqual([all[1]]);
		expect(together).toEqual([all[0], all[2], all[3]]);
	});

	it('takes the largest out of a form that would grow too long', () => {
		const all = files(...Array.from({ length: 40 }, (_, index) => 2 * MIB + index));
		const { chunked, together } = plan(all);
		expect(together.reduce((sum, file) => sum + file.size, 0)).toBeLessThanOrEqual(FORM_BYTES);
		expect(Math.min(...chunked.map((file) => file.size))).toBeGreaterThan(
			Math.max(...together.map((file) => file.size))
		);
	});

	it('never begins more uploads than an account may have', () => {
		const { chunked, together } = plan(files(...Array.from({ length: 500 }, () => 9 * MIB)));
		expect(chunked.length).toBe(MOST_SESSIONS);
		expect(together.length).toBe(350);
	});

	it('goes on in chunks with what was begun in chunks, however small', () => {
		const all = files(100, 200);
		expect(plan(all, (file) => file === all[0]).chunked).toEqual([all[0]]);
	});
});
