import { accessToken } from '$lib/api/client';
import { Problem } from '$lib/api/problem';

/** The hub does not answer: the network is away, the hub is being started again, or what stands before it says so. */
export class Unreachable extends Error {
	/** Seconds after which the hub asked to try again. */
	readonly after: number | undefined;

	constructor(after?: number) {
		super('The hub does not answer.');
		this.after = after;
	}
}

export interface Sending {
	method: 'GET' | 'POST' | 'DELETE';
	url: string;
	body?: Blob;
	/** Media type of the body. */
	type?: string;
	signal: AbortSignal;
	/** Bytes of the body that have left, as far as the browser knows. */
	progress?: (sent: number) => void;
}

/** Sends requests in the name of the signed-in user. */
export interface Transport {
	/** The body of the answer. Throws {@link Unreachable}, a `Problem`, or the signal's reason. */
	send(sending: Sending): Promise<unknown>;
}

interface Reply {
	status: number;
	text: string;
	retryAfter: number | undefined;
}

/** By `XMLHttpRequest`, which alone tells how much of a body has left. */
export const browserTransport: Transport = {
	async send(sending) {
		const token = await tokenOrUnreachable();
		let reply = await exchange(sending, token);
		if (reply.status === 401 && token !== null) {
			reply = await exchange(sending, await tokenOrUnreachable(token));
		}
		return readReply(reply);
	}
};

async function tokenOrUnreachable(refused?: string): Promise<string | null> {
	try {
		return await accessToken(refused);
	} catch {
		throw new Unreachable();
	}
}

/** What a reply means. A failure without the hub's error body comes from a proxy while the hub is away. */
export function readReply({ status, text, retryAfter }: Reply): unknown {
	let body: unknown;
	try {
		body = text === '' ? undefined : JSON.parse(text);
	} catch {
		body = undefined;
	}
	if (status >= 200 && status < 300) return body;
	const problem = new Problem(status, (body as object | undefined) ?? {});
	const isAway = status === 502 || status === 503 || status === 504 || status === 429;
	if (isAway || (status >= 500 && body === undefined)) throw new Unreachable(retryAfter);
	throw problem;
}

function exchange(sending: Sending, token: string | null): Promise<Reply> {
	return new Promise((resolve, reject) => {
		const { method, url, body, type, signal, progress } = sending;
		if (signal.aborted) return reject(signal.reason as Error);
		const request = new XMLHttpRequest();
		request.open(method, url);
		if (token !== null) request.setRequestHeader('authorization', `Bearer ${token}`);
		if (type !== undefined) request.setRequestHeader('content-type', type);
		const abort = () => request.abort();
		signal.addEventListener('abort', abort, { once: true });
		request.upload.onprogress = (event) => progress?.(event.loaded);
		request.onloadend = () => signal.removeEventListener('abort', abort);
		request.onabort = () => reject(signal.reason as Error);
		request.onerror = () => reject(new Unreachable());
		request.onload = () => {
			const after = Number(request.getResponseHeader('retry-after') ?? Number.NaN);
			const retryAfter = Number.isFinite(after) ? after : undefined;
			resolve({ status: request.status, text: request.responseText, retryAfter });
		};
		request.send(body ?? null);
	});
}
