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

/** 12,345 in full, with what stands behind its point. Both languages group by commas, so no formatter is asked. */
export function formatCount(count: number): string {
	const [whole = '', part] = String(count).split('.');
	const grouped = whole.replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',');
	return part === undefined ? grouped : `${grouped}.${part}`;
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

/** 12 Mar, or 3月12日: a day of UTC on an axis. Every chart begins with it, so the browser's tables are not opened for it. */
export function formatDay(day: Date): string {
	const month = m.time_months().split(' ')[day.getUTCMonth()]!;
	return m.time_day({ day: day.getUTCDate(), month });
}

/** Day and time of day in the reader's zone, for tooltips. */
export function formatMoment(time: string | Date): string {
	return moments().format(new Date(time));
}

/** Units from the largest, with their seconds and words: the browser's own words take a slow machine 50 ms to look up. */
const SPANS: [number, (inputs: { count: number }) => string][] = [
	[31_557_600, m.time_years_ago],
	[2_629_800, m.time_months_ago],
	[604_800, m.time_weeks_ago],
	[86_400, m.time_days_ago],
	[3_600, m.time_hours_ago],
	[60, m.time_minutes_ago]
];

/** Days by the calendar of the reader, so that what was said on the 20th is not "yesterday" on the 22nd. */
function daysBetween(from: Date, to: Date): number {
	const midnight = (time: Date) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
	return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

/** 3 days ago, or 3天前. What a wrong clock put into the future is told by its date. */
export function formatAgo(time: string | Date, now: Date = new Date()): string {
	const seconds = (now.getTime() - new Date(time).getTime()) / 1000;
	if (seconds <= -60) return formatDate(time);
	for (const [length, words] of SPANS) {
		if (seconds < length) continue;
		return words({
			count: length === 86_400 ? daysBetween(new Date(time), now) : Math.trunc(seconds / length)
		});
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
