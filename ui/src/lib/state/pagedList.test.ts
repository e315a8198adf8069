import { expect, it, vi } from 'vitest';
import { PagedList } from './pagedList.svelte';

const page = (number: number) => ({ items: [number * 10, number * 10 + 1], total: 5 });

it('asks for the page of a place once', async () => {
	const load = vi.fn(async (number: number) => page(number));
	const list = new PagedList(page(1), 2, load);
	expect(list.at(1)).toBe(11);
	expect(list.at(2)).toBeUndefined();
	await Promise.all([list.ensure(2), list.ensure(3)]);
	expect(load).toHaveBeenCalledTimes(1);
	expect([list.at(2), list.at(3), list.at(4)]).toEqual([20, 21, undefined]);
});

it('asks again for a page that did not come', async () => {
	const load = vi.fn(async (number: number) => page(number));
	load.mockRejectedValueOnce(new TypeError('offline'));
	const list = new PagedList(page(1), 2, load);
	await list.ensure(4);
	expect(list.problem?.code).toBe('offline');
	await list.retry();
	expect(list.problem).toBeUndefined();
	expect(list.at(4)).toBe(30);
});
