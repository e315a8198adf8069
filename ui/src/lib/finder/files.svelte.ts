import { api, take } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import type { OpenRepository } from '$lib/state/repository.svelte';
import type { FileIndex } from './rank';

/** Files per request, the most that the hub gives. */
const PAGE = 100;
/** More files than this are not fetched for the finder. */
export const MOST_FILES = 20_000;
const AT_ONCE = 4;

/** All paths of a revision, fetched page by page when the finder is first opened; what ranks them comes then, too. */
export class FileNames {
	index = $state.raw<FileIndex>();
	/** Files of the revision; undefined until the first page is here. */
	total = $state<number>();
	loading = $state(false);
	problem = $state.raw<Problem>();
	#key = '';

	/** Fetches the paths unless they are here. */
	async load(repository: OpenRepository, revision: string): Promise<void> {
		const key = `${repository.value.id} ${revision} ${repository.value.last_commit?.id}`;
		if (key === this.#key && this.problem === undefined) return;
		this.#key = key;
		this.index = undefined;
		this.total = undefined;
		this.problem = undefined;
		this.loading = true;
		const { path, query } = repository.parameters;
		const page = (number: number) =>
			take(
				api.GET('/api/{username}/{repo_name}/files', {
					params: { path, query: { ...query, revision, page: number, limit: PAGE } }
				})
			);
		try {
			const [{ FileIndex }, first] = await Promise.all([import('./rank'), page(1)]);
			const paths = first.items.map((item) => item.path);
			const last = Math.ceil(Math.min(first.total, MOST_FILES) / PAGE);
			for (let next = 2; key === this.#key; next += AT_ONCE) {
				this.index = new FileIndex(paths);
				this.total = first.total;
				const numbers = Array.from({ length: AT_ONCE }, (_, offset) => next + offset).filter(
					(number) => number <= last
				);
				if (numbers.length === 0) break;
				for (const { items } of await Promise.all(numbers.map(page))) {
					paths.push(...items.map((item) => item.path));
				}
			}
		} catch (thrown) {
			if (key === this.#key) this.problem = Problem.of(thrown);
		} finally {
			if (key === this.#key) this.loading = false;
		}
	}
}
