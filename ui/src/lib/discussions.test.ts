import { describe, expect, it } from 'vitest';
import { readFilter, writeFilter } from './discussions';

describe('which discussions a list shows', () => {
	it('is open ones of both types when the address says nothing, or nonsense', () => {
		const usual = { status: 'open', type: 'all', page: 1 };
		expect(readFilter(new URLSearchParams())).toEqual(usual);
		expect(readFilter(new URLSearchParams('status=lost&type=7&page=-2'))).toEqual(usual);
		expect(writeFilter(readFilter(new URLSearchParams()))).toBe('');
	});

	it('is kept in the address', () => {
		const filter = { status: 'closed', type: 'pull_request', page: 3 } as const;
		expect(readFilter(new URLSearchParams(writeFilter(filter)))).toEqual(filter);
	});
});
