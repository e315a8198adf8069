import type { Schema } from '$lib/api/client';
import { formatBytes } from '$lib/format';
import { m } from '$messages';

type FileDiff = Schema<'FileDiffView'>;

/** The word for what happened to a file, and the letter that stands for it in narrow places. */
export function statusOf(file: FileDiff): { name: string; letter: string; look: string } {
	switch (file.status) {
		case 'added':
			return { name: m.changes_status_added(), letter: 'A', look: 'text-moss' };
		case 'deleted':
			return { name: m.changes_status_deleted(), letter: 'D', look: 'text-signal' };
		case 'renamed':
			return { name: m.changes_status_renamed(), letter: 'R', look: 'text-water' };
		default:
			return { name: m.changes_status_modified(), letter: 'M', look: 'text-ochre' };
	}
}

/** In place of lines: why a file has none to show; undefined when it has. */
export function insteadOfLines(file: FileDiff): string | undefined {
	const isLarge = file.content === 'large' || file.old?.is_lfs || file.new?.is_lfs;
	if (isLarge) return m.changes_large_file({ sizes: sizes(file) });
	switch (file.content) {
		case 'binary':
			return m.changes_binary_file({ sizes: sizes(file) });
		case 'not_compared':
			return m.changes_not_compared({ sizes: sizes(file) });
		case 'submodule':
			return m.changes_submodule();
		case 'same':
			return file.status === 'renamed' ? m.changes_only_renamed() : m.changes_same();
		default:
			return file.hunks.length === 0 ? m.changes_empty_file() : undefined;
	}
}

/** `12.1 KiB → 14.0 KiB`, or the one size that there is. */
function sizes(file: FileDiff): string {
	return [file.old, file.new].flatMap((side) => (side ? [formatBytes(side.size)] : [])).join(' → ');
}

/** Lines that a file shows, context included. */
export function lineCount(file: FileDiff): number {
	return file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
}
