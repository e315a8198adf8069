import { expect, test } from 'vitest';
import { formatAgo, formatBytes, formatDay } from './format';

const now = new Date(2026, 10, 22, 11, 0);

test('yesterday is the day before this one, not the last 48 hours', () => {
	expect(formatAgo(new Date(2026, 10, 21, 10, 0), now)).toBe('yesterday');
	expect(formatAgo(new Date(2026, 10, 20, 18, 0), now)).toBe('2 days ago');
	expect(formatAgo(new Date(2026, 10, 21, 18, 0), now)).toBe('17 hours ago');
});

test('longer ago is told in weeks, months and years', () => {
	expect(formatAgo(new Date(2026, 10, 14, 10, 0), now)).toBe('last week');
	expect(formatAgo(new Date(2026, 8, 1), now)).toBe('2 months ago');
});

test('what is hardly past or hardly to come is now, and a day to come is told by its date', () => {
	expect(formatAgo(new Date(2026, 10, 22, 10, 59, 30), now)).toBe('just now');
	expect(formatAgo(new Date(2026, 10, 22, 11, 0, 30), now)).toBe('just now');
	expect(formatAgo(new Date(2026, 10, 22, 10, 58, 50), now)).toBe('1 minute ago');
	expect(formatAgo(new Date(2026, 10, 25), now)).toBe('25 November 2026');
});

test('a size is told in the unit in which it is at least one', () => {
	expect(formatBytes(812)).toBe('812 B');
	expect(formatBytes(1_004)).toBe('1,004 B');
	expect(formatBytes(1_024)).toBe('1.00 KiB');
	expect(formatBytes(1_048_000)).toBe('1,023 KiB');
	expect(formatBytes(1_048_400)).toBe('1.00 MiB');
	expect(formatBytes(28_000_000_000)).toBe('26.1 GiB');
});

test('a day of an axis reads as the browser would write it', () => {
	const browser = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric', timeZone: 'UTC' });
	for (let month = 0; month < 12; month += 1) {
		const day = new Date(Date.UTC(2026, month, 31 - 3 * month, 23));
		expect(formatDay(day)).toBe(browser.format(day));
	}
});
