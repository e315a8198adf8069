import { describe, expect, it } from 'vitest';
import { hunkLines, splitRows } from './rows';

const line = (kind: string, text: string) => ({ kind, text, no_newline: false });
const hunk = (...lines: { kind: string; text: string; no_newline: boolean }[]) => ({
	old_start: 10,
	new_start: 20,
	lines
});
const changed = (runs: { text: string; changed: boolean }[]) =>
	runs.filter((run) => run.changed).map((run) => run.text);

describe('lines of a hunk', () => {
	it('are numbered on both sides', () => {
		const lines = hunkLines(
			hunk(
				line('context', 'a'),
				line('deleted', 'b'),
				line('added', 'c'),
				line('added', 'd'),
				line('context', 'e')
			)
		);
		expect(lines.map((one) => [one.old, one.new])).toEqual([
			[10, 20],
			[11, undefined],
			[undefined, 21],
			[undefined, 22],
			[12, 23]
		]);
	});

	it('mark the words that differ', () => {
		const [deleted, added] = hunkLines(
			hunk(line('deleted', 'learning_rate = 0.01  # slow'), line('added', 'learning_rate = 0.05  # slow'))
		);
		expect(changed(deleted!.runs)).toEqual(['01']);
		expect(changed(added!.runs)).toEqual(['05']);
		expect(deleted!.runs.map((run) => run.text).join('')).toBe('learning_rate = 0.01  # slow');
	});

	it('mark single Chinese characters', () => {
		const [deleted, added] = hunkLines(
			hunk(line('deleted', '数据来自再分析资料'), line('added', '数据来自卫星资料'))
		);
		expect(changed(deleted!.runs)).toEqual(['再分析']);
		expect(changed(added!.runs)).toEqual(['卫星']);
	});

	it('mark nothing in lines that share little or in blocks of other lengths', () => {
		const different = hunkLines(hunk(line('deleted', 'import torch'), line('added', 'def train(epochs):')));
		expect(different.flatMap((one) => changed(one.runs))).toEqual([]);
		const longer = hunkLines(hunk(line('deleted', 'a = 1'), line('added', 'a = 2'), line('added', 'b = 3')));
		expect(longer.flatMap((one) => changed(one.runs))).toEqual([]);
	});
});

describe('lines side by side', () => {
	it('put what was added beside what it replaces', () => {
		const rows = splitRows(
			hunkLines(
				hunk(
					line('context', 'a'),
					line('deleted', 'b'),
					line('deleted', 'c'),
					line('added', 'd'),
					line('context', 'e')
				)
			)
		);
		expect(rows.map((row) => [row.left?.old, row.right?.new])).toEqual([
			[10, 20],
			[11, 21],
			[12, undefined],
			[13, 22]
		]);
	});

	it('leave the old side empty for lines that are only added', () => {
		const rows = splitRows(hunkLines(hunk(line('added', 'a'), line('added', 'b'))));
		expect(rows.map((row) => row.left)).toEqual([undefined, undefined]);
	});
});
