/** Rules for paths in a repository, as the hub has them, so that a refusal is told before anything is sent. */

const PATH_MAX_BYTES = 1_024;
const PART_MAX_BYTES = 255;

/** Why the hub would refuse a path. */
export type PathFault = 'empty' | 'too_long' | 'not_relative' | 'traversal' | 'control' | 'reserved';

/** Control characters, and marks that reorder or hide text (Unicode TR 36). */
const UNPRINTABLE = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

/** The first rule that a path breaks; nothing when the hub takes it. */
export function pathFault(path: string): PathFault | undefined {
	const bytes = (text: string) => new TextEncoder().encode(text).length;
	const parts = path.split('/');
	if (path === '') return 'empty';
	if (UNPRINTABLE.test(path)) return 'control';
	if (path.startsWith('/') || path.includes('\\') || /^[a-z]:/i.test(path)) return 'not_relative';
	if (bytes(path) > PATH_MAX_BYTES || parts.some((part) => bytes(part) > PART_MAX_BYTES)) return 'too_long';
	if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'traversal';
	if (parts.some(isReserved)) return 'reserved';
	return undefined;
}

/** `.git` in the forms under which file systems still find it, and trailing dots and blanks, which Windows drops. */
function isReserved(part: string): boolean {
	const trimmed = part.replace(/[. ]+$/, '');
	const base = trimmed
		.split(':')[0]!
		.replace(/[. ]+$/, '')
		.toLowerCase();
	return trimmed !== part || base === '.git' || base === 'git~1';
}

/** A path below a folder; the folder may be empty for the root. Composed letters, as the hub keeps them. */
export function joinPath(folder: string, path: string): string {
	return (folder === '' ? path : `${folder.replace(/\/+$/, '')}/${path}`).normalize('NFC');
}
