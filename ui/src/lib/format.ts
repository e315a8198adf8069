import { m } from '$messages';
import { getLocale } from '$paraglide/runtime';

/** The language tag for formatting. Chinese numbers and dates follow the mainland's conventions. */
function tag(): string {
	return getLocale() === 'zh' ? 'zh-CN' : 'en-GB';
}

/** A formatter for each language, kept: to make one costs a slow machine 50 ms, and pages show many figures. */
function kept<T>(make: (tag: string) => T): () => T {
	const made = new Map<string, T>();
	return () => {
		const formatter = made.get(tag()) ?? make(tag());
		made.set(tag(), formatter);
		return formatter;
	};
}

const shortCounts = kept(
	(tag) => new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 })
);
const percents = kept((tag) => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0 }));
const dates = kept((tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'long' }));
const moments = kept((tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'medium' }));
const spans = kept((tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }));

/** 12,345 in full, a whole number. Both languages group by commas, so no formatter is asked. */
export function formatCount(count: number): string {
	return String(count).replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',');
}

/** 12.3k or 1.2万: for figures beside an icon, never for ones that are compared. */
export function formatShortCount(count: number): string {
	return count < 1_000 ? String(count) : shortCounts().format(count);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes in powers of 1,024, with three significant digits or more: `812 B`, `1.44 MiB`, `26.1 GiB`. */
export function formatBytes(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1023.5 && unit < UNITS.length - 1) {
		value /= 1024;
		unit += 1;
	}
	const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	const figure = digits === 0 ? formatCount(Math.round(value)) : value.toFixed(digits);
	return `${figure} ${UNITS[unit]}`;
}

/** A fraction of one as a percentage: `42 %`. */
export function formatPercent(fraction: number): string {
	return percents().format(fraction);
}

/** 12 March 2026, or 2026年3月12日. */
export function formatDate(time: string | Date): string {
	return dates().format(new Date(time));
}

/** Day and time of day in the reader's zone, for tooltips. */
export function formatMoment(time: string | Date): string {
	return moments().format(new Date(time));
}

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_557_600],
	['month', 2_629_800],
	['week', 604_800],
	['day', 86_400],
	['hour', 3_600],
	['minute', 60]
];

/** Days by the calendar of the reader, so that what was said on the 20th is not "yesterday" on the 22nd. */
function daysBetween(from: Date, to: Date): number {
	const midnight = (time: Date) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
	return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

/** 3 days ago, or 3天前. */
export function formatAgo(time: string | Date, now: Date = new Date()): string {
	const seconds = (new Date(time).getTime() - now.getTime()) / 1000;
	if (Math.abs(seconds) < 60) return m.time_now();
	for (const [unit, length] of SPANS) {
		if (Math.abs(seconds) < length) continue;
		const count = unit === 'day' ? daysBetween(now, new Date(time)) : Math.trunc(seconds / length);
		return spans().format(count, unit);
	}
	return m.time_now();
}

/** How long something takes: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	const part = (value: number, unit: 'hour' | 'minute' | 'second') =>
		new Intl.NumberFormat(tag(), { style: 'unit', unit, unitDisplay: 'short' }).format(value);
	if (whole < 60) return part(whole, 'second');
	if (whole < 3_600) return `${part(Math.floor(whole / 60), 'minute')} ${part(whole % 60, 'second')}`;
	return `${part(Math.floor(whole / 3_600), 'hour')} ${part(Math.floor((whole % 3_600) / 60), 'minute')}`;
}
