import { expect, test } from 'vitest';
import { matches, restricts, ruleOf } from './protection';

const open = { push: 'write', force_push: true, deletion: true };

test('one star stops at a slash, two do not, and nothing else is special', () => {
	expect(matches('release/*', 'release/1.0')).toBe(true);
	expect(matches('release/*', 'release/1.0/fix')).toBe(false);
	expect(matches('release/**', 'release/1.0/fix')).toBe(true);
	expect(matches('v1.0', 'v1x0')).toBe(false);
	expect(matches('main', 'mainly')).toBe(false);
});

test('the first rule that matches counts, and the default branch is guarded without one', () => {
	const rules = [
		{ pattern: 'wip/**', ...open },
		{ pattern: '**', push: 'admin' }
	];
	expect(ruleOf(rules, 'wip/a', false)?.pattern).toBe('wip/**');
	expect(ruleOf(rules, 'other', false)?.push).toBe('admin');
	expect(restricts(ruleOf([], 'main', true))).toBe(true);
	expect(restricts(ruleOf([], 'other', false))).toBe(false);
	expect(restricts(ruleOf(rules, 'wip/a', false))).toBe(false);
	expect(restricts(ruleOf([{ pattern: 'main', ...open }], 'main', true))).toBe(false);
});
