import { Problem } from '$lib/api/problem';
import { sendInChunks } from './chunks';
import type { Chosen } from './collect';
import { UploadHub, type Committed, type Target } from './hub';
import { faultsOf, type ItemFault, type UploadItem } from './item';
import type { UploadMemory } from './memory';
import { patiently, UnreadableFile } from './patience';
import { plan } from './plan';
import { Rate } from './rate';
import type { Transport } from './transport';

/**
 * `draft`: files are chosen. `committing`: all bytes are at the hub, which makes the commit; nothing can be stopped then.
 * `failed`: some files or all were refused, and trying again or leaving them out goes on.
 */
export type JobState = 'draft' | 'sending' | 'paused' | 'failed' | 'committing' | 'committed' | 'cancelled';

class Stopped extends Error {}

/** Files on their way into one commit. */
export class UploadJob {
	readonly target: Target;
	state: JobState = 'draft';
	/** The hub does not answer at the moment; the upload goes on by itself when it does. */
	away = false;
	items: UploadItem[] = [];
	message = '';
	/** What stopped the whole upload rather than one file. */
	problem: Problem | undefined;
	/** The answer of the hub, after which everything is stored. */
	committed: Committed | undefined;
	readonly rate = new Rate();

	#hub: UploadHub;
	#memory: UploadMemory;
	#listeners = new Set<() => void>();
	#stop = new AbortController();
	#nextId = 1;

	constructor(target: Target, transport: Transport, memory: UploadMemory) {
		this.target = target;
		this.#hub = new UploadHub(target, transport);
		this.#memory = memory;
	}

	/** Calls back after every change until the returned function is called. */
	listen(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	get total(): number {
		return this.items.reduce((sum, item) => sum + item.file.size, 0);
	}

	get sent(): number {
		return this.items.reduce((sum, item) => sum + item.sent, 0);
	}

	get failed(): UploadItem[] {
		return this.items.filter((item) => item.state === 'failed');
	}

	/** Whether leaving the page would interrupt it. */
	get isUnderWay(): boolean {
		return ['sending', 'paused', 'failed', 'committing'].includes(this.state);
	}

	get faults(): Map<number, ItemFault> {
		return faultsOf(this.items);
	}

	/** Adds files; one with the path of another takes its place. */
	add(chosen: readonly Chosen[]): void {
		const byPath = new Map(this.items.map((item) => [item.path, item]));
		for (const { path, file } of chosen) {
			byPath.set(path, { id: this.#nextId++, path, file, sent: 0, state: 'waiting' });
		}
		this.items = [...byPath.values()];
		this.#changed();
	}

	rename(id: number, path: string): void {
		const item = this.items.find((one) => one.id === id);
		if (item !== undefined) item.path = path.trim().normalize('NFC');
		this.#changed();
	}

	/** Takes files out of a draft, or failed ones out of an upload, and frees what the hub holds of them. */
	remove(ids: readonly number[]): void {
		const gone = this.items.filter((item) => ids.includes(item.id));
		this.items = this.items.filter((item) => !ids.includes(item.id));
		void this.#discard(gone);
		if (this.items.length === 0 && this.state === 'failed') this.state = 'draft';
		this.#changed();
	}

	/** Takes up sessions that hold parts of just these files from before a reload. */
	matchEarlier(): number {
		const { id: repository, branch } = this.target;
		let matched = 0;
		for (const item of this.items) {
			const { size, lastModified } = item.file;
			item.session ??= this.#memory.find({ repository, branch, path: item.path, size, lastModified });
			if (item.session !== undefined) matched += 1;
		}
		return matched;
	}

	/** Starts, goes on after a pause, or tries again what failed. Settles when there is nothing left to do. */
	async start(): Promise<void> {
		if (this.items.length === 0 || !['draft', 'paused', 'failed'].includes(this.state)) return;
		this.matchEarlier();
		this.#stop = new AbortController();
		this.problem = undefined;
		this.rate.restart();
		for (const item of this.items) Object.assign(item, { state: 'waiting', problem: undefined });
		this.#become('sending');
		try {
			await this.#send();
		} catch (thrown) {
			this.#end(thrown);
		}
	}

	pause(): void {
		if (this.state !== 'sending') return;
		this.#become('paused');
		this.#stop.abort(new Stopped());
	}

	/** Ends the upload and frees what the hub holds of it. Nothing of it is stored. */
	async cancel(): Promise<void> {
		if (this.state === 'committing' || this.state === 'committed') return;
		this.#become('cancelled');
		this.#stop.abort(new Stopped());
		await this.#discard(this.items);
	}

	async #send(): Promise<void> {
		const sized = this.items.map((item) => ({ item, size: item.file.size }));
		const { chunked, together } = plan(sized, ({ item }) => item.session !== undefined);
		for (const { item } of chunked) await this.#sendLarge(item);
		if (this.failed.length > 0) return this.#become('failed');
		await this.#commit(
			chunked.map(({ item }) => item),
			together.map(({ item }) => item)
		);
	}

	async #sendLarge(item: UploadItem): Promise<void> {
		item.state = 'sending';
		this.#changed();
		try {
			await sendInChunks(item, {
				hub: this.#hub,
				signal: this.#stop.signal,
				away: (isAway) => this.#setAway(isAway),
				changed: () => this.#moved(),
				remember: (one, session) => this.#remember(one, session),
				forget: (session) => this.#memory.forget([session])
			});
			item.state = 'sent';
		} catch (thrown) {
			if (thrown instanceof Stopped) item.state = 'waiting';
			if (!concernsOneFile(thrown)) throw thrown;
			item.state = 'failed';
			item.problem = thrown instanceof UnreadableFile ? 'unreadable' : Problem.of(thrown);
		}
		this.#changed();
	}

	async #commit(chunked: UploadItem[], together: UploadItem[]): Promise<void> {
		const sessions = chunked.map((item) => item.session!);
		const files = together.map((item) => ({ path: item.path, content: item.file }));
		const size = together.reduce((sum, item) => sum + item.file.size, 0);
		const progress = (sent: number, length: number) => {
			distribute(together, Math.max(0, sent - (length - size)));
			if (sent >= length) this.#become('committing');
			else this.#moved();
		};
		const away = (isAway: boolean) => {
			if (isAway) {
				distribute(together, 0);
				this.#become('sending');
			}
			this.#setAway(isAway);
		};
		const waiting = { signal: this.#stop.signal, files: together.map((item) => item.file), away };
		this.committed = await patiently(waiting, () => {
			if (together.length === 0) this.#become('committing');
			return this.#hub.commit(this.message.trim(), sessions, files, waiting.signal, progress);
		});
		this.#memory.forget(sessions);
		for (const item of this.items) Object.assign(item, { state: 'stored', sent: item.file.size });
		this.#become('committed');
	}

	#end(thrown: unknown): void {
		if (thrown instanceof Stopped) return;
		if (thrown instanceof UnreadableFile) {
			const item = this.items.find((one) => one.file === thrown.file);
			if (item !== undefined) Object.assign(item, { state: 'failed', problem: 'unreadable' });
		} else {
			this.problem = Problem.of(thrown);
		}
		for (const item of this.items) if (item.state === 'sending') item.state = 'waiting';
		this.away = false;
		this.#become('failed');
	}

	#remember(item: UploadItem, session: string): void {
		const { id: repository, branch } = this.target;
		const { size, lastModified } = item.file;
		this.#memory.remember({ session, repository, branch, path: item.path, size, lastModified });
	}

	async #discard(items: readonly UploadItem[]): Promise<void> {
		const sessions = items.map((item) => item.session).filter((session) => session !== undefined);
		this.#memory.forget(sessions);
		const signal = new AbortController().signal;
		// One that cannot be freed now ends by itself after its time.
		await Promise.allSettled(sessions.map((session) => this.#hub.discard(session, signal)));
	}

	#setAway(isAway: boolean): void {
		if (this.away === isAway) return;
		this.away = isAway;
		this.rate.restart();
		this.#changed();
	}

	#moved(): void {
		this.rate.note(this.sent, performance.now());
		this.#changed();
	}

	#become(state: JobState): void {
		// A late answer must not wake what was paused or cancelled.
		if (this.state === 'cancelled' || (this.state === 'paused' && state === 'failed')) return;
		this.state = state;
		this.#changed();
	}

	#changed(): void {
		for (const listener of this.#listeners) listener();
	}
}

/** Whether the next file may fare better: its path or content was refused, not its sender or a full disk. */
function concernsOneFile(thrown: unknown): boolean {
	if (thrown instanceof UnreadableFile) return true;
	return thrown instanceof Problem && [400, 404, 409, 422].includes(thrown.status);
}

/** Bytes of a form, which go file after file. */
function distribute(items: readonly UploadItem[], sent: number): void {
	let left = sent;
	for (const item of items) {
		item.sent = Math.min(item.file.size, left);
		item.state = left <= 0 ? 'waiting' : item.sent < item.file.size ? 'sending' : 'sent';
		left -= item.sent;
	}
}
