import type { Drawing, drawLand } from './land';

/** What {@link drawLand} draws, worked out beside the page: on a slow machine it takes longer than a press may wait. */
export async function drawLandAside(
	signal: AbortSignal,
	...sheet: Parameters<typeof drawLand>
): Promise<Drawing> {
	const worker = new Worker(new URL('./land.worker.ts', import.meta.url), { type: 'module' });
	try {
		return await new Promise<Drawing>((resolve, reject) => {
			worker.onmessage = ({ data }: MessageEvent<Drawing>) => resolve(data);
			worker.onerror = () => reject(new Error('the outlines of land could not be drawn'));
			signal.addEventListener('abort', () => reject(signal.reason as Error));
			worker.postMessage(sheet);
		});
	} finally {
		worker.terminate();
	}
}
