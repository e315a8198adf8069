import { describe, expect, it } from 'vitest';
import { Rate } from './rate';

describe('the rate of an upload', () => {
	it('is unknown at first, then measured over the last seconds', () => {
		const rate = new Rate();
		rate.note(0, 0);
		expect(rate.bytesPerSecond).toBeUndefined();
		for (let second = 1; second <= 60; second += 1)
			rate.note(second * (second <= 30 ? 10 : 100), second * 1000);
		for (let second = 61; second <= 80; second += 1) rate.note(6000 + (second - 60) * 50, second * 1000);
		expect(rate.bytesPerSecond).toBeCloseTo(50);
		expect(rate.secondsFor(500)).toBeCloseTo(10);
	});

	it('begins anew when bytes were taken back', () => {
		const rate = new Rate();
		rate.note(0, 0);
		rate.note(1000, 1000);
		rate.note(500, 2000);
		expect(rate.bytesPerSecond).toBeUndefined();
	});
});
