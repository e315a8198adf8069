import { describe, expect, it } from 'vitest';
import { findMembers, openAtFirst, parseJson, rowsOf, textOf } from './json-tree';

describe('a JSON tree', () => {
	it('shows numbers as the file writes them', () => {
		const { root, written } = parseJson('{"a": 1.0, "b": [12345678901234567890, 2], "c": 1e3}');
		const texts = rowsOf(root, openAtFirst(root, 9), new Map(), written).map(({ text }) => text);
		// Engines that do not tell the source show what JavaScript makes of it.
		const tells = texts.includes('1.0');
		expect(texts.filter((text) => text !== '')).toEqual(
			tells ? ['1.0', '12345678901234567890', '2', '1e3'] : ['1', '≈ 12345678901234567000', '2', '1000']
		);
	});

	it('has the lines of what is open', () => {
		const root = { a: 1, b: { c: [true, null] } };
		expect(
			rowsOf(root, openAtFirst(root, 1), new Map()).map(({ key, kind, depth }) => [key, kind, depth])
		).toEqual([
			[undefined, 'object', 0],
			['a', 'number', 1],
			['b', 'object', 1]
		]);
		expect(rowsOf(root, openAtFirst(root, 9), new Map())).toHaveLength(6);
	});

	it('draws the beginning of a long list and says how much is left', () => {
		const root = Array.from({ length: 1_200 }, (_, place) => place);
		const rows = rowsOf(root, new Set([root]), new Map());
		expect(rows).toHaveLength(502);
		expect(rows.at(-1)).toMatchObject({ kind: 'more', size: 700 });
		expect(rowsOf(root, new Set([root]), new Map([[root, 2_000]]))).toHaveLength(1_201);
	});

	it('of any depth is walked', () => {
		const depth = 100_000;
		const root: unknown = JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
		expect(rowsOf(root, openAtFirst(root, 2), new Map())).toHaveLength(3);
		expect(openAtFirst(root, depth).size).toBeLessThanOrEqual(depth);
		const { found, around } = findMembers(root, 'a', 2_000_000);
		expect(around(found.at(-1)!)).toHaveLength(depth);
	});

	it('is searched by keys and texts, in the order of the file', () => {
		const root = { Name: 'x', list: [{ name: 1 }, 'a name'], other: { z: 'NAMED' } };
		expect(findMembers(root, 'name', 10).found.map(({ key }) => key)).toEqual(['Name', '1', 'name', 'z']);
		expect(findMembers(root, 'name', 1).found).toHaveLength(1);
		expect(findMembers(root, '', 10).found).toEqual([]);
		expect(findMembers(3, 'x', 10).found).toEqual([]);
	});

	it('takes names that objects have themselves for members like others', () => {
		const root: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
		expect(rowsOf(root, openAtFirst(root, 1), new Map()).map(({ key }) => key)).toEqual([
			undefined,
			'__proto__',
			'constructor'
		]);
	});

	it('says that a whole number beyond what can be held is a near one', () => {
		expect(textOf(JSON.parse('12345678901234567890'))).toMatch(/^≈ /);
		expect(textOf(42)).toBe('42');
		expect(textOf('x'.repeat(1_000)).length).toBeLessThan(410);
	});
});
