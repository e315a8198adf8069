import { expect, it } from 'vitest';
import { folderOf, isCommitId, pathSteps } from './paths';

it('takes a path apart into its folders and file', () => {
	expect(pathSteps('a/b/c.txt').map((step) => step.path)).toEqual(['a', 'a/b', 'a/b/c.txt']);
	expect(pathSteps('')).toEqual([]);
});

it('knows the folder of a path', () => {
	expect(folderOf('a/b/c.txt')).toBe('a/b');
	expect(folderOf('c.txt')).toBe('');
});

it('tells commits from branches', () => {
	expect(isCommitId('0d29c7f0f6df803f2ed4fccb4cc77efb9feeacdb')).toBe(true);
	expect(isCommitId('main')).toBe(false);
});
