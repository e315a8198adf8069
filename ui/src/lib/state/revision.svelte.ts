import { api, take } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { isCommitId } from '$lib/paths';
import type { RevisionKind } from '$lib/references';
import type { OpenRepository } from './repository.svelte';

/** Whether the revision of an address is a branch, a tag or a commit. */
export class OpenRevision {
	#asked = $state.raw<{ name: string; kind: RevisionKind }>();
	readonly #repository: OpenRepository;
	readonly #name: () => string;

	/** Call while a component is set up. `name` is read as state. */
	constructor(repository: OpenRepository, name: () => string) {
		this.#repository = repository;
		this.#name = name;
		$effect(() => {
			const wanted = name();
			if (this.#evident(wanted) !== undefined) return;
			const controller = new AbortController();
			void this.#ask(wanted, controller.signal);
			return () => controller.abort();
		});
	}

	/** Undefined while it is not known. */
	get kind(): RevisionKind | undefined {
		const name = this.#name();
		return this.#evident(name) ?? (this.#asked?.name === name ? this.#asked.kind : undefined);
	}

	#evident(name: string): RevisionKind | undefined {
		if (isCommitId(name)) return 'commit';
		return name === this.#repository.value.default_branch ? 'branch' : undefined;
	}

	async #ask(name: string, signal: AbortSignal): Promise<void> {
		const { path, query } = this.#repository.gitParameters;
		const params = { path: { ...path, branch: name }, query };
		try {
			await take(api.GET('/api/v1/repos/{owner}/{repo}/branches/{branch}', { params, signal }));
			this.#asked = { name, kind: 'branch' };
		} catch (thrown) {
			if (Problem.of(thrown).status === 404) this.#asked = { name, kind: 'tag' };
		}
	}
}
