import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../messages/', import.meta.url);
const LOCALES = ['en', 'zh'] as const;

function read(locale: string, file: string): Record<string, unknown> {
	return JSON.parse(readFileSync(new URL(`${locale}/${file}`, FOLDER), 'utf8'));
}

/** The names of a message's parameters, whether it is a text or has forms. */
function parametersOf(message: unknown): string[] {
	const inputs = JSON.stringify(message).matchAll(/input (\w+)/g);
	const places = JSON.stringify(message).matchAll(/\{(\w+)\}/g);
	return [...new Set([...inputs, ...places].map((found) => found[1]!))].sort();
}

describe('messages', () => {
	const files = readdirSync(new URL('en/', FOLDER));

	it('have the same files in both languages', () => {
		expect(readdirSync(new URL('zh/', FOLDER))).toEqual(files);
		const settings = JSON.parse(readFileSync(new URL('../project.inlang/settings.json', FOLDER), 'utf8'));
		const listed: string[] = settings['plugin.inlang.messageFormat'].pathPattern;
		expect(listed.map((path) => path.split('/').at(-1)).sort()).toEqual([...files].sort());
	});

	it.each(files)('of %s are all there in both languages and in order', (file) => {
		const [english, chinese] = LOCALES.map((locale) => Object.keys(read(locale, file)));
		expect(chinese).toEqual(english);
		expect(english).toEqual([...english!].sort());
	});

	it.each(files)('of %s take nothing in Chinese that English does not give, and are never empty', (file) => {
		const [english, chinese] = LOCALES.map((locale) => read(locale, file));
		for (const [key, message] of Object.entries(chinese!)) {
			const given = parametersOf(english![key]);
			expect(parametersOf(message).filter((name) => !given.includes(name))).toEqual([]);
			expect(JSON.stringify(message).length).toBeGreaterThan(2);
		}
	});

	it('have one meaning each: no key stands in two files', () => {
		const keys = files.flatMap((file) => Object.keys(read('en', file)).filter((key) => key !== '$schema'));
		expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
	});
});
