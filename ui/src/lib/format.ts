import { m } from '$messages';
import { getLocale } from '$paraglide/runtime';

/** The language tag for formatting. Chinese numbers and dates follow the mainland's conventions. */
function tag(): string {
	return getLocale() === 'zh' ? 'zh-CN' : 'en-GB';
}

/** 12,345 in full. */
export function formatCount(count: number): string {
	return new Intl.NumberFormat(tag()).format(count);
}

/** 12.3k or 1.2万: for figures beside an icon, never for ones that are compared. */
export function formatShortCount(count: number): string {
	return new Intl.NumberFormat(tag(), { notation: 'compact', maximumFractionDigits: 1 }).format(count);
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
	const figure = { minimumFractionDigits: digits, maximumFractionDigits: digits };
	return `${new Intl.NumberFormat(tag(), figure).format(value)} ${UNITS[unit]}`;
}

/** A fraction of one as a percentage: `42 %`. */
export function formatPercent(fraction: number): string {
	return new Intl.NumberFormat(tag(), { style: 'percent', maximumFractionDigits: 0 }).format(fraction);
}

/** 12 March 2026, or 2026年3月12日. */
export function formatDate(time: string | Date): string {
	return new Intl.DateTimeFormat(tag(), { dateStyle: 'long' }).format(new Date(time));
}

/** Day and time of day in the reader's zone, for tooltips. */
export function formatMoment(time: string | Date): string {
	return new Intl.DateTimeFormat(tag(), { dateStyle: 'long', timeStyle: 'medium' }).format(new Date(time));
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
	const relative = new Intl.RelativeTimeFormat(tag(), { numeric: 'auto' });
	for (const [unit, length] of SPANS) {
		if (Math.abs(seconds) < length) continue;
		const count = unit === 'day' ? daysBetween(now, new Date(time)) : Math.trunc(seconds / length);
		return relative.format(count, unit);
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
