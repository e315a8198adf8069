import { LanguageDescription, type Language } from '@codemirror/language';
import { languages } from '@codemirror/language-data';

/** Words for a language that the list of CodeMirror lacks. */
const OTHER_NAMES: Record<string, string> = {
	'c#': 'csharp',
	cuda: 'cpp',
	cython: 'python',
	geojson: 'json',
	ignore: 'shell',
	ipython: 'python',
	ipython3: 'python',
	jsonc: 'json',
	jsonl: 'json',
	just: 'shell',
	matlab: 'octave',
	ncl: 'fortran',
	py3: 'python',
	python3: 'python',
	rmd: 'markdown',
	'r markdown': 'markdown',
	snakemake: 'python',
	console: 'shell',
	shellsession: 'shell',
	terminal: 'shell',
	tsv: '',
	text: '',
	txt: ''
};

/** Ends of names that another language's files have first in CodeMirror's list, or that it lacks. */
const OTHER_ENDINGS: Record<string, string> = {
	bash_profile: 'shell',
	bashrc: 'shell',
	cu: 'cpp',
	f03: 'fortran',
	f08: 'fortran',
	geojson: 'json',
	ipynb: 'json',
	jsonl: 'json',
	lock: 'toml',
	m: 'octave',
	ncl: 'fortran',
	pyi: 'python',
	pyx: 'python',
	rmd: 'markdown',
	smk: 'python',
	snakefile: 'python'
};

/** The language with this name, or a word for it. */
export function languageNamed(word: string): LanguageDescription | null {
	const name = word.toLowerCase();
	const known = OTHER_NAMES[name] ?? name;
	return known === '' ? null : LanguageDescription.matchLanguageName(languages, known, false);
}

/** The language of the file with this name. */
export function languageOfFile(fileName: string): LanguageDescription | null {
	const ending = fileName.toLowerCase().split('.').at(-1)!;
	const other = OTHER_ENDINGS[ending];
	if (other !== undefined) return languageNamed(other);
	return (
		LanguageDescription.matchFilename(languages, fileName) ??
		LanguageDescription.matchFilename(languages, fileName.toLowerCase())
	);
}

/** The parser of a language, fetched once. */
export async function loaded(description: LanguageDescription): Promise<Language> {
	return (await description.load()).language;
}
