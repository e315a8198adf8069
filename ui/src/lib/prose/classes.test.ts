import { describe, expect, it } from 'vitest';
import { knownClasses } from './classes';

describe('classes of a text', () => {
	it('keeps what the renderer writes', () => {
		expect(knownClasses('markdown-alert markdown-alert-note')).toBe('markdown-alert markdown-alert-note');
		expect(knownClasses('language-c++')).toBe('language-c++');
	});

	it('drops those of the page, which could cover it', () => {
		expect(knownClasses('fixed inset-0 anchor')).toBe('anchor');
		expect(knownClasses('fixed inset-0')).toBeNull();
	});
});
