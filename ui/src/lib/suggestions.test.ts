import { describe, expect, it } from 'vitest';
import { withoutEchoes } from './suggestions';

describe('suggestions', () => {
	it('leave out titles that are the name of a repository among them, however written', () => {
		const all = [
			{ kind: 'repository', text: 'ada/era5-downscaling' },
			{ kind: 'title', text: 'ERA5 Downscaling' },
			{ kind: 'title', text: 'ERA5 winds' },
			{ kind: 'tag', text: 'era5-downscaling' }
		];
		expect(withoutEchoes(all)).toEqual([all[0], all[2], all[3]]);
	});

	it('keep a title whose repository is not among them', () => {
		const all = [{ kind: 'title', text: 'Landslides' }];
		expect(withoutEchoes(all)).toEqual(all);
	});
});
