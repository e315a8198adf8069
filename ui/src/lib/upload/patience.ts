import { Unreachable } from './transport';

const DELAYS_MILLISECONDS = [500, 1_000, 2_000, 4_000, 8_000];

/** A file cannot be read any more: it was moved, deleted or changed since it was chosen. */
export class UnreadableFile extends Error {
	readonly file: Blob;

	constructor(file: Blob) {
		super('The file cannot be read.');
		this.file = file;
	}
}

/** Waits, unless the signal ends the wait by throwing its reason. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason as Error);
		const end = () => {
			clearTimeout(timer);
			reject(signal.reason as Error);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener('abort', end);
			resolve();
		}, milliseconds);
		signal.addEventListener('abort', end, { once: true });
	});
}

/** A request that fails because its file is gone looks like a broken network; reading a byte tells them apart. */
async function expectReadable(files: readonly Blob[]): Promise<void> {
	for (const file of files) {
		try {
			await file.slice(0, 1).arrayBuffer();
		} catch {
			throw new UnreadableFile(file);
		}
	}
}

export interface Waiting {
	signal: AbortSignal;
	/** Files that the attempt reads. */
	files: readonly Blob[];
	/** Called with true when the hub does not answer, and with false when it does. */
	away: (isAway: boolean) => void;
}

/** Makes an attempt until the hub answers it, however long that takes. */
export async function patiently<T>(waiting: Waiting, attempt: () => Promise<T>): Promise<T> {
	for (let failures = 0; ; failures += 1) {
		try {
			const answer = await attempt();
			waiting.away(false);
			return answer;
		} catch (thrown) {
			if (!(thrown instanceof Unreachable)) throw thrown;
			await expectReadable(waiting.files);
			waiting.away(true);
			const own = DELAYS_MILLISECONDS[Math.min(failures, DELAYS_MILLISECONDS.length - 1)]!;
			await pause(Math.max(own, (thrown.after ?? 0) * 1000), waiting.signal);
		}
	}
}
