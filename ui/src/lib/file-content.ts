import { downloadAddress, type RepositoryKey } from './addresses';
import { api, authorizedFetch, take, type Schema } from './api/client';
import { Problem } from './api/problem';

/** The content of one file at one commit, fetched in pieces in the name of who is signed in. */
export class FileContent {
	constructor(
		private readonly repository: RepositoryKey,
		readonly file: Schema<'BlobView'>,
		private readonly isPrivate: boolean
	) {}

	get size(): number {
		return this.file.size;
	}

	/** At most `length` bytes from `start` on; fewer at the end. Throws a {@link Problem}. */
	async range(start: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
		const end = Math.min(start + length, this.size);
		if (end <= start) return new Uint8Array();
		const response = await this.send({ range: `bytes=${start}-${end - 1}` }, signal);
		const bytes = new Uint8Array(await response.arrayBuffer());
		// A proxy between may drop the range and send everything.
		return response.status === 206 ? bytes : bytes.subarray(start, end);
	}

	/** Sends a request for the content with these headers. Throws a {@link Problem} unless it succeeds. */
	async send(headers: HeadersInit, signal?: AbortSignal): Promise<Response> {
		const address = downloadAddress(this.repository, this.file.commit_id, this.file.path);
		let response: Response;
		try {
			response = await authorizedFetch(new Request(new URL(address, location.href), { headers, signal }));
		} catch (thrown) {
			throw thrown instanceof TypeError ? Problem.of(thrown) : thrown;
		}
		if (!response.ok) throw await Problem.from(response);
		return response;
	}

	/** The whole content. */
	whole(signal?: AbortSignal): Promise<Uint8Array> {
		return this.range(0, this.size, signal);
	}

	/** Where a browser loads another file of the same commit; nothing in private repositories, where it needs a signature. */
	siblingAddress(path: string): string | undefined {
		if (this.isPrivate) return undefined;
		return `${downloadAddress(this.repository, this.file.commit_id, path)}&inline=true`;
	}

	/** Where a browser loads the content by itself, without a token; for private files it works for some minutes. */
	async address(inline: boolean): Promise<string> {
		const { owner, name, repo_type } = this.repository;
		if (!this.isPrivate) {
			const address = downloadAddress(this.repository, this.file.commit_id, this.file.path);
			return inline ? `${address}&inline=true` : address;
		}
		const call = {
			params: { path: { username: owner, repo_name: name }, query: { repo_type } },
			body: { path: this.file.path, revision: this.file.commit_id, inline }
		};
		return (await take(api.POST('/api/{username}/{repo_name}/sign', call))).url;
	}
}
