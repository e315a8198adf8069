import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const BINARY = resolve(process.env.GEOML_HUB_BINARY ?? '../../target/debug/geoml-hub');

/** A real hub with a data folder of its own. */
export class Hub {
	readonly folder = mkdtempSync(join(tmpdir(), 'geoml-e2e-'));
	readonly #log = `${this.folder}.log`;
	readonly #arguments: string[];
	#process: ChildProcess | undefined;
	#port = 0;
	/** Warnings that a test provokes. */
	readonly expectedWarnings: RegExp[] = [];

	constructor(...options: string[]) {
		this.#arguments = options;
	}

	get address(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	/** Starts it; again on the same port after a stop. */
	async start(): Promise<void> {
		const listen = `127.0.0.1:${this.#port}`;
		const child = spawn(BINARY, ['serve', '--data', this.folder, '--listen', listen, ...this.#arguments], {
			stdio: ['ignore', 'pipe', 'pipe'],
			// Receivers of webhooks stand beside it.
			env: { ...process.env, GEOML_HUB__HOOKS__ALLOWED_PRIVATE_HOSTS: '127.0.0.1' }
		});
		this.#process = child;
		child.stderr!.on('data', (part: Buffer) => appendFileSync(this.#log, part));
		for await (const line of createInterface({ input: child.stdout! })) {
			appendFileSync(this.#log, `${line}\n`);
			const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
			if (found === null) continue;
			this.#port = Number(found[1]);
			child.stdout!.resume();
			return;
		}
		throw new Error(`the hub did not start:\n${readFileSync(this.#log, 'utf8')}`);
	}

	/** Ends it as the operating system would (SIGTERM), or as a power cut would (SIGKILL). */
	async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
		const child = this.#process;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const ended = once(child, 'exit');
		child.kill(signal);
		await ended;
	}

	/** Ends it and asserts a log without surprises and a consistent store. */
	async finish(): Promise<void> {
		await this.stop();
		const surprises = readFileSync(this.#log, 'utf8')
			.split('\n')
			.filter((line) => /"level":"(WARN|ERROR)"|panicked/.test(line))
			.filter((line) => !this.expectedWarnings.some((expected) => expected.test(line)));
		if (surprises.length > 0) throw new Error(`the hub's log has surprises:\n${surprises.join('\n')}`);
		// Fails when `check` finds anything.
		await promisify(execFile)(BINARY, ['check', '--data', this.folder]);
		rmSync(this.folder, { recursive: true });
		rmSync(this.#log);
	}

	/** Calls the API; answers the body, and throws when the hub refuses. */
	async call(method: string, path: string, body?: unknown, token?: string): Promise<any> {
		const headers: Record<string, string> = {};
		if (body !== undefined && !(body instanceof FormData)) headers['content-type'] = 'application/json';
		if (token !== undefined) headers.authorization = `Bearer ${token}`;
		const response = await fetch(this.address + path, {
			method,
			headers,
			body: body === undefined || body instanceof FormData ? (body as FormData) : JSON.stringify(body)
		});
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return text === '' ? undefined : JSON.parse(text);
	}

	/** Makes an account and answers what a browser keeps of its session. */
	async account(username: string, password = PASSWORD): Promise<Session> {
		await this.call('POST', '/api/auth/register', { username, email: `${username}@lab.example`, password });
		return this.login(username, password);
	}

	async login(username: string, password = PASSWORD): Promise<Session> {
		const grant = await this.call('POST', '/api/auth/login', { username, password });
		return {
			access: grant.access_token,
			refresh: grant.refresh_token,
			expiresAt: Date.now() + grant.expires_in * 1000
		};
	}

	/** Adds files to a repository as one commit. */
	async upload(repository: string, files: Record<string, string | Uint8Array>, token: string): Promise<any> {
		const form = new FormData();
		for (const [path, content] of Object.entries(files)) form.append('files', new Blob([content as BlobPart]), path);
		return this.call('POST', `/api/${repository}/upload/batch`, form, token);
	}
}

export const PASSWORD = 'strata and faults';

export interface Session {
	access: string;
	refresh: string;
	expiresAt: number;
}
