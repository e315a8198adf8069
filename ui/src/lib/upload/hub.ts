import type { Schema } from '$lib/api/client';
import { encodePath, type RepositoryKey } from '$lib/addresses';
import { formBody, type FormFile } from './form';
import type { Transport } from './transport';

export type Session = Schema<'SessionView'>;
export type Committed = Schema<'FileChangesView'>;

/** Where files go. */
export interface Target extends RepositoryKey {
	/** Id of the repository, which a rename keeps. */
	id: string;
	branch: string;
}

type Progress = (sent: number) => void;

/** The hub's doors for uploads to one branch of a repository. All throw what a {@link Transport} throws. */
export class UploadHub {
	#target: Target;
	#transport: Transport;

	constructor(target: Target, transport: Transport) {
		this.#target = target;
		this.#transport = transport;
	}

	#url(rest: string, query: Record<string, string> = {}): string {
		const { owner, name, repo_type } = this.#target;
		return `/api/${encodePath(`${owner}/${name}/upload${rest}`)}?${new URLSearchParams({ repo_type, ...query })}`;
	}

	/** Begins to take a file in chunks. */
	async begin(path: string, size: number, signal: AbortSignal): Promise<Session> {
		const body = new Blob([JSON.stringify({ path, size, branch: this.#target.branch })]);
		const url = this.#url('/init');
		const type = 'application/json';
		return (await this.#transport.send({ method: 'POST', url, body, type, signal })) as Session;
	}

	async status(session: string, signal: AbortSignal): Promise<Session> {
		return (await this.#transport.send({
			method: 'GET',
			url: this.#url(`/${session}/status`),
			signal
		})) as Session;
	}

	async chunk(
		session: string,
		number: number,
		body: Blob,
		signal: AbortSignal,
		progress: Progress
	): Promise<void> {
		const url = this.#url(`/${session}/chunk/${number}`);
		const type = 'application/octet-stream';
		await this.#transport.send({ method: 'POST', url, body, type, signal, progress });
	}

	/** Lets the hub verify a file whose chunks have all arrived. It then waits for the commit. */
	async assemble(session: string, signal: AbortSignal): Promise<Session> {
		const url = this.#url(`/${session}/complete`, { commit: 'false' });
		return (await this.#transport.send({ method: 'POST', url, signal })) as Session;
	}

	/** Frees what a session has stored. */
	async discard(session: string, signal: AbortSignal): Promise<void> {
		await this.#transport.send({ method: 'DELETE', url: this.#url(`/${session}`), signal });
	}

	/** Commits files and assembled sessions as one. Asked again with the same, it answers the same commit. */
	async commit(
		message: string,
		sessions: readonly string[],
		files: FormFile[],
		signal: AbortSignal,
		progress: (sent: number, length: number) => void
	): Promise<Committed> {
		const fields: [string, string][] = [['branch', this.#target.branch]];
		if (message !== '') fields.push(['message', message]);
		for (const session of sessions) fields.push(['sessions', session]);
		const { body, type } = formBody(fields, files);
		const url = this.#url('/batch');
		const send = { method: 'POST' as const, url, body, type, signal };
		return (await this.#transport.send({
			...send,
			progress: (sent) => progress(sent, body.size)
		})) as Committed;
	}
}
