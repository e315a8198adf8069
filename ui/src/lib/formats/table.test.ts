import { describe, expect, it } from 'vitest';
import { kindOf, numberOf, parseTable, sortedRows } from './table';

describe('cells', () => {
	it.each([
		['1', 1],
		['-2.50', -2.5],
		['.5', 0.5],
		['1e-3', 0.001],
		['1.5D+02', 150],
		['−3', -3]
	])('%s is a number', (cell, value) => {
		expect(numberOf(cell)).toBe(value);
	});

	it.each(['', 'abc', '1,000', '=1+1', '0x10', '2020-01-01', '1 2', 'Infinity', '--1'])(
		'"%s" is none',
		(cell) => {
			expect(numberOf(cell)).toBeUndefined();
		}
	);

	it('make a column of numbers when all that are there are', () => {
		expect(kindOf(['1', 'NA', '', '2.5'])).toBe('number');
		expect(kindOf(['1', 'two'])).toBe('text');
		expect(kindOf(['', 'NaN'])).toBe('text');
	});
});

describe('a table', () => {
	it('has named columns with their kinds', () => {
		const table = parseTable('station,t2m\nA,1.5\n"B, ""x""",2\n', undefined, false);
		expect(table.columns.map(({ name, kind }) => [name, kind])).toEqual([
			['station', 'text'],
			['t2m', 'number']
		]);
		expect(table.rows[1]).toEqual(['B, "x"', '2']);
		expect(table.isCut).toBe(false);
	});

	it('numbers its columns when the first line is all numbers', () => {
		const table = parseTable('1,2\n3,4\n', ',', false);
		expect(table.columns.map(({ name }) => name)).toEqual(['1', '2']);
		expect(table.rows).toHaveLength(2);
	});

	it('finds the delimiter by itself', () => {
		expect(parseTable('a;b\n1;2\n3;4\n', undefined, false).columns).toHaveLength(2);
	});

	it('leaves the last line of a part out, and says that it is one', () => {
		const table = parseTable('a,b\n1,2\n3,4\n5', ',', true);
		expect(table.rows).toEqual([
			['1', '2'],
			['3', '4']
		]);
		expect(table.isCut).toBe(true);
	});

	it('keeps formulas as text', () => {
		const table = parseTable('a\n=HYPERLINK("http://x")\n@SUM(1)\n+1\n', ',', false);
		expect(table.rows.flat()).toEqual(['=HYPERLINK("http://x")', '@SUM(1)', '+1']);
		expect(table.columns[0]!.kind).toBe('text');
	});

	it('takes ragged lines and more columns than can be drawn', () => {
		const wide = `${Array.from({ length: 900 }, (_, at) => `c${at}`).join(',')}\n1,2\n`;
		const table = parseTable(wide, ',', false);
		expect(table.columns).toHaveLength(500);
		expect(table.isCut).toBe(true);
	});

	it('is sorted by numbers and by words, what is missing last', () => {
		const table = parseTable('n,w\n10,b\n,a\n9,c10\n-1,c9\n', ',', false);
		expect(sortedRows(table, 0, false)).toEqual([3, 2, 0, 1]);
		expect(sortedRows(table, 0, true)).toEqual([0, 2, 3, 1]);
		expect(sortedRows(table, 1, false)).toEqual([1, 0, 3, 2]);
	});

	it('of nothing has nothing', () => {
		expect(parseTable('', ',', false)).toMatchObject({ columns: [], rows: [] });
	});
});
