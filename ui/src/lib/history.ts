/** Things that happened on one day, in the reader's zone. */
export interface DayGroup<T> {
	/** The day as `2026-03-12`. */
	day: string;
	/** A moment of the day, to name it. */
	time: string;
	items: T[];
}

function dayOf(time: string): string {
	const date = new Date(time);
	const pad = (value: number) => String(value).padStart(2, '0');
	return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Neighbours of the same day, in the order given. A day may come twice when a history is not in order of time. */
export function byDay<T>(items: T[], timeOf: (item: T) => string): DayGroup<T>[] {
	const groups: DayGroup<T>[] = [];
	for (const item of items) {
		const time = timeOf(item);
		const day = dayOf(time);
		const last = groups.at(-1);
		if (last?.day === day) last.items.push(item);
		else groups.push({ day, time, items: [item] });
	}
	return groups;
}
