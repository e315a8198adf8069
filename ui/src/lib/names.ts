/** Rules for names of repositories, as the hub has them, so that they are told while one types. */
export type NameFault = 'too_long' | 'character' | 'edge' | 'doubled' | 'ending';

const NAME_MAX_CHARACTERS = 96;

/** The first rule that a name breaks. An empty name breaks none: there is nothing yet to complain about. */
export function nameFault(name: string): NameFault | undefined {
	if (name === '') return undefined;
	if (!/^[a-z0-9._-]*$/i.test(name)) return 'character';
	if (name.length > NAME_MAX_CHARACTERS) return 'too_long';
	if (!/^[a-z0-9_](.*[a-z0-9_])?$/i.test(name)) return 'edge';
	if (name.includes('..') || name.includes('--')) return 'doubled';
	return /\.(git|lock|ipynb)$/i.test(name) ? 'ending' : undefined;
}
