import { repositoryTypeOf, type RepositoryKey } from '$lib/addresses';
import { api, take, type Schema } from '$lib/api/client';
import { earlyOr, first } from '$lib/api/early';
import { getContext, setContext } from 'svelte';
import { Resource } from './resource.svelte';
import { session } from './session.svelte';

export type Repository = Schema<'RepositoryDetail'>;

/** Where a repository page is: the parts of its address. */
export interface RepositoryPlace {
	family: string | undefined;
	owner: string;
	name: string;
}

const KEY = Symbol('repository');

/** The repository whose pages are shown, kept by their layout. */
export class OpenRepository {
	readonly resource: Resource<Repository>;
	/** Where the reader stands with a gated repository; nothing where nobody has to ask. */
	readonly access: Resource<Schema<'MyAccessView'> | null>;

	/** `place` is read as state: another address loads another repository. */
	constructor(place: () => RepositoryPlace) {
		this.resource = new Resource((signal) => {
			const { family, owner, name } = place();
			// Who asks changes the answer: private repositories, whether it is starred.
			void session.user?.id;
			const query = { repo_type: repositoryTypeOf(family) };
			const path = { username: owner, repo_name: name };
			return earlyOr(first.repository(owner, name, query.repo_type), () =>
				take(api.GET('/api/{username}/{repo_name}', { params: { path, query }, signal }))
			);
		});
		this.access = new Resource(async (signal) => {
			void session.user?.id;
			if (!this.asksForAccess) return null;
			const params = this.gitParameters;
			return await take(api.GET('/api/v1/repos/{owner}/{repo}/access', { params, signal }));
		});
	}

	/** Whether it is gated and the reader is not one of those who work on it. */
	get asksForAccess(): boolean {
		return this.resource.value !== undefined && this.value.gating !== 'none' && !this.mayWrite;
	}

	/** Whether its content is refused to the reader, who has yet to be let in. */
	get isShut(): boolean {
		return this.asksForAccess && this.access.value?.granted !== true;
	}

	/** The repository; pages below the layout are drawn only when it is there. */
	get value(): Repository {
		return this.resource.value!;
	}

	/** What its addresses are made of. */
	get key(): RepositoryKey {
		const { owner, name, repo_type } = this.value;
		return { owner, name, repo_type };
	}

	/** `params` of API calls about it. */
	get parameters() {
		const { owner, name, repo_type } = this.value;
		return { path: { username: owner, repo_name: name }, query: { repo_type } };
	}

	/** `params` of calls of the addresses for programs, `/api/v1/repos`. */
	get gitParameters() {
		const { owner, name, repo_type } = this.value;
		return { path: { owner, repo: name }, query: { repo_type } };
	}

	/** Whether the signed-in user may commit to it. The hub decides; this and the next only choose what is offered. */
	get mayWrite(): boolean {
		return this.value.permission === 'write' || this.mayAdminister;
	}

	/** Whether the signed-in user may change its settings. */
	get mayAdminister(): boolean {
		return this.value.permission === 'admin';
	}

	/** Shows a changed repository at once, after the hub has answered. */
	replace(change: Partial<Repository>): void {
		this.resource.value = { ...this.value, ...change };
	}

	reload(): void {
		this.resource.reload();
	}
}

export function provideRepository(repository: OpenRepository): void {
	setContext(KEY, repository);
}

/** The repository of the page around this component. */
export function openRepository(): OpenRepository {
	return getContext<OpenRepository>(KEY);
}

/** The same where there may be none. */
export function surroundingRepository(): OpenRepository | undefined {
	return getContext<OpenRepository | undefined>(KEY);
}
