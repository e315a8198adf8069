import { expect, it } from 'vitest';
import { dailyUsage, scaleOf } from './usage';

it('fills days on which nothing was counted with zero', () => {
	const methods = { api: 0, browser: 0, client: 0, git: 0, lfs: 0 };
	const counted = [
		{ day: '2026-03-01', views: 3, downloads: 1, unique_visitors: 2, downloads_by_method: methods }
	];
	const usage = dailyUsage(counted, 3, new Date('2026-03-02T18:00:00Z'));
	expect(usage.views).toEqual([0, 3, 0]);
	expect(usage.downloads).toEqual([0, 1, 0]);
	expect(usage.days[2]).toBe(Date.UTC(2026, 2, 2) / 1000);
});

it('draws the lines of a grid at round numbers, the last one at or above all values', () => {
	expect(scaleOf(0)).toEqual({ step: 1, top: 1 });
	expect(scaleOf(3)).toEqual({ step: 1, top: 3 });
	expect(scaleOf(4)).toEqual({ step: 2, top: 4 });
	expect(scaleOf(47)).toEqual({ step: 20, top: 60 });
	expect(scaleOf(1_201)).toEqual({ step: 500, top: 1_500 });
});
