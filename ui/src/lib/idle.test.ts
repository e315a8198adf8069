import { expect, test, vi } from 'vitest';
import { ownFrame } from './idle';

test('one thing is done per frame, in order, and what is left is passed over', async () => {
	const frames: FrameRequestCallback[] = [];
	vi.stubGlobal('requestAnimationFrame', (draw: FrameRequestCallback) => frames.push(draw));
	const frame = async () => {
		frames.shift()?.(0);
		await new Promise((resolve) => setTimeout(resolve, 5));
	};
	const done: string[] = [];
	const [staying, leaving] = [new AbortController(), new AbortController()];
	void ownFrame(staying.signal).then(() => done.push('first'));
	void ownFrame(leaving.signal).then(() => done.push('left'));
	void ownFrame(staying.signal).then(() => done.push('last'));
	await Promise.resolve();
	expect(done).toEqual([]);
	await frame();
	expect(done).toEqual(['first']);
	leaving.abort();
	await frame();
	expect(done).toEqual(['first']);
	await frame();
	expect(done).toEqual(['first', 'last']);
	vi.unstubAllGlobals();
});
