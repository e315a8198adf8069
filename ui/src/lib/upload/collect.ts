import { joinPath } from './paths';

/** A file that was chosen, and where below the target folder it belongs. */
export interface Chosen {
	path: string;
	file: File;
}

/** Files that systems leave in folders and nobody means to upload. */
const LITTER = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** What a file or folder picker chose. A folder's files keep the folder's name in front. */
export function fromFileList(list: ArrayLike<File>, folder: string): Chosen[] {
	return Array.from(list)
		.filter((file) => !LITTER.has(file.name))
		.map((file) => ({ path: joinPath(folder, file.webkitRelativePath || file.name), file }));
}

/**
 * What was dropped: files, and folders with all below them. Call it while the drop event is handled; the browser forgets
 * the items afterwards.
 */
export async function fromDrop(data: DataTransfer, folder: string): Promise<Chosen[]> {
	const roots = Array.from(data.items)
		.filter((item) => item.kind === 'file')
		.map((item) => item.webkitGetAsEntry())
		.filter((entry) => entry !== null);
	if (roots.length === 0) return fromFileList(data.files, folder);
	const found: Chosen[] = [];
	for (const root of roots) await walk(root, folder, found);
	return found;
}

async function walk(entry: FileSystemEntry, folder: string, found: Chosen[]): Promise<void> {
	const path = joinPath(folder, entry.name);
	if (entry.isFile) {
		if (LITTER.has(entry.name)) return;
		const file = await new Promise<File>((resolve, reject) =>
			(entry as FileSystemFileEntry).file(resolve, reject)
		);
		found.push({ path, file });
		return;
	}
	if (entry.name === '.git') return;
	const reader = (entry as FileSystemDirectoryEntry).createReader();
	for (;;) {
		// A reader hands out a hundred entries at a time and ends with none.
		const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
			reader.readEntries(resolve, reject)
		);
		if (entries.length === 0) return;
		for (const child of entries) await walk(child, path, found);
	}
}

/** The one folder that was chosen, when everything lies in it. */
export function onlyFolder(chosen: readonly Chosen[], folder: string): string | undefined {
	const start = joinPath(folder, '').length;
	const first = new Set(chosen.map(({ path }) => path.slice(start).split('/')[0]!));
	const [name] = first;
	return first.size === 1 && chosen.every(({ path }) => path.slice(start).includes('/')) ? name : undefined;
}

/** The same files without that folder in their paths: who uploads one folder means what is in it. */
export function withoutFolder(chosen: readonly Chosen[], folder: string, name: string): Chosen[] {
	const start = joinPath(folder, '').length;
	return chosen.map(({ path, file }) => ({
		path: path.slice(0, start) + path.slice(start + name.length + 1),
		file
	}));
}
