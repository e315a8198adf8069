import type { Problem } from '$lib/api/problem';
import { pathFault, type PathFault } from './paths';

/**
 * `sent` has arrived at the hub whole but is in no commit; only `stored` is in the repository.
 */
export type ItemState = 'waiting' | 'sending' | 'sent' | 'failed' | 'stored';

/** A file of an upload. */
export interface UploadItem {
	readonly id: number;
	readonly file: File;
	path: string;
	/** Bytes that have arrived or are on their way. */
	sent: number;
	state: ItemState;
	/** The hub's session that takes it in chunks. */
	session?: string | undefined;
	/** Why it failed; `unreadable` when this computer cannot read it any more. */
	problem?: Problem | 'unreadable' | undefined;
}

/** Why a path cannot be used in this upload: a rule of the hub, or another file has it. */
export type ItemFault = PathFault | 'twice';

/** What is wrong with the paths, by the item's id. */
export function faultsOf(items: readonly UploadItem[]): Map<number, ItemFault> {
	const faults = new Map<number, ItemFault>();
	const seen = new Set<string>();
	for (const { id, path } of items) {
		const fault = pathFault(path) ?? (seen.has(path) ? 'twice' : undefined);
		seen.add(path);
		if (fault !== undefined) faults.set(id, fault);
	}
	return faults;
}
