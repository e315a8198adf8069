import { describe, expect, it } from 'vitest';
import { nameFault } from './names';

describe('names of repositories', () => {
	it.each(['', 'unet', 'ERA5_unet-v1.2', '_x', '9'])('takes %j', (name) => {
		expect(nameFault(name)).toBeUndefined();
	});

	it.each([
		['滑坡', 'character'],
		['a b', 'character'],
		['a/b', 'character'],
		['x'.repeat(97), 'too_long'],
		['-a', 'edge'],
		['a.', 'edge'],
		['a..b', 'doubled'],
		['a--b', 'doubled'],
		['a.git', 'ending'],
		['a.IPYNB', 'ending']
	])('refuses %j as %s', (name, fault) => {
		expect(nameFault(name)).toBe(fault);
	});
});
