import { expect, it } from 'vitest';
import { byDay } from './history';

it('puts neighbours of one day together', () => {
	const times = ['2026-03-12T12:00:00', '2026-03-12T08:00:00', '2026-03-10T08:00:00'];
	const groups = byDay(times, (time) => time);
	expect(groups.map((group) => [group.day, group.items.length])).toEqual([
		['2026-03-12', 2],
		['2026-03-10', 1]
	]);
});
