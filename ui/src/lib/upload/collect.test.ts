import { describe, expect, it } from 'vitest';
import { fromDrop, fromFileList, onlyFolder, withoutFolder } from './collect';

function fileEntry(name: string): FileSystemEntry {
	const file = (resolve: (file: File) => void) => resolve(new File(['x'], name));
	return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
}

/** A folder whose reader hands out two entries at a time, as browsers do with a hundred. */
function folderEntry(name: string, children: FileSystemEntry[]): FileSystemEntry {
	const createReader = () => {
		const left = [...children];
		return { readEntries: (resolve: (entries: FileSystemEntry[]) => void) => resolve(left.splice(0, 2)) };
	};
	return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function drop(...entries: FileSystemEntry[]): DataTransfer {
	const items = entries.map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry }));
	return { items, files: [] } as unknown as DataTransfer;
}

describe('what was chosen', () => {
	it('is found in all folders that were dropped, however many entries they have', async () => {
		const weights = folderEntry('weights', [fileEntry('a'), fileEntry('b'), fileEntry('c')]);
		const model = folderEntry('model', [weights, fileEntry('README.md'), fileEntry('.DS_Store')]);
		const found = await fromDrop(drop(model, fileEntry('note.txt')), 'runs');
		expect(found.map((one) => one.path)).toEqual([
			'runs/model/weights/a',
			'runs/model/weights/b',
			'runs/model/weights/c',
			'runs/model/README.md',
			'runs/note.txt'
		]);
	});

	it("leaves out a folder's own git data, which no repository holds", async () => {
		const clone = folderEntry('clone', [folderEntry('.git', [fileEntry('HEAD')]), fileEntry('a')]);
		expect((await fromDrop(drop(clone), '')).map((one) => one.path)).toEqual(['clone/a']);
	});

	it('keeps the folder of a folder picker in front', () => {
		const file = Object.assign(new File(['x'], 'a.csv'), { webkitRelativePath: 'data/a.csv' });
		expect(fromFileList([file], '').map((one) => one.path)).toEqual(['data/a.csv']);
	});
});

describe('one folder that was chosen alone', () => {
	const file = new File(['x'], 'a.csv');
	const at = (...paths: string[]) => paths.map((path) => ({ path, file }));

	it('is left out of the paths, below the folder that they go to', () => {
		expect(onlyFolder(at('model/README.md', 'model/data/a.csv'), '')).toBe('model');
		const below = at('runs/model/README.md', 'runs/model/data/a.csv');
		expect(onlyFolder(below, 'runs')).toBe('model');
		expect(withoutFolder(below, 'runs', 'model').map(({ path }) => path)).toEqual([
			'runs/README.md',
			'runs/data/a.csv'
		]);
	});

	it('is not one when files or other folders were chosen with it', () => {
		expect(onlyFolder(at('model/README.md', 'notes.md'), '')).toBeUndefined();
		expect(onlyFolder(at('model/README.md', 'other/a.csv'), '')).toBeUndefined();
		expect(onlyFolder(at('README.md'), '')).toBeUndefined();
	});
});
