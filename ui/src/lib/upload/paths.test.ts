import { describe, expect, it } from 'vitest';
import { joinPath, pathFault } from './paths';

describe('paths of uploads', () => {
	it.each(['README.md', 'data/站点.csv', 'a b/c.bin', '.gitattributes', 'x/.gitignore'])(
		'takes %s',
		(path) => {
			expect(pathFault(path)).toBeUndefined();
		}
	);

	it.each([
		['', 'empty'],
		['a\u0000b', 'control'],
		['a\u202eb', 'control'],
		['/etc/passwd', 'not_relative'],
		['C:\\data', 'not_relative'],
		['a//b', 'traversal'],
		['../b', 'traversal'],
		['x/.git/config', 'reserved'],
		['x/.GIT', 'reserved'],
		['name.', 'reserved'],
		['x'.repeat(256), 'too_long'],
		[`${'a/'.repeat(600)}b`, 'too_long']
	])('refuses %j as %s', (path, fault) => {
		expect(pathFault(path)).toBe(fault);
	});

	it('are composed and joined with their folder', () => {
		expect(joinPath('', 'a.txt')).toBe('a.txt');
		expect(joinPath('data/', 'e\u0301.txt')).toBe('data/\u00e9.txt');
	});
});
