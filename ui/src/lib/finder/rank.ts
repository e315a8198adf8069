import fuzzysort from 'fuzzysort';

/** A file that matches, with the places in its path that matched. */
export interface FoundFile {
	path: string;
	marks: ReadonlySet<number>;
}

interface Candidate {
	path: string;
	name: string;
}

/** The files of a repository, ready to be searched at every key press. */
export class FileIndex {
	readonly #candidates: Candidate[];

	constructor(paths: string[]) {
		this.#candidates = paths.map((path) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) }));
	}

	get size(): number {
		return this.#candidates.length;
	}

	/** The best matches first. A match in the name counts more than one that is spread over the folders. */
	find(query: string, limit: number): FoundFile[] {
		const wanted = query.trim();
		if (wanted === '') {
			return this.#candidates.slice(0, limit).map(({ path }) => ({ path, marks: new Set<number>() }));
		}
		const results = fuzzysort.go(wanted, this.#candidates, {
			keys: ['name', 'path'],
			limit,
			threshold: 0.2,
			scoreFn: (result) => Math.max((result[0]?.score ?? 0) * NAME_WEIGHT, result[1]?.score ?? 0)
		});
		return results.map((result) => {
			const { path, name } = result.obj;
			const inName = result[0];
			const marks =
				inName && inName.score > 0
					? inName.indexes.map((index) => index + path.length - name.length)
					: (result[1]?.indexes ?? []);
			return { path, marks: new Set(marks) };
		});
	}
}

const NAME_WEIGHT = 1.25;
