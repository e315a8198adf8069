const WINDOW_MILLISECONDS = 10_000;

/** How fast bytes go, over the last ten seconds. */
export class Rate {
	#marks: { time: number; bytes: number }[] = [];

	/** Notes that `bytes` have been sent in all at `time`, in milliseconds. */
	note(bytes: number, time: number): void {
		const last = this.#marks.at(-1);
		// Bytes are taken back when a connection breaks; then the measure begins anew.
		if (last !== undefined && bytes < last.bytes) this.#marks = [];
		this.#marks.push({ time, bytes });
		while (this.#marks.length > 2 && time - this.#marks[0]!.time > WINDOW_MILLISECONDS) this.#marks.shift();
	}

	/** Forgets all, after a pause. */
	restart(): void {
		this.#marks = [];
	}

	/** Bytes a second; nothing until there is enough to tell. */
	get bytesPerSecond(): number | undefined {
		const [first, last] = [this.#marks[0], this.#marks.at(-1)];
		if (first === undefined || last === undefined || last.time - first.time < 500) return undefined;
		return ((last.bytes - first.bytes) * 1000) / (last.time - first.time);
	}

	/** Seconds that `bytes` more will take. */
	secondsFor(bytes: number): number | undefined {
		const rate = this.bytesPerSecond;
		return rate === undefined || rate <= 0 ? undefined : bytes / rate;
	}
}
