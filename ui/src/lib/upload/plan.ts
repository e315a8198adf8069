/** How files go to the hub: large ones in chunks that survive an interruption, small ones together in one form. */

/** A file of more bytes goes in chunks. */
export const LARGE_BYTES = 4 * 1024 * 1024;
/** One form carries about as much; beyond it the largest of the small files go in chunks, too. */
export const FORM_BYTES = 64 * 1024 * 1024;
/** The hub allows 200 unfinished uploads to an account; the rest of them stay for others. */
export const MOST_SESSIONS = 150;

export interface Sized {
	size: number;
}

export interface Plan<T> {
	chunked: T[];
	together: T[];
}

/** Divides files. `begun` tells those that have arrived in part already, which always go on in chunks. */
export function plan<T extends Sized>(
	files: readonly T[],
	begun: (file: T) => boolean = () => false
): Plan<T> {
	const bySize = [...files].sort((a, b) => b.size - a.size);
	const chunked = new Set(bySize.filter(begun));
	let left = bySize.reduce((sum, file) => sum + (chunked.has(file) ? 0 : file.size), 0);
	for (const file of bySize) {
		// An empty file has no chunks.
		if (chunked.has(file) || file.size === 0) continue;
		if (chunked.size >= MOST_SESSIONS || (file.size <= LARGE_BYTES && left <= FORM_BYTES)) break;
		chunked.add(file);
		left -= file.size;
	}
	return {
		chunked: files.filter((file) => chunked.has(file)),
		together: files.filter((file) => !chunked.has(file))
	};
}
