import { describe, expect, it } from 'vitest';
import { UploadMemory, type Remembered } from './memory';

const one: Remembered = {
	session: 's1',
	repository: 'r1',
	branch: 'main',
	path: 'a.bin',
	size: 7,
	lastModified: 1
};

function keeping(text: string | null) {
	let kept = text;
	return { getItem: () => kept, setItem: (_: string, value: string) => void (kept = value) };
}

describe('what is remembered of uploads', () => {
	it('finds a session for just the same file at just the same place', () => {
		const memory = new UploadMemory(keeping(null));
		memory.remember(one);
		expect(memory.find(one)).toBe('s1');
		expect(memory.find({ ...one, lastModified: 2 })).toBeUndefined();
		expect(memory.find({ ...one, branch: 'other' })).toBeUndefined();
		memory.forget(['s1']);
		expect(memory.find(one)).toBeUndefined();
	});

	it('is nothing when the storage holds something else, and costs nothing when it is full', () => {
		expect(new UploadMemory(keeping('{')).all()).toEqual([]);
		const full = {
			getItem: () => null,
			setItem: () => {
				throw new Error('full');
			}
		};
		expect(() => new UploadMemory(full).remember(one)).not.toThrow();
	});
});
