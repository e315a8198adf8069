import { Problem } from '$lib/api/problem';
import type { Session, UploadHub } from './hub';
import type { UploadItem } from './item';
import { patiently } from './patience';

/** Requests at a time: enough to fill a line with latency, few enough for a small hub. */
const CHUNKS_IN_FLIGHT = 3;
/** How often a session may turn out to be gone or to miss chunks before the file counts as failed. */
const ROUNDS = 3;

export interface ChunkedContext {
	hub: UploadHub;
	signal: AbortSignal;
	away: (isAway: boolean) => void;
	changed: () => void;
	/** A session was begun for the item, or is gone. */
	remember: (item: UploadItem, session: string) => void;
	forget: (session: string) => void;
}

/** Sends a file in chunks until the hub has verified it. What has arrived before is not sent again. */
export async function sendInChunks(item: UploadItem, context: ChunkedContext): Promise<void> {
	for (let round = 1; ; round += 1) {
		try {
			const session = await open(item, context);
			if (session.status === 'open') {
				await sendMissing(item, session, context);
				await ask(item, context, () => context.hub.assemble(session.session_id, context.signal));
			}
			item.sent = item.file.size;
			return;
		} catch (thrown) {
			if (!isStale(thrown) || round === ROUNDS) throw thrown;
		}
	}
}

/** Whether what is known of the session was out of date, so that asking for its status helps. */
function isStale(thrown: unknown): boolean {
	return thrown instanceof Problem && (thrown.details.missing_count !== undefined || thrown.status === 409);
}

function ask<T>(item: UploadItem, context: ChunkedContext, attempt: () => Promise<T>): Promise<T> {
	return patiently({ signal: context.signal, files: [item.file], away: context.away }, attempt);
}

/** The session of the item: its own while the hub knows it, else a new one. */
async function open(item: UploadItem, context: ChunkedContext): Promise<Session> {
	const { hub, signal } = context;
	const own = item.session;
	if (own !== undefined) {
		try {
			return await ask(item, context, () => hub.status(own, signal));
		} catch (thrown) {
			if (!(thrown instanceof Problem) || thrown.status !== 404) throw thrown;
			context.forget(own);
			item.session = undefined;
		}
	}
	const session = await ask(item, context, () => hub.begin(item.path, item.file.size, signal));
	item.session = session.session_id;
	context.remember(item, session.session_id);
	return session;
}

async function sendMissing(item: UploadItem, session: Session, context: ChunkedContext): Promise<void> {
	const { chunk_size: length, session_id: id } = session;
	const there = new Set(session.uploaded_chunks);
	const numbers = Array.from({ length: session.total_chunks }, (_, index) => index + 1);
	const missing = numbers.filter((number) => !there.has(number));
	const place = (number: number) => item.file.slice((number - 1) * length, number * length);
	let arrived = item.file.size - missing.reduce((sum, number) => sum + place(number).size, 0);
	const flying = new Map<number, number>();
	const count = () => {
		item.sent = arrived + [...flying.values()].reduce((sum, bytes) => sum + bytes, 0);
		context.changed();
	};
	count();

	// The first failure ends the other requests too.
	const ending = new AbortController();
	const end = () => ending.abort(context.signal.reason);
	context.signal.addEventListener('abort', end, { once: true });
	if (context.signal.aborted) end();
	const own = { ...context, signal: ending.signal };
	const lane = async () => {
		for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
			const chunk = number;
			const content = place(chunk);
			const progress = (bytes: number) => {
				flying.set(chunk, Math.min(bytes, content.size));
				count();
			};
			await ask(item, own, () => {
				flying.delete(chunk);
				return context.hub.chunk(id, chunk, content, ending.signal, progress);
			});
			flying.delete(chunk);
			arrived += content.size;
			count();
		}
	};
	try {
		await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, lane));
	} catch (thrown) {
		ending.abort(thrown);
		throw thrown;
	} finally {
		context.signal.removeEventListener('abort', end);
	}
}
