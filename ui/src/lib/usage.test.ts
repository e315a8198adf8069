import { expect, it } from 'vitest';
import { dailyUsage } from './usage';

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
