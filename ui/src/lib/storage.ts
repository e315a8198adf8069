import type { Schema } from '$lib/api/client';

export interface StoragePart {
	key: string;
	bytes: number;
	/** Number of files, where it is known. */
	files: number | undefined;
}

/** What fills the space of an account: kinds of present files, what only the history holds, and unfinished uploads. */
export function storageParts(storage: Schema<'StorageView'>): StoragePart[] {
	const kinds = storage.by_kind.map(({ kind, files, bytes }) => ({ key: kind, bytes, files }));
	const present = kinds.reduce((sum, kind) => sum + kind.bytes, 0);
	// Equal content is stored once, so that what is stored can be less than what the branches show.
	const history = Math.max(0, storage.used - present);
	return [
		...kinds,
		{ key: 'history', bytes: history, files: undefined },
		{ key: 'reserved', bytes: storage.reserved, files: undefined }
	].filter((part) => part.bytes > 0);
}
