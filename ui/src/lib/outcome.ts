import { Problem } from './api/problem';
import { Fault } from './formats/fault';

/** What came of reading a file: its value, or why the file cannot be read. Failures of the hub are thrown. */
export type Outcome<T> = { value: T; fault?: undefined } | { fault: Fault };

/** Reads a file. What a parser throws about the file is told as its fault. */
export async function attempt<T>(read: () => Promise<T>, signal: AbortSignal): Promise<Outcome<T>> {
	try {
		return { value: await read() };
	} catch (thrown) {
		if (signal.aborted) throw thrown;
		const problem = problemIn(thrown);
		if (problem !== undefined) throw problem;
		return { fault: thrown instanceof Fault ? thrown : new Fault('unreadable') };
	}
}

/** A problem of the hub, also inside of what a library has wrapped around it. */
function problemIn(thrown: unknown): Problem | undefined {
	if (thrown instanceof Problem) return thrown;
	if (thrown instanceof AggregateError) return thrown.errors.map(problemIn).find((one) => one !== undefined);
	return thrown instanceof Error && thrown.cause !== undefined ? problemIn(thrown.cause) : undefined;
}
