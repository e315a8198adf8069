import { describe, expect, it } from 'vitest';
import { storageParts } from './storage';

const storage = { quota: 1000, available: 500, repositories: 1, saved: 0 };
const by_kind = [
	{ kind: 'model', files: 2, bytes: 200 },
	{ kind: 'image', files: 0, bytes: 0 }
];

describe('the parts of the storage', () => {
	it('tell what only the history holds, and leave out what is empty', () => {
		expect(storageParts({ ...storage, used: 500, reserved: 10, by_kind })).toEqual([
			{ key: 'model', bytes: 200, files: 2 },
			{ key: 'history', bytes: 300, files: undefined },
			{ key: 'reserved', bytes: 10, files: undefined }
		]);
	});

	it('never become negative when equal files are stored once', () => {
		expect(storageParts({ ...storage, used: 100, reserved: 0, by_kind }).map((part) => part.key)).toEqual([
			'model'
		]);
	});
});
