import type { Schema } from '$lib/api/client';

export type Rule = Schema<'ProtectionView'>;

/** Whether a pattern of a rule names a branch: `*` stands for anything but a slash, `**` for anything. */
export function matches(pattern: string, branch: string): boolean {
	const parts = pattern.split(/(\*\*|\*)/).map((part) => {
		if (part === '**') return '.*';
		return part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
	});
	return new RegExp(`^${parts.join('')}$`, 's').test(branch);
}

/** The rule that counts for a branch: the first whose pattern matches; the default branch is guarded without one, too. */
export function ruleOf(rules: Rule[], branch: string, isDefault: boolean): Rule | undefined {
	const found = rules.find(({ pattern }) => matches(pattern, branch));
	return (
		found ?? (isDefault ? { pattern: branch, push: 'write', force_push: false, deletion: false } : undefined)
	);
}

/** Whether a rule keeps anybody from anything. */
export function restricts(rule: Rule | undefined): boolean {
	if (rule === undefined) return false;
	return !rule.force_push || !rule.deletion || (rule.push ?? 'write') !== 'write';
}
