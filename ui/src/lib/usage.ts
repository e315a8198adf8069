import type { Schema } from '$lib/api/client';

/** Figures of days side by side, as a chart takes them. */
export interface DailyUsage {
	/** Beginning of each day in seconds since 1970, UTC. */
	days: number[];
	views: number[];
	downloads: number[];
}

const DAY_SECONDS = 86_400;

/** Every day of a span that ends today; days on which nothing was counted are zero. */
export function dailyUsage(counted: Schema<'DayView'>[], length: number, today: Date): DailyUsage {
	const byDay = new Map(counted.map((day) => [day.day, day]));
	const last = Math.floor(today.getTime() / 1000 / DAY_SECONDS) * DAY_SECONDS;
	const days = Array.from({ length }, (_, index) => last - (length - 1 - index) * DAY_SECONDS);
	const of = (seconds: number) => byDay.get(new Date(seconds * 1000).toISOString().slice(0, 10));
	return {
		days,
		views: days.map((day) => of(day)?.views ?? 0),
		downloads: days.map((day) => of(day)?.downloads ?? 0)
	};
}

/** Most lines of a grid above the one of zero. */
const GRID_LINES = 3;

/** Distance of the lines of a grid, in whole round numbers, and its topmost line, which no value exceeds. */
export function scaleOf(most: number): { step: number; top: number } {
	const wanted = Math.max(most, GRID_LINES) / GRID_LINES;
	const power = 10 ** Math.floor(Math.log10(wanted));
	const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= wanted)!;
	return { step, top: Math.max(1, Math.ceil(most / step)) * step };
}
