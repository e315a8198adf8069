import { describe, expect, it } from 'vitest';
import { piecesOf } from './pieces';
import { languageNamed, languageOfFile } from './languages';

describe('a highlighted block', () => {
	it.each([
		['python', 'import torch\n\n\ndef f(x):\n\treturn "a" + 1  # 注释\n'],
		['sh', 'for f in *.nc; do\n  echo "$f"\ndone'],
		['fortran', 'program a\n  integer :: n = 3\nend program'],
		['json', '{"a": [1, null, "</script>"]}'],
		['yaml', 'a: 1\nb: [x, y]\n']
	])('of %s joins to the same text and has colours', async (language, code) => {
		const found = await piecesOf(code, language);
		expect(found.map((piece) => piece.text).join('')).toBe(code);
		expect(found.some((piece) => piece.class.startsWith('syntax-'))).toBe(true);
	});

	it('knows what is a keyword, a text and a comment in Python', async () => {
		const found = await piecesOf('import os  # note\nname = "x"', 'Python');
		const classOf = (text: string) => found.find((piece) => piece.text === text)?.class;
		expect(classOf('import')).toBe('syntax-keyword');
		expect(classOf('# note')).toBe('syntax-comment');
		expect(classOf('"x"')).toBe('syntax-text');
	});

	it.each(['', 'no-such-language', 'text'])('of the language "%s" is one plain piece', async (language) => {
		expect(await piecesOf('a < b', language)).toEqual([{ text: 'a < b', class: '' }]);
	});

	it('takes the word of a fence that has more behind it', async () => {
		expect((await piecesOf('import a', 'python {cell=1}'))[0]!.class).toBe('syntax-keyword');
	});

	it('of a very long code stays plain', async () => {
		expect(await piecesOf('a = 1\n'.repeat(40_000), 'python')).toHaveLength(1);
	});
});

describe('languages', () => {
	it.each([
		['train.py', 'Python'],
		['model.m', 'Octave'],
		['cesm.F90', 'Fortran'],
		['Snakefile', 'Python'],
		['environment.yml', 'YAML'],
		['Dockerfile', 'Dockerfile'],
		['a.geojson', 'JSON'],
		['plot.jl', 'Julia'],
		['plot.R', 'R']
	])('of %s is %s', (file, language) => {
		expect(languageOfFile(file)?.name).toBe(language);
	});

	it('have other words', () => {
		expect(languageNamed('ipython3')?.name).toBe('Python');
		expect(languageNamed('matlab')?.name).toBe('Octave');
	});
});
