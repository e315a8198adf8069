import { describe, expect, it, vi } from 'vitest';
import { Problem } from './api/problem';
import { explain, explainPage } from './explain';

const locale = vi.hoisted(() => ({ name: 'en' }));
vi.mock('$paraglide/runtime', () => ({ getLocale: () => locale.name }));
vi.mock('$messages', () => ({
	m: {
		problem_not_found: () => `${locale.name}: nothing here`,
		problem_unknown: () => `${locale.name}: no such name`
	}
}));

describe('what is said of something missing', () => {
	const problem = new Problem(404, { code: 'not_found', error: "There is no account 'ada'." });

	it.each(['en', 'zh'])('is of a page the sentence of the language, whatever the hub wrote (%s)', (name) => {
		locale.name = name;
		expect(explainPage(problem)).toBe(`${name}: nothing here`);
	});

	it('keeps the words of the hub where something was typed', () => {
		locale.name = 'en';
		expect(explain(problem)).toBe("There is no account 'ada'.");
		locale.name = 'zh';
		expect(explain(problem)).toBe("zh: no such name（There is no account 'ada'.）");
	});
});
