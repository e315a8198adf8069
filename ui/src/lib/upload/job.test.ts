import { Problem } from '$lib/api/problem';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Committed, Session } from './hub';
import { UploadJob } from './job';
import { UploadMemory } from './memory';
import { Unreachable, type Sending, type Transport } from './transport';

const CHUNK = 1024 * 1024;
const MIB = 1024 * 1024;

/** A hub in memory that can go away, forget and refuse. */
class FakeHub implements Transport {
	sessions = new Map<string, Session>();
	commits: string[][] = [];
	isAway = false;
	/** Answers with this as often as it says. */
	refusals: { match: RegExp; problem: Problem }[] = [];
	asked: string[] = [];
	beforeChunk: (number: number) => void = () => {};

	async send({ method, url, body, progress, signal }: Sending): Promise<unknown> {
		await Promise.resolve();
		if (signal.aborted) throw signal.reason;
		if (this.isAway) throw new Unreachable();
		const path = url.replace(/^\/api\/ana\/model\/upload|\?.*$/g, '');
		this.asked.push(`${method} ${path}`);
		const refusal = this.refusals.findIndex(({ match }) => match.test(`${method} ${path}`));
		if (refusal >= 0) throw this.refusals.splice(refusal, 1)[0]!.problem;
		if (path === '/init') return this.#begin(JSON.parse(await body!.text()));
		if (path === '/batch') return this.#commit(await body!.text(), () => progress?.(body!.size));
		const [, id, door, number] = path.split('/');
		const session = this.sessions.get(id!);
		if (session === undefined) throw new Problem(404, { code: 'not_found' });
		if (method === 'DELETE') return void this.sessions.delete(id!);
		if (door === 'chunk') {
			this.beforeChunk(Number(number));
			if (this.isAway) throw new Unreachable();
			session.uploaded_chunks.push(Number(number));
		}
		if (door === 'complete') session.status = 'assembled';
		return { ...session, uploaded_chunks: [...session.uploaded_chunks] };
	}

	#begin({ path, size }: { path: string; size: number }): Session {
		const session_id = `s${this.sessions.size + 1}`;
		const total_chunks = Math.ceil(size / CHUNK);
		const session = {
			session_id,
			path,
			size,
			total_chunks,
			chunk_size: CHUNK,
			uploaded_chunks: [],
			status: 'open'
		};
		this.sessions.set(session_id, session as unknown as Session);
		return { ...session, uploaded_chunks: [] } as unknown as Session;
	}

	#commit(text: string, sent: () => void): Committed {
		sent();
		const plain = [...text.matchAll(/filename\*=UTF-8''(\S+)/g)].map((found) =>
			decodeURIComponent(found[1]!)
		);
		const ids = [...text.matchAll(/name="sessions"\r\n\r\n(\w+)/g)].map((found) => found[1]!);
		this.commits.push([...plain, ...ids.map((id) => this.sessions.get(id)!.path)]);
		return { branch: 'main', changed: true, commit_id: 'c1', files: [] };
	}
}

const target = { id: 'r1', owner: 'ana', name: 'model', repo_type: 'model', branch: 'main' };
const file = (name: string, size: number) => new File([new Uint8Array(size)], name, { lastModified: 7 });

function keptText() {
	const kept = new Map<string, string>();
	return {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value)
	};
}

describe('an upload', () => {
	let hub: FakeHub;
	let memory: UploadMemory;
	const make = (...files: File[]) => {
		const job = new UploadJob(target, hub, memory);
		job.add(files.map((one) => ({ path: one.name, file: one })));
		return job;
	};

	beforeEach(() => {
		hub = new FakeHub();
		memory = new UploadMemory(keptText());
	});

	it('puts large and small files into one commit, and only then says that they are stored', async () => {
		const job = make(file('README.md', 10), file('数据 "a".csv', 20), file('weights.bin', 6 * MIB));
		const states = new Set<string>();
		job.listen(() => states.add(`${job.state}:${job.items[0]!.state}`));
		await job.start();
		expect(hub.commits).toEqual([['README.md', '数据 "a".csv', 'weights.bin']]);
		expect(job.state).toBe('committed');
		expect(job.committed?.commit_id).toBe('c1');
		expect(job.items.map((item) => item.state)).toEqual(['stored', 'stored', 'stored']);
		expect([...states].filter((state) => state.endsWith('stored'))).toEqual(['committed:stored']);
		expect(memory.all()).toEqual([]);
	});

	it('waits for a hub that went away and goes on without sending anything twice', async () => {
		vi.useFakeTimers();
		const job = make(file('weights.bin', 6 * MIB));
		hub.beforeChunk = (number) => {
			if (number === 4) hub.isAway = true;
		};
		const ended = job.start();
		await vi.advanceTimersByTimeAsync(60_000);
		expect([job.state, job.away]).toEqual(['sending', true]);
		hub.beforeChunk = () => {};
		hub.isAway = false;
		await vi.advanceTimersByTimeAsync(20_000);
		await ended;
		vi.useRealTimers();
		expect(job.state).toBe('committed');
		const sent = [...hub.sessions.values()][0]!.uploaded_chunks;
		expect([...sent].sort()).toEqual([1, 2, 3, 4, 5, 6]);
	});

	it('sends only what is missing after a reload, when the same file is chosen again', async () => {
		const first = make(file('weights.bin', 6 * MIB));
		hub.beforeChunk = (number) => {
			if (number === 5) first.pause();
		};
		await first.start();
		const before = [...hub.sessions.values()][0]!.uploaded_chunks.length;
		hub.beforeChunk = () => {};
		hub.asked = [];
		const again = make(file('weights.bin', 6 * MIB));
		expect(again.matchEarlier()).toBe(1);
		await again.start();
		expect(hub.asked.filter((asked) => asked.includes('/chunk/')).length).toBe(6 - before);
		expect(hub.asked).not.toContain('POST /init');
		expect(again.state).toBe('committed');
	});

	it('begins anew when the hub has forgotten the session', async () => {
		const job = make(file('weights.bin', 5 * MIB));
		memory.remember({
			session: 'gone',
			repository: 'r1',
			branch: 'main',
			path: 'weights.bin',
			size: 5 * MIB,
			lastModified: 7
		});
		await job.start();
		expect(hub.asked.slice(0, 2)).toEqual(['GET /gone/status', 'POST /init']);
		expect(job.state).toBe('committed');
	});

	it('pauses between chunks and goes on where it was', async () => {
		const job = make(file('weights.bin', 6 * MIB));
		hub.beforeChunk = (number) => {
			if (number === 2) job.pause();
		};
		await job.start();
		expect(job.state).toBe('paused');
		hub.beforeChunk = () => {};
		await job.start();
		expect(job.state).toBe('committed');
	});

	it('commits nothing while a file is refused, and can leave it out or try it again', async () => {
		const job = make(file('a.bin', 5 * MIB), file('b.bin', 5 * MIB));
		hub.refusals = [{ match: /init/, problem: new Problem(422, { error: 'No.' }) }];
		await job.start();
		expect(job.state).toBe('failed');
		expect(job.failed.map((item) => item.path)).toEqual(['a.bin']);
		expect(hub.commits).toEqual([]);
		await job.start();
		expect(hub.commits).toEqual([['a.bin', 'b.bin']]);
	});

	it('stops as a whole when the disk of the hub is full', async () => {
		const job = make(file('a.bin', 5 * MIB), file('b.bin', 5 * MIB));
		hub.refusals = [{ match: /init/, problem: new Problem(507, { code: 'storage_full' }) }];
		await job.start();
		expect(job.state).toBe('failed');
		expect(job.problem?.code).toBe('storage_full');
		expect(hub.asked.length).toBe(1);
	});

	it('frees what the hub holds when it is cancelled', async () => {
		const job = make(file('weights.bin', 6 * MIB));
		hub.beforeChunk = (number) => {
			if (number === 3) void job.cancel();
		};
		await job.start();
		await Promise.resolve();
		expect(job.state).toBe('cancelled');
		expect(hub.sessions.size).toBe(0);
		expect(memory.all()).toEqual([]);
		expect(hub.commits).toEqual([]);
	});

	it('tells paths that the hub refuses and paths that two files have', () => {
		const job = make(file('a', 1), file('b', 1), file('c', 1));
		job.rename(2, 'a');
		job.rename(3, '../c');
		expect([...job.faults.entries()]).toEqual([
			[2, 'twice'],
			[3, 'traversal']
		]);
	});
});
